"""Connections made through Microsoft's admin consent, in a browser (B-022, B-026, B-130..B-132).

A caller begins it and hands over an address; whoever opens that is sent to Entra, and comes back with an answer that is believed only
for the state it was given, in the browser that was asked, once. The tenant that it names is believed only when a token obtained for it
reads that tenant's organization.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from msgspec.structs import replace

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.authorizations import OVER, Authorization, Stage, check_answer, check_browser, check_opening, digest
from sync_core.directory.syncs import Connection, check_name
from sync_core.entra.consent import consent_url, read_answer
from sync_core.errors import Conflict, Misconfigured, NotFound, Rejected
from sync_core.ids import has_form
from sync_core.management.references import unknown
from sync_core.storage.authorizations import AuthorizationRows

CALLBACK = "/connect/callback"
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Site:
    """Where this deployment is reached by browsers, and as whom it asks."""

    public_url: str
    authority: str
    client_id: str
    hosts: tuple[str, ...] = ()
    """Host names, besides that of `public_url`, that a gateway on the way may put into requests."""

    def check_host(self, host: str) -> None:
        """Raises Rejected for a page asked for under the name of another site, whoever made that lead here."""
        if host.lower() not in {urlsplit(self.public_url).hostname, *self.hosts}:
            raise Rejected("these pages are not served under this name: open the address as it was given")

    def check(self) -> None:
        """Raises Misconfigured when nobody could come back, or nobody asks."""
        if not self.public_url:
            raise Misconfigured("browsers cannot come back here: set PUBLIC_URL to the https address of this deployment")
        if not self.client_id:
            raise Misconfigured("there is no application to consent to: set ENTRA_CLIENT_ID")


class Connecting(Protocol):
    """What makes connections (management/connections.py)."""

    async def get(self, connection_id: str) -> Connection: ...

    async def create(self, tenant_id: str, name: str = "", *, by: str, connection_id: str = "") -> Connection: ...

    async def reauthorized(self, connection_id: str, tenant_id: str, *, by: str, may_move: bool) -> Connection: ...


class Consents:
    def __init__(self, rows: AuthorizationRows, connections: Connecting, site: Site, clock: Clock) -> None:
        self._rows = rows
        self._connections = connections
        self._site = site
        self._clock = clock

    @property
    def site(self) -> Site:
        return self._site

    async def begin(self, *, by: str, name: str = "", connection_id: str = "", may_move: bool = False) -> tuple[Authorization, str]:
        """A consent to ask for, and the address to open in the administrator's browser: told this once.

        `connection_id`: the connection to authorize again, "" to make one. Raises Rejected, NotFound, Misconfigured.
        """
        self._site.check()
        if connection_id:
            await self._connections.get(connection_id)
        now, ticket = self._clock.now(), _secret()
        begun = Authorization(
            authorization_id=ids.new_authorization_id(),
            by=by,
            name=check_name(name) if name else "",
            connection_id=connection_id or ids.new_connection_id(),
            begun_at=now,
            ticket=digest(ticket),
            renews=bool(connection_id),
            may_move=may_move,
        )
        await self._rows.drop_old(now)
        await self._rows.insert(begun)
        return begun, f"{self._site.public_url}/connect/{begun.authorization_id}.{ticket}"

    async def status(self, authorization_id: str) -> Authorization:
        """How far it is. Raises NotFound."""
        return (await self._read(authorization_id))[0]

    async def open(self, address: str, browser: str) -> Authorization:
        """What the page at this address is about; changes nothing, for browsers look ahead. Raises Rejected."""
        authorization_id, ticket = _parted(address)
        found, _ = await self._named(authorization_id)
        check_opening(found, ticket, browser, self._clock.now())
        return found

    async def ask(self, address: str, browser: str) -> tuple[Authorization, str, str]:
        """Binds it to this browser, and says where to send it, and the cookie that it shall bring back. Raises Rejected."""
        authorization_id, ticket = _parted(address)
        now, state, cookie = self._clock.now(), _secret(), browser or _secret()

        def asked(found: Authorization) -> Authorization:
            check_opening(found, ticket, browser, now)
            return replace(found, stage=Stage.ASKED, asked_at=now, state=digest(state), browser=digest(cookie))

        after = await self._change(authorization_id, asked)
        to = consent_url(
            self._site.authority,
            client_id=self._site.client_id,
            redirect_uri=self._site.public_url + CALLBACK,
            state=f"{authorization_id}.{state}",
        )
        return after, to, cookie

    async def take_answer(self, query: str, cookie_of: Callable[[str], str]) -> Authorization:
        """Takes what the browser brought, once; `cookie_of` gives its cookie for an authorization id. Raises Rejected."""
        answer = read_answer(query)
        authorization_id, state = _parted(answer.state)
        now = self._clock.now()

        def answered(found: Authorization) -> Authorization:
            check_answer(found, state, cookie_of(authorization_id), now)
            if answer.refusal:
                return replace(found, stage=Stage.REFUSED, refusal=answer.refusal, state=b"")
            return replace(found, stage=Stage.ANSWERED, tenant_id=answer.tenant_id, state=b"")

        return await self._change(authorization_id, answered)

    async def complete(self, authorization_id: str, browser: str) -> Authorization:
        """Proves the tenant, and connects it. Repeated, it ends the same: the connection's id was chosen at the beginning.

        Raises Rejected, also for a tenant that may not be connected; Reauthorize while Entra does not know of the consent, which takes
        it some seconds: then try again; and what the source raises.
        """
        found, _ = await self._named(authorization_id)
        check_browser(found, browser)
        if found.stage in OVER:
            return found
        if found.stage is not Stage.ANSWERED:
            raise Rejected("Entra has not answered yet: go on there, or begin anew")
        try:
            connection = await self._connect(found)
        except (Rejected, NotFound) as refusal:
            return await self._change(authorization_id, _ended(Stage.REFUSED, refusal=str(refusal)))
        return await self._change(authorization_id, _ended(Stage.CONNECTED, name=connection.name))

    async def _connect(self, found: Authorization) -> Connection:
        if found.renews:
            return await self._connections.reauthorized(found.connection_id, found.tenant_id, by=found.by, may_move=found.may_move)
        return await self._connections.create(found.tenant_id, found.name, by=found.by, connection_id=found.connection_id)

    async def _change(self, authorization_id: str, how: Callable[[Authorization], Authorization]) -> Authorization:
        while True:
            found, etag = await self._named(authorization_id)
            after = how(found)
            try:
                await self._rows.replace(after, etag)
            except Conflict:
                continue
            return after

    async def _named(self, authorization_id: str) -> tuple[Authorization, str]:
        """As a browser names it: it learns nothing of whether there is such a one."""
        try:
            return await self._read(authorization_id)
        except NotFound:
            raise Rejected("this address is not one of ours, or is older than a day: begin anew") from None

    async def _read(self, authorization_id: str) -> tuple[Authorization, str]:
        found = await self._rows.read(authorization_id) if has_form(authorization_id, "DZ") else None
        if found is None:
            raise unknown("authorization", authorization_id)
        return found


def _ended(stage: Stage, *, name: str = "", refusal: str = "") -> Callable[[Authorization], Authorization]:
    def ended(found: Authorization) -> Authorization:
        return found if found.stage in OVER else replace(found, stage=stage, name=name or found.name, refusal=refusal)

    return ended


def _parted(text: str) -> tuple[str, str]:
    """Id and secret of an address or a state."""
    authorization_id, _, secret = text.partition(".")
    return authorization_id, secret


def _secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)
