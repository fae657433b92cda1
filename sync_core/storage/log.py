"""Rows of the log: table Log (D-35). What stands where is in `log_keys.py`, reading it in `log_reading.py`.

Keys are made of time, source and sequence, so that adding the same again overwrites.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sync_core.clock import Clock
from sync_core.directory.events import Event, Logged
from sync_core.errors import Missing
from sync_core.storage import log_keys
from sync_core.storage.bulk import write_all
from sync_core.storage.log_reading import PENDING, TABLE, LogReader, Window, logged
from sync_core.storage.packed import pack
from sync_core.storage.tables import Delete, Row, Tables, Upsert

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
        rows = [row for at, group in groupby(events, attrgetter("at")) for row in _rows(at, source, sequence, list(group))]
        if by_object:
            await write_all(self._tables, TABLE, [Upsert(row) for row in _object_rows(source, sequence, events)])
        await self._list(rows)
        await write_all(self._tables, TABLE, [Upsert(row) for row in rows])

    async def announce(self, source: str, event: Event) -> None:
        """Keeps an event that is about to happen; `add` of the same source, sequence 0 and time settles it, `retract` takes it back."""
        (row,) = _rows(event.at, source, 0, [event])
        await self._list([row])
        await self._tables.write(TABLE, Upsert(Row(row.partition, row.key, {**row.values, PENDING: True})))

    async def retract(self, source: str, event: Event) -> None:
        """Takes back what was announced: it has not happened."""
        (row,) = _rows(event.at, source, 0, [event])
        with suppress(Missing):
            await self._tables.write(TABLE, Delete(row.partition, row.key))

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


def _rows(at: datetime, source: str, sequence: int, events: Sequence[Event]) -> Iterator[Row]:
    for part, start in enumerate(range(0, len(events), EVENTS_A_ROW)):
        some = tuple(events[start : start + EVENTS_A_ROW])
        key = log_keys.row_key(at, source, sequence, part)
        yield Row(log_keys.partition(key, source), key, {"version": 1, "n": len(some), **pack(some)})


def _object_rows(source: str, sequence: int, events: Sequence[Event]) -> Iterator[Row]:
    for number, event in enumerate(events):
        partition = log_keys.object_partition(event.object_id)
        if partition and event.object_id:
            key = log_keys.object_key(event.at, source, sequence, number)
            yield Row(partition, key, {"version": 1, "n": 1, **pack((event,))})
