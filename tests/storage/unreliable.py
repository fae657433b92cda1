"""A table and a queue port on a bad day: busy for moments, replies lost after the write was applied, pages cut short.

What the Azure ports make of that is what happens here. A reply that is lost has them send the same request again, which then meets what
the first one wrote: an insert finds its own row, a replace its own ETag gone, a delete nothing. A service that stays busy is Transient.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from random import Random

from sync_core.errors import Transient
from sync_core.storage.queues import Queues
from sync_core.storage.tables import PAGE_ROWS, Operation, Row, Tables


@dataclass
class Weather:
    """How often what goes wrong: shares of requests, 0 to 1."""

    dice: Random
    busy: float = 0.0
    lost: float = 0.0
    short: float = 0.0
    burst: int = 1
    """Requests that are refused in a row once one is."""
    struck: int = 0
    """How often anything went wrong."""
    _left: int = 0

    def refuse(self) -> None:
        if self._left == 0 and self.dice.random() < self.busy:
            self._left = self.dice.randint(1, self.burst)
        if self._left:
            self._left -= 1
            self.struck += 1
            raise Transient("the service stays busy", retry_after=10)

    def loses(self) -> bool:
        lost = self.dice.random() < self.lost
        self.struck += lost
        return lost

    def page(self, wanted: int) -> int:
        if self.dice.random() >= self.short:
            return wanted
        self.struck += 1
        return self.dice.randint(1, min(wanted, 3))


def fair() -> Weather:
    return Weather(Random(0))


@dataclass
class UnreliableTables:
    tables: Tables
    weather: Weather = field(default_factory=fair)

    async def create(self, tables: Sequence[str]) -> None:
        await self.tables.create(tables)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        self.weather.refuse()
        return await self.tables.get(table, partition, key)

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
        self.weather.refuse()
        async for rows in self.tables.query(table, partition, start=start, end=end, select=select, page=self.weather.page(page)):
            yield rows
            self.weather.refuse()

    async def span(
        self, table: str, first: str, last: str, *, start: str = "", end: str = "", page: int = PAGE_ROWS
    ) -> AsyncIterator[list[Row]]:
        self.weather.refuse()
        async for rows in self.tables.span(table, first, last, start=start, end=end, page=self.weather.page(page)):
            yield rows
            self.weather.refuse()

    async def write(self, table: str, operation: Operation) -> str:
        self.weather.refuse()
        etag = await self.tables.write(table, operation)
        return await self.tables.write(table, operation) if self.weather.loses() else etag

    async def transact(self, table: str, operations: Sequence[Operation]) -> list[str]:
        self.weather.refuse()
        etags = await self.tables.transact(table, operations)
        return await self.tables.transact(table, operations) if self.weather.loses() else etags


@dataclass
class UnreliableQueues:
    queues: Queues
    weather: Weather = field(default_factory=fair)

    async def create(self, queues: Sequence[str]) -> None:
        await self.queues.create(queues)

    async def send(self, queue: str, body: str, *, delay: float = 0) -> None:
        self.weather.refuse()
        await self.queues.send(queue, body, delay=delay)
        if self.weather.loses():
            await self.queues.send(queue, body, delay=delay)
