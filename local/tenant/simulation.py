"""A tenant that runs: what changes it, what disturbs it, what it has seen, whom it lets in."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from local.tenant.control import Control
from local.tenant.faults import AnyFault, Faults
from local.tenant.graph import Graph
from local.tenant.model import Tenant
from local.tenant.tokens import Tokens
from local.tenant.wire import RequestLog


class Simulation:
    """`consent_required`: an application gets tokens only after an administrator consented to it; else every application does."""

    def __init__(self, tenant: Tenant, faults: Iterable[AnyFault] = (), *, consent_required: bool = False) -> None:
        self.tenant = tenant
        self.faults = Faults(faults)
        self.requests = RequestLog()
        self.tokens = Tokens(tenant.organization.id)
        self.consents = Consents(required=consent_required)
        self.control = Control(tenant)
        self.graph = Graph(tenant, self.faults, self.requests)


@dataclass
class Consents:
    """The applications (client ids) that the tenant's administrators have let in, and those that they removed."""

    required: bool
    given: set[str] = field(default_factory=set[str])
    revoked: set[str] = field(default_factory=set[str])

    def give(self, client_id: str) -> None:
        self.given.add(client_id)
        self.revoked.discard(client_id)

    def revoke(self, client_id: str) -> None:
        self.given.discard(client_id)
        self.revoked.add(client_id)

    def allow(self, client_id: str) -> bool:
        return client_id in self.given or not (self.required or client_id in self.revoked)
