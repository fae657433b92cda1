"""Integration keys: made once, their secrets shown once, and verified at every call."""

import secrets
import string
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from msgspec.structs import replace

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.events import SYSTEM, Happening
from sync_core.directory.integrations import Grant, Integration, beyond
from sync_core.directory.roles import Role
from sync_core.directory.syncs import check_name
from sync_core.ids import has_form
from sync_core.management.actor import INVALID_KEY, INVALID_SIGNATURE, Actor, Forbidden, Unauthenticated
from sync_core.management.journal import Journal
from sync_core.management.recent import Recent
from sync_core.management.references import unknown
from sync_core.management.signatures import SignedRequest, check_date, credentials, is_signed_with
from sync_core.secrets import SecretBox
from sync_core.storage.integrations import IntegrationRows

SECRET_CHARACTERS = 40
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class NewKey:
    name: str
    role: Role
    grants: Collection[Grant] = ()


def new_secret(choice: Callable[[str], str] = secrets.choice) -> str:
    """40 letters and digits: 238 bits."""
    return "".join(choice(_ALPHABET) for _ in range(SECRET_CHARACTERS))


class Integrations:
    def __init__(
        self, rows: IntegrationRows, box: SecretBox, clock: Clock, journal: Journal, *, window: timedelta, sha1: bool = False
    ) -> None:
        """`window`: how far a signed date may be from now. `sha1`: whether signatures v2 by SHA-1 are accepted."""
        self._rows = rows
        self._box = box
        self._clock = clock
        self._journal = journal
        self._window = window
        self._sha1 = sha1
        self._decoy = b""
        self._recent = Recent[Integration](clock)

    async def create(self, name: str, role: Role, grants: Collection[Grant] = (), *, by: str = SYSTEM) -> tuple[str, str]:
        """A new integration key and its secret, which is not shown again. Raises Rejected for a name that cannot be."""
        ikey, secret = ids.new_integration_key(), new_secret()
        integration = Integration(
            ikey=ikey,
            name=check_name(name),
            role=role,
            grants=tuple(grant for grant in Grant if grant in grants),
            sealed_secret=self._box.seal(secret, owner=ikey),
            created_at=self._clock.now(),
            created_by=by,
        )
        async with self._journal.about(by, Happening.KEY_CREATE, integration.name, ikey, _told(integration)):
            await self._rows.insert(integration)
        return ikey, secret

    async def create_for(self, actor: Actor, new: NewKey) -> tuple[Integration, str]:
        """As `create`, by a caller. Raises Forbidden for a role or a grant beyond the caller's own role (D-34)."""
        _check_within(actor, new.role, new.grants)
        ikey, secret = await self.create(new.name, new.role, new.grants, by=str(actor))
        return await self.get(ikey), secret

    async def all(self) -> list[Integration]:
        """In the order of their integration keys."""
        return await self._rows.all()

    async def get(self, ikey: str) -> Integration:
        """Raises NotFound."""
        return (await self._stored(ikey))[0]

    async def rotate(self, ikey: str, *, by: str = SYSTEM) -> tuple[Integration, str]:
        """The key with a new secret, which is not shown again; the former one ends within 30 seconds, in this process at once.

        Raises NotFound, and Conflict when somebody else is changing it.
        """
        before, etag = await self._stored(ikey)
        secret = new_secret()
        after = replace(before, sealed_secret=self._box.seal(secret, owner=ikey), rotated_at=self._clock.now())
        async with self._journal.about(by, Happening.KEY_UPDATE, before.name, ikey, {"secret": "replaced"}):
            await self._rows.replace(after, etag)
        self._recent.forget(ikey)
        return after, secret

    async def rotate_for(self, actor: Actor, ikey: str) -> tuple[Integration, str]:
        """As `rotate`, by a caller. Raises Forbidden for a key that the caller could not have made (D-34)."""
        _check_over(actor, await self.get(ikey))
        return await self.rotate(ikey, by=str(actor))

    async def revoke(self, ikey: str, *, by: str = SYSTEM) -> None:
        """Ends the key: within 30 seconds, in this process at once. Raises NotFound."""
        before = await self.get(ikey)
        async with self._journal.about(by, Happening.KEY_DELETE, before.name, ikey):
            await self._rows.remove(ikey)
        self._recent.forget(ikey)

    async def revoke_for(self, actor: Actor, ikey: str) -> None:
        """As `revoke`, by a caller. Raises Forbidden for a key that the caller could not have made (D-34)."""
        _check_over(actor, await self.get(ikey))
        await self.revoke(ikey, by=str(actor))

    async def verify(self, request: SignedRequest) -> Actor:
        """Who signed the request. Raises Unauthenticated; an unknown key and a wrong secret look alike, and take alike.

        What does not fit the key as it was read a moment ago, or one that nobody has, is tried against the key as it stands: the same
        two tries and one read for a key that was never there, one that just got a new secret, and a wrong signature.
        """
        ikey, signature = credentials(request.authorization)
        check_date(request.date, self._clock.now(), self._window)
        if not has_form(ikey, "DI"):
            raise Unauthenticated("this is not an integration key: they begin with DI and have 20 characters", code=INVALID_KEY)
        integration = self._signing(self._recent.get(ikey), request, signature)
        if integration is None:
            integration = self._signing(await self._rows.get(ikey), request, signature)
            if integration is None:
                raise Unauthenticated(
                    "the integration key is unknown, or the signature is not this request's: check the key, its secret, and that exactly "
                    "the method, host, path, query and body that are sent were signed",
                    code=INVALID_SIGNATURE,
                )
            self._recent.put(ikey, integration)
        return Actor(integration.ikey, integration.name, integration.role, frozenset(integration.grants))

    async def _stored(self, ikey: str) -> tuple[Integration, str]:
        stored = await self._rows.read(ikey) if has_form(ikey, "DI") else None
        if stored is None:
            raise unknown("integration key", ikey)
        return stored

    def _signing(self, integration: Integration | None, request: SignedRequest, signature: str) -> Integration | None:
        """The key if it signed the request. As much work for a key that is not there."""
        return integration if is_signed_with(request, self._secret(integration), signature, sha1=self._sha1) else None

    def _secret(self, integration: Integration | None) -> str:
        """The key's secret; for an unknown key, one that nobody has, opened in the same way."""
        if integration:
            return self._box.open(integration.sealed_secret, owner=integration.ikey)
        if not self._decoy:
            self._decoy = self._box.seal(new_secret(), owner="")
        return self._box.open(self._decoy, owner="")


def _told(integration: Integration) -> dict[str, str]:
    return {"role": integration.role.value, "grants": ", ".join(integration.grants)}


def _check_over(actor: Actor, integration: Integration) -> None:
    """A key's role and grants never change, so what is true of it stays true."""
    _check_within(actor, integration.role, integration.grants)


def _check_within(actor: Actor, role: Role, grants: Collection[Grant]) -> None:
    if reason := beyond(actor.role, role, grants):
        raise Forbidden(f"{actor} may not manage a key with {reason}")
