"""Many rows at once over the table port: sought by key, or written, with bounded concurrency.

The first error cancels what else is under way and is raised as it is.
"""

import asyncio
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

from sync_core.errors import Conflict
from sync_core.storage.batch import payload_bytes
from sync_core.storage.limits import HEAD_BYTES
from sync_core.storage.rows import key_of, narrow, utf16_order
from sync_core.storage.tables import MAX_OPERATIONS, MAX_TRANSACTION_BYTES, PAGE_ROWS, Operation, Row, Tables

FEW_KEYS = 8
"""Fewer are read one by one."""
PARALLEL_PARTITIONS = 8
POINT_READS = 16
"""At the same time, for one partition."""
ROWS_A_READ = 100
"""A point read costs about as much as so many rows of a page."""
FIRST_STRIDE = 16
"""Rows to a key wanted, before anything is known."""
MAX_CONFLICTS = 10
"""So often is one operation sent again."""

type OnConflict = Callable[[Operation, Conflict], Awaitable[Operation | None]]
"""Answers a conflict with the operation to send instead, for the same row, or None to leave it out. It may raise."""


async def seek(tables: Tables, table: str, partition: str, keys: Collection[str], select: Sequence[str] = ()) -> dict[str, Row]:
    """The rows of one partition with these keys, those that are there, by key. Never more requests than keys.

    Few keys are read one by one. More are read in ranges that each begin at the next key wanted, as long as the pages bring
    enough of them for their length; the rest one by one.
    """
    wanted = sorted(set(keys), key=utf16_order)
    found: dict[str, Row] = {}
    if len(wanted) >= FEW_KEYS:
        wanted = await _scan(tables, table, partition, wanted, select, found)

    async def read(key: str) -> None:
        row = await tables.get(table, partition, key)
        if row is not None:
            found[key] = narrow(row, select)

    await each(wanted, read, POINT_READS)
    return found


async def seek_many(tables: Tables, table: str, keys: Iterable[str], partition_of: Callable[[str], str]) -> dict[str, Row]:
    """`seek` in the partitions of these keys, several at a time."""
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for key in dict.fromkeys(keys):
        wanted[partition_of(key)].append(key)

    async def one(partition: str) -> dict[str, Row]:
        return await seek(tables, table, partition, wanted[partition])

    parts = await each(list(wanted), one, PARALLEL_PARTITIONS)
    return {key: row for found in parts for key, row in found.items()}


async def _scan(
    tables: Tables, table: str, partition: str, wanted: Sequence[str], select: Sequence[str], found: dict[str, Row]
) -> Sequence[str]:
    """Adds to `found`; returns the keys that are better read one by one. `wanted` is in storage's order.

    The first page of a range settles at least the key that it begins at, and a range is followed past it only on credit
    of the keys settled before: so there is a key for each request.
    """
    asked, order = set(wanted), [utf16_order(key) for key in wanted]
    settled = requests = brought = 0
    while settled < len(wanted):
        stride = max(FIRST_STRIDE, brought / settled) if settled else FIRST_STRIDE
        size = min(PAGE_ROWS, round(stride * (len(wanted) - settled)))
        pages = tables.query(table, partition, start=wanted[settled], end=wanted[-1], select=select, page=size)
        # The port promises an iterator; those of both implementations are generators, to be closed where they are left.
        async with aclosing(cast("AsyncGenerator[list[Row]]", pages)) as pages:
            async for rows in pages:
                requests, brought = requests + 1, brought + len(rows)
                found.update((row.key, row) for row in rows if row.key in asked)
                before, settled = settled, bisect_right(order, utf16_order(rows[-1].key), settled)
                if (settled - before) * ROWS_A_READ < len(rows):
                    return wanted[settled:]
                if settled == len(wanted) or len(rows) == size or settled <= requests:
                    break
            else:
                return ()
    return ()


async def write_all(
    tables: Tables,
    table: str,
    operations: Sequence[Operation],
    concurrency: int = PARALLEL_PARTITIONS,
    on_conflict: OnConflict | None = None,
) -> list[str]:
    """The new ETags in the order given ("" for a delete, and for what was left out).

    Operations on one partition share transactions as far as the limits allow; transactions run side by side, so nothing may
    depend on their order, and each row is named once (ValueError otherwise). Transactions before a failed one stay.
    `on_conflict` sees each conflict, and the rest of that transaction is sent again with its answer; without it, or after
    10 conflicts over one operation, the conflict is raised with the operation's place in `operations` as its index.
    """
    if len({key_of(operation) for operation in operations}) < len(operations):
        raise ValueError("a bulk write names a row once")
    parts: dict[str, list[_Placed]] = defaultdict(list)
    for place, operation in enumerate(operations):
        parts[key_of(operation)[0]].append((place, operation))
    writer = _Writer(tables, table, on_conflict, [""] * len(operations))
    await each([share for part in parts.values() for share in _shares(part)], writer.send, concurrency)
    return writer.etags


type _Placed = tuple[int, Operation]
"""An operation and its place in the order given."""


def _shares(part: Sequence[_Placed]) -> list[list[_Placed]]:
    """Cuts the operations on one partition into transactions."""
    shares: list[list[_Placed]] = []
    room = 0
    for place, operation in part:
        size = payload_bytes(operation)
        if not shares or len(shares[-1]) == MAX_OPERATIONS or size > room:
            shares.append([])
            room = MAX_TRANSACTION_BYTES - HEAD_BYTES
        shares[-1].append((place, operation))
        room -= size
    return shares


@dataclass(frozen=True, slots=True)
class _Writer:
    tables: Tables
    table: str
    on_conflict: OnConflict | None
    etags: list[str]
    conflicts: Counter[int] = field(default_factory=Counter[int])
    """By place."""

    async def send(self, share: list[_Placed]) -> None:
        while share:
            try:
                etags = await self.tables.transact(self.table, [operation for _, operation in share])
            except Conflict as conflict:
                share = await self._settle(share, conflict)
                continue
            for (place, _), etag in zip(share, etags, strict=True):
                self.etags[place] = etag
            return

    async def _settle(self, share: list[_Placed], conflict: Conflict) -> list[_Placed]:
        """The share to send next: with another operation for the one at fault, or without it."""
        place, operation = share[conflict.index]
        error = type(conflict)(str(conflict), index=place)
        if self.on_conflict is None or self.conflicts[place] == MAX_CONFLICTS:
            raise error from conflict
        self.conflicts[place] += 1
        answer = await self.on_conflict(operation, error)
        if answer is not None and key_of(answer) != key_of(operation):
            raise ValueError("an operation gives way to one on the same row")
        instead = [] if answer is None else [(place, answer)]
        return [*share[: conflict.index], *instead, *share[conflict.index + 1 :]]


async def leave_out(operation: Operation, error: Conflict) -> None:
    """For `on_conflict`, where whoever else wrote or deleted the row has done as well."""


async def each[T, R](items: Sequence[T], act: Callable[[T], Awaitable[R]], concurrency: int) -> list[R]:
    """The results in the order of the items, so many at a time."""
    gate = asyncio.Semaphore(concurrency)

    async def one(item: T) -> R:
        async with gate:
            return await act(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
