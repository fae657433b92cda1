"""What the sync needs of a source of users and groups. Implementations: `graph.py` (Microsoft Graph); tests bring a plain model.

Every request counts once in `tally`, retries included.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

import msgspec

from sync_core.errors import Transient

REQUESTS = 20
"""In one `$batch`, at most (learn.microsoft.com, "JSON batching")."""


class SourceUser(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One user as the source has it now.

    `values` has one text for each attribute asked for, in that order: "" where the source has none, the first of a
    multi-valued one, "true"/"false" for booleans.
    """

    object_id: str
    enabled: bool
    values: tuple[str, ...]


class Page(msgspec.Struct, frozen=True):
    """One page of a group's members. `total` is the page's @odata.count, None where it has none; `next` "" on the last one.

    `rows` counts the rows that the page had; `users` may be fewer, never more.
    """

    users: tuple[SourceUser, ...]
    rows: int
    total: int | None
    next: str


class SourceGroup(msgspec.Struct, frozen=True):
    object_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Presence:
    """What the source says of one object id: `user` None when it is gone (404), else the ids of all groups that it is in, transitively."""

    user: SourceUser | None
    groups: frozenset[str] = frozenset()


type Kind = Literal["user", "group"]


class Sight(StrEnum):
    """What the source says of a group's existence."""

    THERE = "there"
    GONE = "gone"
    HIDDEN = "hidden"
    """It is there and hides its members: who may not see them is told that nobody is in it."""


@dataclass(frozen=True, slots=True)
class Questions:
    """About single users and groups: each answered by one request, twenty of them in a `$batch`."""

    attribute: str = ""
    """What the names are values of."""
    names: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    """Object ids of users to read."""
    memberships: tuple[str, ...] = ()
    """Object ids of users whose groups are asked for."""
    groups: tuple[str, ...] = ()
    """Object ids of groups that may be there or not."""
    parents: tuple[tuple[Kind, str], ...] = ()
    """Users and groups, by object id, whose own groups are asked for: those that they are in without nesting."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Each by what was asked."""

    named: dict[str, tuple[SourceUser, ...]] = field(default_factory=dict[str, tuple[SourceUser, ...]])
    """Whose attribute has this value, whatever its case; three at most."""
    users: dict[str, SourceUser | None] = field(default_factory=dict[str, SourceUser | None])
    """None for one that is gone."""
    memberships: dict[str, frozenset[str] | None] = field(default_factory=dict[str, frozenset[str] | None])
    """Object ids of all groups that the user is in, transitively; None where the user is gone."""
    groups: dict[str, Sight] = field(default_factory=dict[str, Sight])
    group_names: dict[str, str] = field(default_factory=dict[str, str])
    """Display names of the groups that are there."""
    parents: dict[tuple[Kind, str], tuple[SourceGroup, ...]] = field(default_factory=dict[tuple[Kind, str], tuple[SourceGroup, ...]])


class PartlyTold(Transient):
    """The source grew too busy while it was asked about many: `told` is what it answered until then, not to be asked again."""

    def __init__(self, busy: Transient, told: Mapping[str, Presence]) -> None:
        super().__init__(str(busy), retry_after=busy.retry_after)
        self.told = told


class Directory(Protocol):
    """The source, as one connection reaches it.

    Every method raises Transient (429, 5xx, network; `retry_after` from Retry-After in seconds, fractions too), Reauthorize,
    Misconfigured or StopRun.
    """

    async def organization(self) -> tuple[str, str]:
        """The tenant's id and display name. Raises Rejected for GCC High and DoD tenants (D-31)."""
        ...

    async def group(self, object_id: str) -> SourceGroup:
        """GroupGone on 404."""
        ...

    async def find_groups(self, prefix: str, *, limit: int = 100) -> list[SourceGroup]:
        """Groups whose display name begins with `prefix`, whatever its case (B-030)."""
        ...

    async def members(self, group: str, attributes: Sequence[str], *, next_link: str = "") -> Page:
        """One page of the transitive members that are users: the first, or the one that `next_link` names.

        IncompleteRead for an expired page token, a truncated body, an empty page with a nextLink, a nextLink that leaves
        the source's host or repeats itself, users whose properties are all null (then the permission is at fault); GroupGone on 404.
        """
        ...

    async def presence(self, object_ids: Sequence[str], attributes: Sequence[str]) -> Mapping[str, Presence]:
        """Each object id read by itself, with its groups: 10 ids a `$batch` request (2 of its 20 requests each). Inner 429s and 5xx are
        asked again, alone, until each id has an answer or PartlyTold is raised.
        """
        ...

    async def ask(self, questions: Questions, attributes: Sequence[str]) -> Answers:
        """All answers, for somebody who waits for them: 20 questions a `$batch` request, the requests side by side. Inner 429s and 5xx
        are asked again for about a second in all; then Transient is raised. Rejected, naming the field `username`, where the source
        does not look users up by the attribute.
        """
        ...

    async def close(self) -> None: ...


type Sources = Callable[[str], Awaitable[Directory]]
"""Takes a tenant's id and gives its source; whoever gives it keeps and closes it (`directories.py`)."""
