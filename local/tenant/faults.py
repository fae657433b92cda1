"""What can go wrong on the way, switched on while the tenant runs.

A fault says what happens and to which requests: of a `kind` (see wire.Seen; "" is each kind that the fault fits), about one
`group` or `user` (as the request names it), a `page` of a group's members (the first is 1), a `share` of those requests (0 to 1,
drawn from the fault's own `seed`), so many `times`.
In JSON a fault is an object with its name under "fault": {"fault": "throttle", "retry_after": "2.5", "times": 3}.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar, Literal

import msgspec

from local.tenant.wire import Seen

GRAPH = frozenset({"organization", "groups", "group", "members", "users", "user", "member_groups", "member_of", "batch", "other"})
MEMBERS = frozenset({"members"})
TOKEN = frozenset({"token"})


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag_field="fault", forbid_unknown_fields=True):
    fits: ClassVar[frozenset[str]] = GRAPH
    connection: ClassVar[bool] = False  # concerns the connection, so never one request inside a batch

    kind: str = ""
    group: str = ""
    user: str = ""
    page: int = 0
    share: float = 1.0
    seed: int = 1
    times: int | None = None

    def concerns(self, seen: Seen) -> bool:
        return (
            (seen.kind == self.kind if self.kind else seen.kind in self.fits)
            and self.group in {"", seen.subject}
            and self.user in {"", seen.subject}
            and self.page in {0, seen.page}
            and not (self.connection and seen.inner)
        )


class Latency(Fault, frozen=True, tag="latency"):
    """The answer takes so many seconds longer."""

    fits: ClassVar[frozenset[str]] = GRAPH | TOKEN
    connection: ClassVar[bool] = True

    seconds: float = 0.3


class Throttle(Fault, frozen=True, tag="throttle"):
    """429. `retry_after` is the header's text, whole or fractional seconds; "" leaves the header out."""

    retry_after: str = "1"


class ServerError(Fault, frozen=True, tag="server_error"):
    """500, 502 (a gateway's HTML page), 503 or 504."""

    status: Literal[500, 502, 503, 504] = 500
    retry_after: str = ""


class DropConnection(Fault, frozen=True, tag="drop_connection"):
    """The connection ends in the middle of the answer's body."""

    fits: ClassVar[frozenset[str]] = GRAPH | TOKEN
    connection: ClassVar[bool] = True


class TruncatedJson(Fault, frozen=True, tag="truncated_json"):
    """200 with a body that stops half-way, while the connection says that all is well."""

    connection: ClassVar[bool] = True


class HtmlAnswer(Fault, frozen=True, tag="html_answer"):
    """200 with a page for people, as a proxy between here and Graph shows it."""


class Missing(Fault, frozen=True, tag="missing"):
    """404 Request_ResourceNotFound, though it is there."""


class Expired(Fault, frozen=True, tag="expired"):
    """410: what the token stood for is no more."""


class Denied(Fault, frozen=True, tag="denied"):
    """403 Authorization_RequestDenied: the permission was taken away."""


class Unauthenticated(Fault, frozen=True, tag="unauthenticated"):
    """401 InvalidAuthenticationToken: the token was revoked."""


class EmptyPage(Fault, frozen=True, tag="empty_page"):
    """200 without rows but with a nextLink."""

    fits: ClassVar[frozenset[str]] = MEMBERS


class MissingRows(Fault, frozen=True, tag="missing_rows"):
    """A page lacks its last `rows` rows; @odata.count still counts them."""

    fits: ClassVar[frozenset[str]] = MEMBERS

    rows: int = 1


class ExpiredPageToken(Fault, frozen=True, tag="expired_page_token"):
    """400 Directory_ExpiredPageToken for every page but the first."""

    fits: ClassVar[frozenset[str]] = MEMBERS


class RepeatedLink(Fault, frozen=True, tag="repeated_link"):
    """A nextLink that is the address of the page it stands on."""

    fits: ClassVar[frozenset[str]] = MEMBERS


class ForeignLink(Fault, frozen=True, tag="foreign_link"):
    """A nextLink that points at another host; `base` is that host's /v1.0."""

    fits: ClassVar[frozenset[str]] = MEMBERS

    base: str = "https://graph.microsoft.example/v1.0"


class NullProperties(Fault, frozen=True, tag="null_properties"):
    """200 with users of whom only the id is shown, as for an application that may not read users."""

    fits: ClassVar[frozenset[str]] = MEMBERS


class LaggingIndex(Fault, frozen=True, tag="lagging_index"):
    """Members that the index behind transitiveMembers has not yet seen: missing from its rows and count, while getMemberGroups knows them.

    `users` names them; without names it is a `portion` of the members, always the same ones.
    """

    fits: ClassVar[frozenset[str]] = MEMBERS

    users: tuple[str, ...] = ()
    portion: float = 0.0

    def hides(self, user_id: str) -> bool:
        if self.users:
            return user_id in self.users
        digest = hashlib.blake2b(f"{self.seed}:{user_id}".encode(), digest_size=4).digest()
        return int.from_bytes(digest) < self.portion * 2**32


class TokenError(Fault, frozen=True, tag="token_error"):
    """The token endpoint refuses: an AADSTS number of login.ERRORS, 0 for temporarily_unavailable (503)."""

    fits: ClassVar[frozenset[str]] = TOKEN

    code: int = 7000215


type AnyFault = (
    Latency | Throttle | ServerError | DropConnection | TruncatedJson | Denied | Unauthenticated | EmptyPage | MissingRows
    | HtmlAnswer | Missing | Expired | ExpiredPageToken | RepeatedLink | ForeignLink | NullProperties | LaggingIndex | TokenError
)  # fmt: skip


@dataclass
class Armed:
    """A fault that is switched on. `left` counts down from its `times`, None for always."""

    number: int
    fault: AnyFault
    random: Random
    left: int | None
    struck: int = 0


class Faults:
    """The faults that are switched on, by number."""

    def __init__(self, faults: Iterable[AnyFault] = ()) -> None:
        self._armed: dict[int, Armed] = {}
        self._number = 0
        for fault in faults:
            self.add(fault)

    def add(self, fault: AnyFault) -> int:
        self._number += 1
        self._armed[self._number] = Armed(self._number, fault, Random(fault.seed), fault.times)
        return self._number

    def remove(self, number: int) -> None:
        """KeyError where no such fault is switched on."""
        del self._armed[number]

    def clear(self) -> None:
        self._armed.clear()

    def armed(self) -> list[Armed]:
        return list(self._armed.values())

    def strike(self, seen: Seen) -> tuple[AnyFault, ...]:
        """The faults that hit this request, each counted down by it."""
        return tuple(armed.fault for armed in self._armed.values() if _hits(armed, seen))


def _hits(armed: Armed, seen: Seen) -> bool:
    if armed.left == 0 or not armed.fault.concerns(seen):
        return False
    if armed.fault.share < 1 and armed.random.random() >= armed.fault.share:
        return False
    armed.struck += 1
    if armed.left is not None:
        armed.left -= 1
    return True


def struck[F](faults: Iterable[AnyFault], kind: type[F]) -> F | None:
    """The first of this type among the faults that hit a request."""
    return next((fault for fault in faults if isinstance(fault, kind)), None)
