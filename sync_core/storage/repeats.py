"""Rows of requests that may be repeated: table Repeats, by the UTC day of the first one, by a digest of who asked what under which key."""

from datetime import datetime, timedelta

import msgspec

from sync_core.storage.bulk import leave_out, write_all
from sync_core.storage.records import columns, record
from sync_core.storage.tables import PAGE_ROWS, Delete, Insert, Replace, Row, Tables

TABLE = "Repeats"
_A_DAY = timedelta(days=1)
_DAYS_SWEPT = 7
"""How many days back the nightly sweep looks: so many nights it may miss."""


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    asked: str
    """A digest of the request's query and body: the same key stands for the same request only."""
    status: int = 0
    """Of the answer; 0 while the first request is being answered."""
    headers: tuple[tuple[str, str], ...] = ()
    sealed: bytes = b""
    """The answer's body, sealed: it may be a new key's secret."""


class RepeatRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def read(self, key: str, now: datetime) -> tuple[Repeat, Row] | None:
        """Today's or yesterday's."""
        for day in (now, now - _A_DAY):
            row = await self._tables.get(TABLE, _partition(day), key)
            if row is not None:
                return record(row, Repeat), row
        return None

    async def insert(self, key: str, repeat: Repeat) -> Row:
        """Raises AlreadyExists."""
        row = Row(_partition(repeat.at), key, columns(repeat))
        return Row(row.partition, key, row.values, await self._tables.write(TABLE, Insert(row)))

    async def replace(self, row: Row, repeat: Repeat) -> Row:
        """In the place of that row. Raises Stale or Missing."""
        after = Row(row.partition, row.key, columns(repeat), row.etag)
        return Row(row.partition, row.key, after.values, await self._tables.write(TABLE, Replace(after)))

    async def remove(self, row: Row) -> None:
        """Raises Stale or Missing."""
        await self._tables.write(TABLE, Delete(row.partition, row.key, row.etag))

    async def sweep(self, now: datetime) -> None:
        """Drops what is from before yesterday."""
        for days in range(2, 2 + _DAYS_SWEPT):
            async for page in self._tables.query(TABLE, _partition(now - days * _A_DAY), select=("version",), page=PAGE_ROWS):
                await write_all(self._tables, TABLE, [Delete(row.partition, row.key) for row in page], on_conflict=leave_out)


def _partition(at: datetime) -> str:
    return f"{at:%Y%m%d}"
