"""Pages of a group's transitive members that are users.

A page is rendered once: its bytes are kept, compressed too, until the tenant changes.
"""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from local.tenant.errors import expired_page, not_found, unsupported
from local.tenant.faults import (
    AnyFault,
    EmptyPage,
    ExpiredPageToken,
    ForeignLink,
    LaggingIndex,
    MissingRows,
    NullProperties,
    RepeatedLink,
    struck,
)  # fmt: skip
from local.tenant.model import Tenant
from local.tenant.paging import Place, cut, link, place, size
from local.tenant.properties import USER, encode, nothing, row, selected
from local.tenant.wire import JSON, Answer, Request

_OPTIONS = frozenset({"$select", "$top", "$count", "$skiptoken"})


class Envelope(msgspec.Struct, omit_defaults=True):
    """The collection around rows, in Graph's order of fields."""

    context: str = msgspec.field(name="@odata.context")
    count: int | None = msgspec.field(name="@odata.count", default=None)
    next: str | None = msgspec.field(name="@odata.nextLink", default=None)
    value: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"[]"))


@dataclass(frozen=True, slots=True)
class Ask:
    """One page as it was asked for, without what a caller's client adds."""

    group: str
    names: tuple[str, ...]
    top: int
    begin: Place
    counted: bool


class MemberPages:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._rendered: dict[tuple[str, Ask, bool], bytes] = {}
        self._version = tenant.version

    def answer(self, request: Request, faults: Sequence[AnyFault]) -> Answer:
        """Raises GraphError: 404 for an unknown group; 400 without ConsistencyLevel and $count, or for a bad option or token."""
        ask = self._ask(request)
        if ask.begin.page > 1 and struck(faults, ExpiredPageToken):
            raise expired_page()
        compressed = "gzip" in request.headers.get("accept-encoding", "")
        headers = {"content-type": JSON, "vary": "Accept-Encoding"}
        if compressed:
            headers["content-encoding"] = "gzip"
        return Answer(200, self._body(request, ask, compressed, faults), headers)

    def _ask(self, request: Request) -> Ask:
        if (group := self._tenant.find_group(request.segments[1])) is None:
            raise not_found(request.segments[1])
        if not request.eventual or not request.counted:
            raise unsupported("Unsupported referenced-object resource identifier for link property 'transitiveMembers'.")
        for option in request.query:
            if option not in _OPTIONS:
                raise unsupported(f"The query option '{option}' is not supported here.")
        return Ask(group["id"], selected(USER, request.query.get("$select", "")), size(request), place(request), request.counted)

    def _body(self, request: Request, ask: Ask, compressed: bool, faults: Sequence[AnyFault]) -> bytes:
        if faults:
            return _squeezed(self._render(request, ask, faults), compressed)
        if self._version != self._tenant.version:
            self._version = self._tenant.version
            self._rendered.clear()
        key = (request.base, ask, compressed)
        if (body := self._rendered.get(key)) is None:
            body = self._rendered[key] = _squeezed(self._render(request, ask, ()), compressed)
        return body

    def _render(self, request: Request, ask: Ask, faults: Sequence[AnyFault]) -> bytes:
        members = self._tenant.transitive_users(ask.group)
        if lagging := struck(faults, LaggingIndex):
            members = [member for member in members if not lagging.hides(member)]
        page, following = cut(members, ask.begin, ask.top)
        shown = _shown(page, faults)
        show: Callable[..., dict[str, object]] = nothing if struck(faults, NullProperties) else row
        users = self._tenant.users
        rows = b",".join([encode(show(users[member], ask.names)) for member in shown])
        return encode(
            Envelope(
                context=f"{request.base}/$metadata#users({','.join(ask.names)})",
                count=len(members) if ask.begin.page == 1 else None,
                next=_next(request, ask, following, faults),
                value=msgspec.Raw(b"[" + rows + b"]"),
            )
        )


def _shown(page: Sequence[str], faults: Sequence[AnyFault]) -> Sequence[str]:
    if struck(faults, EmptyPage):
        return ()
    if missing := struck(faults, MissingRows):
        return page[: max(0, len(page) - missing.rows)]
    return page


def _next(request: Request, ask: Ask, following: Place | None, faults: Sequence[AnyFault]) -> str | None:
    beyond = following or Place(ask.begin.page + 1, "\U0010ffff")
    if struck(faults, RepeatedLink):
        return request.url
    if foreign := struck(faults, ForeignLink):
        return link(request, beyond, base=foreign.base)
    if struck(faults, EmptyPage):
        return link(request, beyond)
    return link(request, following) if following else None


def _squeezed(body: bytes, compressed: bool) -> bytes:
    return gzip.compress(body, 1) if compressed else body
