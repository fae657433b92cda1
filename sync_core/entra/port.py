"""What the sync needs of a source of users and groups. Implementations: `graph.py` (Microsoft Graph); tests bring a plain model.

Every request counts once in `tally`, retries included.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec


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
        asked again, alone, until each id has an answer or Transient is raised.
        """
        ...

    async def close(self) -> None: ...


type Sources = Callable[[str], Awaitable[Directory]]
"""Takes a tenant's id and gives its source; whoever gives it keeps and closes it (`directories.py`)."""
