"""Reads the log by time, in both directions: only hours that have events are visited, only ranges of their partitions read."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import msgspec
from msgspec.structs import replace

from sync_core.directory.events import Event, Logged
from sync_core.storage import log_keys
from sync_core.storage.bulk import each
from sync_core.storage.packed import unpack
from sync_core.storage.tables import PAGE_ROWS, Row, Tables

TABLE = "Log"
PENDING = "pending"
"""The column of a row whose event was announced and has not been settled."""
SETTLED_BY = timedelta(minutes=10)
"""No call takes as long: what is still pending then died in between."""
ROWS_A_READ = 100
EVENTS_A_READING = 10_000
"""Looked through by one call at most, then it gives the place to go on from."""
_EVENTS = msgspec.msgpack.Decoder(tuple[Event, ...])
UNKNOWN = {"Outcome": "not known: the service stopped while it was being done; compare what is there now"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which events are wanted: since <= at < until, behind the place `after`, and `match` says so."""

    newest: bool
    since: datetime | None = None
    until: datetime | None = None
    after: str = ""
    match: Callable[[Event], bool] | None = None

    @property
    def first(self) -> str:
        """The lowest key that may hold one."""
        bounds = [log_keys.time_key(self.since) if self.since else "", "" if self.newest else self.after.partition(":")[0]]
        return max(bounds)

    @property
    def last(self) -> str:
        """The highest; "" for no bound."""
        bounds = [f"{log_keys.time_key(self.until)}~" if self.until else "", self.after.partition(":")[0] if self.newest else ""]
        return min((bound for bound in bounds if bound), default="")

    def has(self, one: Logged) -> bool:
        at = one.event.at
        if (self.since is not None and at < self.since) or (self.until is not None and at >= self.until):
            return False
        if self.after and not (one.place < self.after if self.newest else one.place > self.after):
            return False
        return self.match is None or self.match(one.event)


@dataclass(frozen=True, slots=True)
class _Stub:
    """A row without its events."""

    partition: str
    key: str
    events: int
    pending: bool


class LogReader:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def read(self, window: Window, limit: int, now: datetime) -> tuple[list[Logged], str]:
        """Up to `limit` events, and the place to go on from: "" at the end.

        An event that is pending is left out, and when reading forward so is what follows: whoever polls misses nothing. Past 10
        minutes it is shown, its outcome unknown.
        """
        found: list[Logged] = []
        seen = 0
        async for hour in self._hours(window):
            stubs = await self._stubs(hour, window, limit)
            while stubs:
                chunk = _chunk(stubs, limit + 1 - len(found))
                stubs = stubs[len(chunk) :]
                for row, stub in await self._rows(chunk):
                    if stub.pending and now - log_keys.time_of(stub.key) < SETTLED_BY:
                        if window.newest:
                            continue
                        return found, ""
                    seen += stub.events
                    for one in filter(window.has, logged(row, newest=window.newest)):
                        if len(found) == limit:
                            return found, found[-1].place
                        found.append(one)
                    if seen >= EVENTS_A_READING:
                        return found, log_keys.place(stub.key, 0 if window.newest else stub.events - 1)
        return found, ""

    async def _hours(self, window: Window) -> AsyncIterator[list[str]]:
        """The partitions of each hour that has any, hour by hour."""
        low, high = window.first and log_keys.hour_of(window.first), window.last and log_keys.hour_of(window.last)
        if window.newest:
            start = log_keys.newest_key(high) if high else log_keys.NEWEST
            end = log_keys.newest_key(low) if low else log_keys.NEWEST
        else:
            start = log_keys.oldest_key(low)
            end = log_keys.oldest_key(high)
        hour: list[str] = []
        async for page in self._tables.query(TABLE, log_keys.HOURS, start=start, end=f"{end}~", page=PAGE_ROWS // 10):
            for partition in (log_keys.partition_listed(row.key) for row in page):
                if hour and hour[0][:10] != partition[:10]:
                    yield hour
                    hour = []
                hour.append(partition)
        if hour:
            yield hour

    async def _stubs(self, hour: Sequence[str], window: Window, limit: int) -> list[_Stub]:
        """The rows of the hour in the window's order. Forward, `limit` rows of each shard are enough: each has an event."""

        async def one(partition: str) -> list[_Stub]:
            found: list[_Stub] = []
            size = PAGE_ROWS if window.newest else min(limit + 1, PAGE_ROWS)
            query = self._tables.query(
                TABLE, partition, start=window.first, end=f"{window.last}~" if window.last else "", select=("n", PENDING), page=size
            )
            async for page in query:
                found += [_Stub(partition, row.key, int(str(row.values["n"])), PENDING in row.values) for row in page]
            return found

        stubs = [stub for part in await each(list(hour), one, log_keys.SHARDS) for stub in part]
        return sorted(stubs, key=lambda stub: f"{stub.key}:", reverse=window.newest)

    async def _rows(self, chunk: Sequence[_Stub]) -> list[tuple[Row, _Stub]]:
        """The rows of these stubs that still are there, read in one range for each partition."""
        by_key = {(stub.partition, stub.key): stub for stub in chunk}
        ranges = [
            (partition, min(keys), max(keys))
            for partition, keys in (
                (partition, [stub.key for stub in stubs])
                for partition, stubs in groupby(sorted(chunk, key=lambda stub: stub.partition), lambda stub: stub.partition)
            )
        ]

        async def one(wanted: tuple[str, str, str]) -> list[Row]:
            partition, start, end = wanted
            return [row async for page in self._tables.query(TABLE, partition, start=start, end=end, page=ROWS_A_READ) for row in page]

        found = {(row.partition, row.key): row for rows in await each(ranges, one, log_keys.SHARDS) for row in rows}
        return [(found[key], stub) for key, stub in by_key.items() if key in found]


def events_of(row: Row) -> tuple[Event, ...]:
    return unpack(row.values, _EVENTS)


def logged(row: Row, *, newest: bool = False) -> Iterator[Logged]:
    """The events of a row."""
    events = events_of(row)
    if PENDING in row.values:
        events = tuple(replace(event, description=event.description | UNKNOWN) for event in events)
    order = range(len(events) - 1, -1, -1) if newest else range(len(events))
    for index in order:
        yield Logged(events[index], log_keys.place(row.key, index))


def _chunk(stubs: Sequence[_Stub], wanted: int) -> list[_Stub]:
    """As many of the first rows as hold so many events, 100 at most."""
    chunk: list[_Stub] = []
    held = 0
    for stub in stubs[:ROWS_A_READ]:
        chunk.append(stub)
        held += stub.events
        if held >= wanted:
            break
    return chunk
