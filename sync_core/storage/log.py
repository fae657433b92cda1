"""Rows of the log: table Log (D-35). What stands where is in `log_keys.py`, reading it in `log_reading.py`.

Keys are made of time, source and sequence, so that adding the same again overwrites: `log_sources.py` says who writes under which.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sync_core.clock import Clock
from sync_core.directory.events import Event, Logged
from sync_core.errors import Conflict, Missing
from sync_core.storage import log_keys
from sync_core.storage.bulk import leave_out, write_all
from sync_core.storage.log_reading import PENDING, TABLE, LogReader, Window, events_of, logged
from sync_core.storage.packed import pack
from sync_core.storage.tables import PAGE_ROWS, Delete, Replace, Row, Tables, Upsert

__all__ = ["TABLE", "LogRows", "Logged"]

EVENTS_A_ROW = 500
_REMEMBERED = 1000


class LogRows:
    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock
        self._reader = LogReader(tables)
        self._listed: set[str] = set()
        """Partitions that `hours` lists, as far as this process has seen."""

    async def add(self, source: str, sequence: int, events: Sequence[Event], *, by_object: bool = True) -> None:
        """Keeps events, in the order given. `source` (letters, digits, hyphens) and `sequence` name what they are the account of: the same
        again, with the same times, overwrites.

        One row for 500 events of one moment. `by_object=False` for the bulk of a run, which is found by object in the run's
        changes: of others each costs a row more, by which `of` finds it.
        """
        rows = [row for at, group in groupby(events, attrgetter("at")) for row in _rows(at, source, sequence, list(group), by_object)]
        if by_object:
            await write_all(self._tables, TABLE, [Upsert(one) for row in rows for one in _object_rows(row)])
        await self._list(rows)
        await write_all(self._tables, TABLE, [Upsert(row) for row in rows])

    async def announce(self, source: str, sequence: int, event: Event) -> None:
        """Keeps an event that is about to happen; `add` of the same source, sequence and time settles it, `retract` takes it back."""
        (row,) = _rows(event.at, source, sequence, [event])
        await self._list([row])
        await self._tables.write(TABLE, Upsert(Row(row.partition, row.key, {**row.values, PENDING: True})))

    async def retract(self, source: str, sequence: int, event: Event) -> None:
        """Takes back what was announced: it has not happened."""
        (row,) = _rows(event.at, source, sequence, [event])
        with suppress(Missing):
            await self._tables.write(TABLE, Delete(row.partition, row.key))

    async def holds(self, source: str, sequence: int, at: datetime) -> bool:
        """Whether anything was kept under these."""
        key = log_keys.row_key(at, source, sequence, 0)
        return await self._tables.get(TABLE, log_keys.partition(key, source), key) is not None

    async def rewrite(self, source: str, sequence: int, at: datetime, how: Callable[[Event], Event]) -> None:
        """Puts `how` of these events in their places by ETag; nothing when that is the same, or they are gone."""
        part = 0
        while True:
            key = log_keys.row_key(at, source, sequence, part)
            row = await self._tables.get(TABLE, log_keys.partition(key, source), key)
            if row is None:
                return
            part += await self._rewritten(row, how)

    async def forget_object(self, object_id: str, how: Callable[[Event], Event]) -> None:
        """Puts `how` of this object's events, but those of the bulk of runs, in their places: by time first, then by object."""
        partition = log_keys.object_partition(object_id)
        async for page in self._tables.query(TABLE, partition, page=PAGE_ROWS // 10):
            for row in page:
                for one in logged(row):
                    source, sequence = log_keys.source_of(row.key)
                    await self.rewrite(source, sequence, one.event.at, lambda event: how(event) if event.object_id == object_id else event)
                current: Row | None = row
                while current is not None and not await self._rewritten(current, how):
                    current = await self._tables.get(TABLE, partition, row.key)

    async def _rewritten(self, row: Row, how: Callable[[Event], Event]) -> bool:
        """Whether the row says so now."""
        before = events_of(row)
        after = tuple(map(how, before))
        if after == before:
            return True
        values = {name: value for name, value in row.values.items() if not name.startswith("p") or name == PENDING}
        try:
            await self._tables.write(TABLE, Replace(Row(row.partition, row.key, {**values, **pack(after)}, row.etag)))
        except Conflict:
            return False
        return True

    async def partitions_before(self, at: datetime, most: int) -> list[str]:
        """The oldest partitions all of whose events are from before that time."""
        end = log_keys.oldest_key(log_keys.hour_of(log_keys.time_key(at)))
        found: list[str] = []
        async for page in self._tables.query(TABLE, log_keys.HOURS, start=log_keys.OLDEST, end=end, page=min(most, PAGE_ROWS)):
            found += [log_keys.partition_listed(row.key) for row in page]
            if len(found) >= most:
                break
        return found[:most]

    async def drop_partition(self, partition: str) -> None:
        """With the rows by which its events are found by object; last of all it is listed no more."""
        async for page in self._tables.query(TABLE, partition, page=10):
            for row in page:
                of_objects = _object_rows(row) if row.values.get("by_object") else ()
                await write_all(self._tables, TABLE, [Delete(one.partition, one.key) for one in of_objects], on_conflict=leave_out)
            await write_all(self._tables, TABLE, [Delete(row.partition, row.key) for row in page], on_conflict=leave_out)
        listing = [Delete(log_keys.HOURS, key) for key in log_keys.hour_keys(partition)]
        await write_all(self._tables, TABLE, listing, on_conflict=leave_out)

    async def forward(
        self,
        since: datetime | None = None,
        *,
        limit: int,
        cursor: str = "",
        until: datetime | None = None,
        match: Callable[[Event], bool] | None = None,
    ) -> tuple[list[Logged], str]:
        """Up to `limit` events with since <= at < until, oldest first, behind the place `cursor`; and the place for more, "" at the end.

        `match` picks among them; then fewer than `limit` may come although there are more: at most 10,000 are looked through.
        """
        return await self._read(newest=False, since=since, limit=limit, cursor=cursor, until=until, match=match)

    async def newest(
        self,
        *,
        limit: int,
        cursor: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        match: Callable[[Event], bool] | None = None,
    ) -> tuple[list[Logged], str]:
        """As `forward`, newest first."""
        return await self._read(newest=True, since=since, limit=limit, cursor=cursor, until=until, match=match)

    async def of(self, object_id: str, *, limit: int, cursor: str = "") -> tuple[list[Logged], str]:
        """Events of this object, newest first, but for those of the bulk of runs."""
        partition = log_keys.object_partition(object_id)
        if not partition:
            return [], ""
        found: list[Logged] = []
        async for page in self._tables.query(TABLE, partition, start=f"{cursor}!" if cursor else "", page=min(limit + 1, 1000)):
            found += [Logged(one.event, row.key) for row in page for one in logged(row)]
            if len(found) > limit:
                return found[:limit], found[limit - 1].place
        return found, ""

    async def _read(
        self,
        *,
        newest: bool,
        since: datetime | None,
        until: datetime | None,
        limit: int,
        cursor: str,
        match: Callable[[Event], bool] | None,
    ) -> tuple[list[Logged], str]:
        window = Window(newest=newest, since=since, until=until, after=log_keys.check_place(cursor), match=match)
        return await self._reader.read(window, limit, self._clock.now())

    async def _list(self, rows: Sequence[Row]) -> None:
        """Lists the rows' partitions before anything stands in them: a listed one that is empty does no harm."""
        for partition in {row.partition for row in rows} - self._listed:
            listing = [Upsert(Row(log_keys.HOURS, key, {"version": 1})) for key in log_keys.hour_keys(partition)]
            await self._tables.transact(TABLE, listing)
            if len(self._listed) >= _REMEMBERED:
                self._listed.clear()
            self._listed.add(partition)


def _rows(at: datetime, source: str, sequence: int, events: Sequence[Event], by_object: bool = True) -> Iterator[Row]:
    for part, start in enumerate(range(0, len(events), EVENTS_A_ROW)):
        some = tuple(events[start : start + EVENTS_A_ROW])
        key = log_keys.row_key(at, source, sequence, part)
        yield Row(log_keys.partition(key, source), key, {"version": 1, "n": len(some), "by_object": by_object, **pack(some)})


def _object_rows(row: Row) -> Iterator[Row]:
    """The rows by which the events of a row are found by their objects."""
    source, sequence = log_keys.source_of(row.key)
    first = int(row.key[-2:]) * EVENTS_A_ROW
    for number, event in enumerate(events_of(row), first):
        partition = log_keys.object_partition(event.object_id)
        if partition:
            key = log_keys.object_key(event.at, source, sequence, number)
            yield Row(partition, key, {"version": 1, "n": 1, **pack((event,))})
