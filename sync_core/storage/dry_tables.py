"""A table port on which nothing is written: rows read come from below, rows written stay in memory and are read again from there.

What a dry run does is so what a real one would do, to the last check, without a second way through the code.
"""

from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from itertools import count as numbers

from sync_core.storage.rows import check_current, key_of, narrow, utf16_order
from sync_core.storage.tables import PAGE_ROWS, Delete, Operation, Row, Tables


class DryTables:
    def __init__(self, below: Tables) -> None:
        self._below = below
        self._written: dict[tuple[str, str], dict[str, Row | None]] = {}
        """By table and partition, by key; None for a row that was deleted."""
        self._numbers = numbers(1)

    async def create(self, tables: Sequence[str]) -> None:
        raise NotImplementedError(f"a dry run needs no tables: {tables}")

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        written = self._written.get((table, partition), {})
        return written[key] if key in written else await self._below.get(table, partition, key)

    async def query(
        self, table: str, partition: str, *, start: str = "", end: str = "", select: Sequence[str] = (), page: int = PAGE_ROWS
    ) -> AsyncIterator[list[Row]]:
        written = self._written.get((table, partition), {})
        inside = (key for key in written if utf16_order(start) <= utf16_order(key) and (not end or utf16_order(key) <= utf16_order(end)))
        waiting = sorted(inside, key=utf16_order)
        async for rows in self._below.query(table, partition, start=start, end=end, select=select, page=page):
            settled = bisect_right(waiting, utf16_order(rows[-1].key), key=utf16_order)
            mixed = {row.key: row for row in rows if row.key not in written} | _there(written, waiting[:settled], select)
            del waiting[:settled]
            if mixed:
                yield [mixed[key] for key in sorted(mixed, key=utf16_order)]
        if rest := _there(written, waiting, select):
            yield list(rest.values())

    def span(self, table: str, first: str, last: str, *, start: str = "", end: str = "", page: int = PAGE_ROWS) -> AsyncIterator[list[Row]]:
        raise NotImplementedError(f"a dry run walks through no table: {table}, {first} to {last}, {start} to {end}, {page}")

    async def write(self, table: str, operation: Operation) -> str:
        (etag,) = await self.transact(table, [operation])
        return etag

    async def transact(self, table: str, operations: Sequence[Operation]) -> list[str]:
        for index, operation in enumerate(operations):
            check_current(await self.get(table, *key_of(operation)), operation, index)
        etags: list[str] = []
        for operation in operations:
            partition, key = key_of(operation)
            etag = "" if isinstance(operation, Delete) else f"dry-{next(self._numbers)}"
            row = None if isinstance(operation, Delete) else Row(partition, key, operation.row.values, etag)
            self._written.setdefault((table, partition), {})[key] = row
            etags.append(etag)
        return etags


def _there(written: dict[str, Row | None], keys: Sequence[str], select: Sequence[str]) -> dict[str, Row]:
    return {key: narrow(row, select) for key in keys if (row := written[key]) is not None}
