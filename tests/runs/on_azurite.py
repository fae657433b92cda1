"""A world in memory taken to Azurite and back, between two runs."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import batched

from sync_core.storage.bulk import each
from sync_core.storage.cuts import Call, Interrupt, Wire
from sync_core.storage.rows import key_of
from sync_core.storage.schema import TABLES
from sync_core.storage.tables import MAX_OPERATIONS, PAGE_ROWS, Operation, Row, Tables, Upsert
from tests.runs.world import World


class CutTables:
    """A table port whose requests may be cut, as those in memory may be. Knows which partitions were written."""

    def __init__(self, tables: Tables, interrupt: Interrupt) -> None:
        self._tables = tables
        self._wire = Wire("tables", interrupt)
        self.written: set[tuple[str, str]] = set()

    async def create(self, tables: Sequence[str]) -> None:
        await self._tables.create(tables)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        call = Call(table, partition, key)
        await self._wire.before("get", call)
        row = await self._tables.get(table, partition, key)
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
        call = Call(table, partition, start)
        await self._wire.before("query", call)
        async for rows in self._tables.query(table, partition, start=start, end=end, select=select, page=page):
            yield rows
        await self._wire.after("query", call)

    def span(self, table: str, first: str, last: str, *, start: str = "", end: str = "", page: int = PAGE_ROWS) -> AsyncIterator[list[Row]]:
        return self._tables.span(table, first, last, start=start, end=end, page=page)

    async def write(self, table: str, operation: Operation) -> str:
        call = self._call(table, [operation])
        await self._wire.before("write", call)
        etag = await self._tables.write(table, operation)
        await self._wire.after("write", call)
        return etag

    async def transact(self, table: str, operations: Sequence[Operation]) -> list[str]:
        call = self._call(table, operations)
        await self._wire.before("transact", call)
        etags = await self._tables.transact(table, operations)
        await self._wire.after("transact", call)
        return etags

    def _call(self, table: str, operations: Sequence[Operation]) -> Call:
        partition, key = key_of(operations[0])
        self.written.add((table, partition))
        return Call(table, partition, key, tuple(operations))


class AzuriteWorld(World):
    def __init__(self, tables: Tables) -> None:
        self.cut_tables = CutTables(tables, self._at)
        super().__init__(tables=self.cut_tables)


async def on_azurite(before: World, tables: Tables) -> AzuriteWorld:
    world = AzuriteWorld(tables)
    await world.prepare()
    await each(TABLES, lambda table: _write(world.tables, table, before.memory.rows(table)), 8)
    before.share_with(world)
    return world


async def in_memory(world: AzuriteWorld) -> World:
    twin = World()
    await twin.prepare()
    for table, partition in world.cut_tables.written:
        await _write(twin.tables, table, [row async for page in world.tables.query(table, partition) for row in page])
    world.share_with(twin)
    return twin


async def _write(tables: Tables, table: str, rows: Iterable[Row]) -> None:
    parts: defaultdict[str, list[Operation]] = defaultdict(list)
    for row in rows:
        parts[row.partition].append(Upsert(row))
    shares = [share for part in parts.values() for share in batched(part, MAX_OPERATIONS, strict=False)]
    await each(shares, lambda share: tables.transact(table, share), 16)
