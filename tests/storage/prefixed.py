"""Ports on which each test has tables and queues of its own, whatever their names."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from sync_core.storage.queues import Queues
from sync_core.storage.tables import PAGE_ROWS, Operation, Row, Tables


@dataclass(frozen=True)
class PrefixedTables[T: Tables]:
    tables: T
    prefix: str

    async def create(self, tables: Sequence[str]) -> None:
        await self.tables.create([self.prefix + table for table in tables])

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        return await self.tables.get(self.prefix + table, partition, key)

    def query(
        self,
        table: str,
        partition: str,
        *,
        start: str = "",
        end: str = "",
        select: Sequence[str] = (),
        page: int = PAGE_ROWS,
    ) -> AsyncIterator[list[Row]]:
        return self.tables.query(self.prefix + table, partition, start=start, end=end, select=select, page=page)

    def span(self, table: str, first: str, last: str, *, start: str = "", end: str = "", page: int = PAGE_ROWS) -> AsyncIterator[list[Row]]:
        return self.tables.span(self.prefix + table, first, last, start=start, end=end, page=page)

    async def write(self, table: str, operation: Operation) -> str:
        return await self.tables.write(self.prefix + table, operation)

    async def transact(self, table: str, operations: Sequence[Operation]) -> list[str]:
        return await self.tables.transact(self.prefix + table, operations)


@dataclass(frozen=True)
class PrefixedQueues:
    queues: Queues
    prefix: str

    async def create(self, queues: Sequence[str]) -> None:
        await self.queues.create([self.prefix + queue for queue in queues])

    async def send(self, queue: str, body: str, *, delay: float = 0) -> None:
        await self.queues.send(self.prefix + queue, body, delay=delay)
