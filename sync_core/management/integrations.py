"""Integration keys: made once, shown once, and verified at every call."""

import secrets
import string
from collections.abc import Callable
from datetime import timedelta

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.integrations import Integration
from sync_core.directory.roles import Role
from sync_core.directory.syncs import check_name
from sync_core.management.access import INVALID_SIGNATURE, Actor, Unauthenticated
from sync_core.management.references import has_form
from sync_core.management.signatures import SignedRequest, check_date, credentials, is_signed_with
from sync_core.secrets import SecretBox
from sync_core.storage.integrations import IntegrationRows

SECRET_CHARACTERS = 40
_ALPHABET = string.ascii_letters + string.digits


def new_secret(choice: Callable[[str], str] = secrets.choice) -> str:
    """40 letters and digits: 238 bits."""
    return "".join(choice(_ALPHABET) for _ in range(SECRET_CHARACTERS))


class Integrations:
    def __init__(self, rows: IntegrationRows, box: SecretBox, clock: Clock, *, window: timedelta) -> None:
        """`window`: how far a signed date may be from now."""
        self._rows = rows
        self._box = box
        self._clock = clock
        self._window = window
        self._decoy = b""

    async def create(self, name: str, role: Role) -> tuple[str, str]:
        """A new integration key and its secret, which is not shown again. Raises Rejected for a name that cannot be."""
        ikey, secret = ids.new_integration_key(), new_secret()
        integration = Integration(
            ikey=ikey,
            name=check_name(name),
            role=role,
            sealed_secret=self._box.seal(secret, owner=ikey),
            created_at=self._clock.now(),
        )
        await self._rows.insert(integration)
        return ikey, secret

    async def verify(self, request: SignedRequest) -> Actor:
        """Who signed the request. Raises Unauthenticated; an unknown key and a wrong secret look alike, and take alike."""
        ikey, signature = credentials(request.authorization)
        check_date(request.date, self._clock.now(), self._window)
        integration = await self._rows.get(ikey) if has_form(ikey, "DI") else None
        secret = self._secret(integration)
        if not is_signed_with(request, secret, signature) or integration is None:
            raise Unauthenticated(
                "the integration key is unknown, or the signature is not this request's: check the key, its secret, and that exactly the "
                "method, host, path, query and body that are sent were signed",
                code=INVALID_SIGNATURE,
            )
        return Actor(integration.ikey, integration.name, integration.role)

    def _secret(self, integration: Integration | None) -> str:
        """The key's secret; for an unknown key, one that nobody has, opened in the same way."""
        if integration:
            return self._box.open(integration.sealed_secret, owner=integration.ikey)
        if not self._decoy:
            self._decoy = self._box.seal(new_secret(), owner="")
        return self._box.open(self._decoy, owner="")
