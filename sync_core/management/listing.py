"""Lists read by offset, as the Admin API pages them: in the order of ids, complete and without doubles for whoever reads on from where
its last page ended, whatever comes and goes meanwhile.
"""

from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sync_core.clock import Clock
from sync_core.directory.phones import Phone
from sync_core.directory.users import User
from sync_core.management.existing import members_among
from sync_core.management.phones import Phones
from sync_core.storage.members import MemberRows
from sync_core.storage.page_ends import PageEnd, PageEndRows, PageEnds
from sync_core.storage.phones import PhoneRows
from sync_core.storage.tables import Tables
from sync_core.storage.user_counts import count_users
from sync_core.storage.users import UserRows

USERS, PHONES = "users", "phones"


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that somebody asks for."""

    reader: str
    """Whose place in the list is remembered: an integration key."""
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class Listed[T]:
    items: list[T]
    offset: int
    limit: int
    total: int
    more: bool

    def of[S](self, items: list[S]) -> "Listed[S]":
        """The same page with something made of its items."""
        return Listed(items, self.offset, self.limit, self.total, self.more)


class Listing:
    def __init__(self, tables: Tables, phones: Phones, clock: Clock) -> None:
        self._tables = tables
        self._phones = phones
        self._phone_rows = PhoneRows(tables)
        self._users = UserRows(tables)
        self._members = MemberRows(tables)
        self._ends = PageEndRows(tables)
        self._clock = clock

    async def users(self, asked: Asked) -> Listed[User]:
        """All users, those in Trash too. At most five requests."""
        counts = await count_users(self._tables)
        ends = await self._ends.of(asked.reader, USERS) if asked.offset else PageEnds()
        behind, skipped = ends.behind(asked.offset, self._clock.now()), 0
        if asked.offset and not behind:
            behind, skipped = counts.place(asked.offset)
            if not behind:
                return Listed([], asked.offset, asked.limit, counts.total, more=False)
        found = (await self._users.page(behind, skipped + asked.limit + 1))[skipped:]
        items = found[: asked.limit]
        listed = Listed(items, asked.offset, asked.limit, counts.total, more=len(found) > asked.limit)
        if listed.more:
            await self._ended(asked, USERS, items[-1].user_id, ends)
        return listed

    async def phones(self, asked: Asked) -> Listed[tuple[Phone, User | None]]:
        """All phones, nobody's too."""
        return await self.counted(asked, PHONES, self._phone_rows.count, self._phones.page, lambda owned: owned[0].phone_id)

    async def members(self, asked: Asked, group_id: str) -> Listed[User]:
        """The members of a group. The rows of members are pointers: whose record does not agree is left out of its page."""
        count, page = partial(self._members.count, group_id), partial(self._members.page, group_id)
        listed = await self.counted(asked, f"members-{group_id}", count, page, lambda user_id: user_id)
        return listed.of(await members_among(self._users, group_id, listed.items))

    async def counted[T](
        self,
        asked: Asked,
        of: str,
        count: Callable[[], Awaitable[int]],
        page: Callable[[str, int], Awaitable[list[T]]],
        key: Callable[[T], str],
    ) -> Listed[T]:
        """A page of the list that `of` names, too long to read whole: it is counted at the first page, and the number is carried along.

        `page` gives up to so many items whose keys come after a key ("" for the first), in order.
        """
        ends = await self._ends.of(asked.reader, of) if asked.offset else PageEnds()
        end = ends.at(asked.offset, self._clock.now())
        total = end.total if end is not None else await count()
        skipped = 0 if end is not None else asked.offset
        found: list[T] = []
        if asked.offset < total or end is not None:
            found = (await page(end.last if end is not None else "", skipped + asked.limit + 1))[skipped:]
        items = found[: asked.limit]
        listed = Listed(items, asked.offset, asked.limit, total, more=len(found) > asked.limit)
        if listed.more:
            await self._ended(asked, of, key(items[-1]), ends, total)
        return listed

    async def cut[T](self, asked: Asked, of: str, items: Sequence[T], key: Callable[[T], str]) -> Listed[T]:
        """A page of `items`, which are the whole of the list that `of` names, in the order of their ids."""
        ends = await self._ends.of(asked.reader, of) if asked.offset else PageEnds()
        behind = ends.behind(asked.offset, self._clock.now())
        start = bisect_right(items, behind, key=key) if behind else asked.offset
        page = list(items[start : start + asked.limit])
        listed = Listed(page, asked.offset, asked.limit, len(items), more=start + asked.limit < len(items))
        if listed.more:
            await self._ended(asked, of, key(page[-1]), ends)
        return listed

    async def _ended(self, asked: Asked, of: str, last: str, ends: PageEnds, total: int = 0) -> None:
        if not asked.offset:
            ends = await self._ends.of(asked.reader, of)
        end = PageEnd(asked.offset + asked.limit, last, self._clock.now(), total)
        await self._ends.put(asked.reader, of, ends.with_end(end))
