"""A dry run reads what it has written as if it were written, and writes nothing."""

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.errors import Conflict
from sync_core.storage.dry_tables import DryTables
from sync_core.storage.memory import MemoryTables
from sync_core.storage.tables import Delete, Insert, Operation, Replace, Row, Tables, Upsert, Value
from tests.storage.conftest import TABLE

KEYS = ["", "a", "b", "b1", "c", "\uffff", "😀"]
Writes = st.lists(st.tuples(st.sampled_from(["insert", "upsert", "replace", "delete", "stale"]), st.sampled_from(KEYS)), max_size=12)


async def seeded(keys: list[str]) -> MemoryTables:
    lengths = cycle((1, 3, 2))
    tables = MemoryTables(page_rows=lambda: next(lengths))
    await tables.create([TABLE])
    for key in keys:
        await tables.write(TABLE, Insert(Row("p", key, {"x": 0, "y": key})))
    return tables


async def operation(tables: Tables, what: str, key: str, n: int) -> Operation:
    row = await tables.get(TABLE, "p", key)
    etag = row.etag if row is not None and what != "stale" else 'W/"0"'
    values: dict[str, Value] = {"x": n, "y": key}
    match what:
        case "insert":
            return Insert(Row("p", key, values))
        case "upsert":
            return Upsert(Row("p", key, values))
        case "delete":
            return Delete("p", key, etag)
        case _:
            return Replace(Row("p", key, values, etag))


async def outcome(tables: Tables, what: str, key: str, n: int) -> str:
    try:
        await tables.write(TABLE, await operation(tables, what, key, n))
    except Conflict as conflict:
        return type(conflict).__name__
    return "written"


async def read(tables: Tables, start: str = "", end: str = "") -> list[tuple[str, object]]:
    pages = tables.query(TABLE, "p", start=start, end=end, select=("x",))
    return [(row.key, dict(row.values)) async for page in pages for row in page]


@given(st.sets(st.sampled_from(KEYS)), Writes, st.sampled_from(KEYS), st.sampled_from(KEYS))
async def test_it_reads_and_refuses_as_if_everything_were_written(there: set[str], writes: list[tuple[str, str]], start: str, end: str):
    below, real = await seeded(sorted(there)), await seeded(sorted(there))
    dry, before = DryTables(below), below.rows(TABLE)
    for n, (what, key) in enumerate(writes, 1):
        assert await outcome(dry, what, key, n) == await outcome(real, what, key, n)
        assert await read(dry) == await read(real)
    assert await read(dry, start, end) == await read(real, start, end)
    for key in KEYS:
        mine, theirs = await dry.get(TABLE, "p", key), await real.get(TABLE, "p", key)
        assert (mine.values if mine else None) == (theirs.values if theirs else None)
    assert below.rows(TABLE) == before


async def test_a_transaction_that_is_refused_leaves_nothing():
    dry = DryTables(await seeded(["a"]))
    with pytest.raises(Conflict) as conflict:
        await dry.transact(TABLE, [Upsert(Row("p", "b", {"x": 1})), Insert(Row("p", "a", {"x": 1}))])
    assert conflict.value.index == 1
    assert await read(dry) == [("a", {"x": 0})]
