"""Who acts, and whether it may: every call has one actor (D-34)."""

from dataclasses import dataclass

from sync_core.directory.integrations import Grant
from sync_core.directory.roles import Action, Role, may
from sync_core.errors import SyncError

MISSING_CREDENTIALS = 40101
INVALID_KEY = 40102
INVALID_SIGNATURE = 40103
INVALID_DATE = 40104
STALE_DATE = 40105


class Unauthenticated(SyncError):
    """The call is not signed as it should be. `code` is the Duo-compatible one (admin-api.md §1)."""

    def __init__(self, reason: str, *, code: int) -> None:
        super().__init__(reason)
        self.code = code


class Forbidden(SyncError):
    """The actor is known, and its role or its grants do not allow this."""


@dataclass(frozen=True, slots=True)
class Actor:
    key: str
    """The integration key that signed the call."""
    name: str
    role: Role
    grants: frozenset[Grant] = frozenset()

    def __str__(self) -> str:
        """As a run, a log event and a person name it."""
        return f"{self.name} ({self.key})"

    def must(self, action: Action) -> None:
        """Raises Forbidden when its role may not do this."""
        if not may(self.role, action):
            allowed = ", ".join(role for role in Role if may(role, action))
            raise Forbidden(f"the role {self.role} of {self} may not {action}; this needs one of: {allowed}")

    def must_hold(self, grant: Grant) -> None:
        """Raises Forbidden when its key has not this grant of the Admin API."""
        if grant not in self.grants:
            raise Forbidden(f'{self} has not the grant "{grant}"')
