"""The table port in memory, for tests. Same semantics and limits as Table Storage; one request is one step that nothing interleaves."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count as numbers
from typing import Literal

from sync_core.errors import Misconfigured
from sync_core.storage.batch import payload_bytes
from sync_core.storage.cuts import Call, Interrupt, Wire
from sync_core.storage.limits import (
    check_etag,
    check_key,
    check_names,
    check_page,
    check_row_bytes,
    check_table,
    check_transaction,
    check_transaction_bytes,
    checked,
)
from sync_core.storage.rows import check_current, key_of, narrow, utf16_order
from sync_core.storage.tables import (
    MAX_TRANSACTION_BYTES,
    PAGE_ROWS,
    Delete,
    Operation,
    Row,
)


@dataclass(slots=True)
class _Partition:
    """Rows and their sorted keys, both by `utf16_order`."""

    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    order: list[str] = field(default_factory=list[str])

    def put(self, row: Row) -> None:
        key = utf16_order(row.key)
        if key not in self.rows:
            insort(self.order, key)
        self.rows[key] = row

    def remove(self, key: str) -> None:
        key = utf16_order(key)
        del self.rows[key]
        del self.order[bisect_left(self.order, key)]


class MemoryTables:
    """`page_rows` cuts query pages short: it says for each page how many rows it has at most."""

    def __init__(self, *, interrupt: Interrupt | None = None, page_rows: Callable[[], int] | None = None) -> None:
        self._wire = Wire("tables", interrupt)
        self._page_rows = page_rows
        self._tables: dict[str, dict[str, _Partition]] = {}
        self._numbers = numbers(1)

    async def create(self, tables: Sequence[str]) -> None:
        for table in tables:
            check_table(table)
            await self._wire.before("create", Call(table))
            self._tables.setdefault(table.lower(), {})
            await self._wire.after("create", Call(table))

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        check_key(partition)
        check_key(key)
        call = Call(table, partition, key)
        await self._wire.before("get", call)
        found = self._table(table).get(partition)
        row = None if found is None else found.rows.get(utf16_order(key))
        await self._wire.after("get", call)
        return row

    async def query(
        self,
        table: str,
        partition: str,
        *,
        start: str = "",
        end: str = "",
        select: Sequence[str] = (),
        page: int = PAGE_ROWS,
    ) -> AsyncIterator[list[Row]]:
        check_page(page)
        check_names(tuple(select))
        for key in (partition, start, end):
            check_key(key)
        after: str | None = None
        while True:
            call = Call(table, partition, start)
            await self._wire.before("query", call)
            rows, more = self._page(table, partition, (after, start, end), page)
            await self._wire.after("query", call)
            if rows:
                yield [narrow(row, select) for row in rows]
            if not more:
                return
            after = utf16_order(rows[-1].key)

    async def span(
        self, table: str, first: str, last: str, *, start: str = "", end: str = "", page: int = PAGE_ROWS
    ) -> AsyncIterator[list[Row]]:
        check_page(page)
        for key in (first, last, start, end):
            check_key(key)
        after: Row | None = None
        while True:
            call = Call(table, first, start)
            await self._wire.before("query", call)
            rows, more = self._span_page(table, (first, last), (after, start, end), page)
            await self._wire.after("query", call)
            if rows:
                yield rows
            if not more:
                return
            after = rows[-1]

    def _span_page(self, table: str, partitions: tuple[str, str], bounds: tuple[Row | None, str, str], page: int) -> tuple[list[Row], bool]:
        """As `_page`, of partitions from the first to the last."""
        behind, start, end = bounds
        low, high = map(utf16_order, (behind.partition if behind is not None else partitions[0], partitions[1]))
        limit = max(min(page, self._page_rows()) if self._page_rows else page, 1)
        found: list[Row] = []
        for partition in sorted((name for name in self._table(table) if low <= utf16_order(name) <= high), key=utf16_order):
            after = utf16_order(behind.key) if behind is not None and behind.partition == partition else None
            rows, more = self._within(table, partition, (after, start, end), limit - len(found) or 1)
            if len(found) == limit:
                if rows:
                    return found, True
                continue
            found += rows
            if more:
                return found, True
        return found, False

    def _page(self, table: str, partition: str, bounds: tuple[str | None, str, str], page: int) -> tuple[list[Row], bool]:
        """The next rows, read from what is there now, and whether more follow."""
        return self._within(table, partition, bounds, min(page, self._page_rows()) if self._page_rows else page)

    def _within(self, table: str, partition: str, bounds: tuple[str | None, str, str], limit: int) -> tuple[list[Row], bool]:
        """Of one partition, at most so many."""
        found = self._table(table).get(partition)
        if found is None:
            return [], False
        after, start, end = bounds
        low = bisect_left(found.order, utf16_order(start)) if after is None else bisect_right(found.order, after)
        high = bisect_right(found.order, utf16_order(end)) if end else len(found.order)
        keys = found.order[low : min(high, low + max(limit, 1))]
        return [found.rows[key] for key in keys], low + len(keys) < high

    async def write(self, table: str, operation: Operation) -> str:
        (etag,) = await self._apply("write", table, [operation])
        return etag

    async def transact(self, table: str, operations: Sequence[Operation]) -> list[str]:
        check_transaction(operations)
        if sum(map(payload_bytes, operations)) > MAX_TRANSACTION_BYTES:
            check_transaction_bytes(sum(payload_bytes(operation, exact=True) for operation in operations))
        return await self._apply("transact", table, operations)

    def rows(self, table: str) -> list[Row]:
        """Every row, in no promised order. Not counted as a request."""
        return [row for partition in self._table(table).values() for row in partition.rows.values()]

    async def _apply(self, method: Literal["write", "transact"], table: str, operations: Sequence[Operation]) -> list[str]:
        fresh = [self._fresh(operation) for operation in operations]
        partition, key = key_of(operations[0])
        call = Call(table, partition, key, tuple(operations))
        await self._wire.before(method, call)
        found = self._table(table).setdefault(partition, _Partition())
        for index, operation in enumerate(operations):
            check_current(found.rows.get(utf16_order(key_of(operation)[1])), operation, index)
        for operation, row in zip(operations, fresh, strict=True):
            if row is None:
                found.remove(key_of(operation)[1])
            else:
                found.put(row)
        await self._wire.after(method, call)
        return ["" if row is None else row.etag for row in fresh]

    def _fresh(self, operation: Operation) -> Row | None:
        """The row as it will be kept, with its new ETag; None for a delete."""
        check_key(key_of(operation)[0])
        check_key(key_of(operation)[1])
        check_etag(operation)
        if isinstance(operation, Delete):
            return None
        row = operation.row
        check_names(tuple(row.values))
        values = {name: checked(value) for name, value in row.values.items()}
        check_row_bytes(row.partition, row.key, values)
        return Row(row.partition, row.key, values, f'W/"{next(self._numbers)}"')

    def _table(self, table: str) -> dict[str, _Partition]:
        check_table(table)
        try:
            return self._tables[table.lower()]
        except KeyError:
            raise Misconfigured(f"there is no table {table}: create it first") from None
