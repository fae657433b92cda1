"""Rows of page ends: table PageEnds, by reader, by list. Where the pages of a list ended that somebody reads by offsets.

An offset counts from the beginning, so it lies elsewhere once something before it came or went. Whoever continues at the offset where
its last page ended is brought behind that page's last item instead.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from sync_core.storage.records import columns, record
from sync_core.storage.tables import Row, Tables, Upsert

TABLE = "PageEnds"
LASTS = timedelta(minutes=15)
"""Who continues later counts anew."""
KEPT = 50
"""Ends a list: some readers may use one key at a time."""


class PageEnd(msgspec.Struct, frozen=True):
    offset: int
    last: str
    """The id of the page's last item."""
    at: datetime
    total: int = 0
    """How many items the list had, where counting them takes long."""


class PageEnds(msgspec.Struct, frozen=True):
    ends: tuple[PageEnd, ...] = ()
    """Newest first."""

    def at(self, offset: int, now: datetime) -> PageEnd | None:
        """The page that ended there lately."""
        return next((end for end in self.ends if end.offset == offset and now - end.at.astimezone(UTC) < LASTS), None)

    def behind(self, offset: int, now: datetime) -> str:
        """The id behind which the item at this offset is; "" when no page ended there lately."""
        end = self.at(offset, now)
        return end.last if end is not None else ""

    def with_end(self, end: PageEnd) -> "PageEnds":
        others = [other for other in self.ends if other.offset != end.offset and end.at - other.at.astimezone(UTC) < LASTS]
        return PageEnds((end, *others[: KEPT - 1]))


class PageEndRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def of(self, reader: str, listed: str) -> PageEnds:
        row = await self._tables.get(TABLE, reader, listed)
        return record(row, PageEnds) if row else PageEnds()

    async def put(self, reader: str, listed: str, ends: PageEnds) -> None:
        await self._tables.write(TABLE, Upsert(Row(reader, listed, columns(ends))))
