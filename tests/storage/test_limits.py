"""The limits of rows, keys and names: kept by every implementation of the table port before anything is sent."""

from datetime import UTC, datetime

import pytest

from sync_core.storage.azure import Account, AzureTables
from sync_core.storage.memory import MemoryTables
from sync_core.storage.tables import ANY, Delete, Insert, Operation, Replace, Row, Tables, Upsert, Value
from sync_core.tally import tally
from tests.storage.conftest import TABLE, rows_of


@pytest.mark.parametrize("key", ["a/b", "a\\b", "a#b", "a?b", "a\tb", "\x00", "\x7f", "\x85", "k" * 513, "😀" * 257])
async def test_forbidden_keys_are_refused_before_anything_is_sent(tables: Tables, key: str) -> None:
    operations: list[Operation] = [Insert(Row("p", key, {})), Upsert(Row(key, "k", {})), Delete("p", key)]
    with tally() as counts:
        for operation in operations:
            with pytest.raises(ValueError, match="key"):
                await tables.write(TABLE, operation)
            with pytest.raises(ValueError, match="key"):
                await tables.transact(TABLE, [operation])
        with pytest.raises(ValueError, match="key"):
            await tables.get(TABLE, "p", key)
        with pytest.raises(ValueError, match="key"):
            await anext(aiter(tables.query(TABLE, key)))
    assert not counts


@pytest.mark.parametrize(
    "values",
    [
        {"x": None},
        {"x": ["list"]},
        {"x": 2**63},
        {"x": -(2**63) - 1},
        {"x": datetime(2026, 1, 1)},  # noqa: DTZ001 (that is the point)
        {"x": datetime(1600, 12, 31, tzinfo=UTC)},
        {"x": "x" * 32769},
        {"x": "😀" * 16385},
        {"x": "\ud800"},
        {"x": bytes(65537)},
        {"with-hyphen": 1},
        {"RowKey": "k"},
        {"Timestamp": 1},
        {"x" * 256: 1},
        {f"x{number}": number for number in range(253)},
        {f"x{number}": bytes(65536) for number in range(16)},
        {f"x{number}": "ü" * 32768 for number in range(16)},
    ],
    ids=lambda values: f"{next(iter(values))[:12]}-{str(next(iter(values.values())))[:12]}-{len(values)}",
)
async def test_values_past_the_limits_are_refused_before_anything_is_sent(tables: Tables, values: dict[str, Value]) -> None:
    row = Row("p", "k", values, ANY)
    with tally() as counts:
        for operation in (Insert(row), Upsert(row), Replace(row)):
            with pytest.raises(ValueError):  # noqa: PT011 (each limit has its own words)
                await tables.write(TABLE, operation)
            with pytest.raises(ValueError):  # noqa: PT011
                await tables.transact(TABLE, [operation])
    assert not counts


async def test_values_at_the_limits_are_kept(tables: Tables) -> None:
    values: dict[str, Value] = {
        "text": "x" * 32768,
        "emoji": "😀" * 16384,
        "bytes": bytes(65536),
        "moment": datetime(1601, 1, 1, tzinfo=UTC),
    }
    values |= {f"x{number}": number for number in range(252 - len(values))}
    await tables.write(TABLE, Insert(Row("p" * 512, "k" * 512, values)))
    row = await tables.get(TABLE, "p" * 512, "k" * 512)
    assert row is not None
    assert row.values == values


@pytest.mark.parametrize("character", ["ü", "日", "😀"])
async def test_long_text_past_ascii_is_kept_whole(tables: Tables, character: str) -> None:
    values: dict[str, Value] = {f"x{number}": "x" * number + character * 15000 for number in range(7)}
    await tables.write(TABLE, Insert(Row("p", "single", values)))
    await tables.transact(TABLE, [Insert(Row("p", "transaction", values))])
    assert [row.values for row in await rows_of(tables, "p")] == [values, values]


async def test_a_row_of_nearly_a_mebibyte_is_kept(tables: Tables) -> None:
    values: dict[str, Value] = {f"x{number}": bytes(65500) for number in range(16)}
    await tables.transact(TABLE, [Insert(Row("p", "k", values))])
    row = await tables.get(TABLE, "p", "k")
    assert row is not None
    assert row.values == values


@pytest.mark.parametrize("etag", ["", 'W/"x"\r\nX-Other: y', "ü"])
async def test_replace_and_delete_need_an_etag_that_a_header_can_carry(tables: Tables, etag: str) -> None:
    for operation in (Replace(Row("p", "k", {}, etag)), Delete("p", "k", etag)):
        with pytest.raises(ValueError, match="ETag"):
            await tables.write(TABLE, operation)
        with pytest.raises(ValueError, match="ETag"):
            await tables.transact(TABLE, [operation])


@pytest.mark.parametrize("table", ["", "ab", "1abc", "with-hyphen", "a/b", "x" * 64])
async def test_a_table_has_a_name_that_storage_accepts(azurite: str, table: str) -> None:
    azure = AzureTables(Account(azurite))
    for port in (MemoryTables(), azure):
        with pytest.raises(ValueError, match="table name"):
            await port.create([table])
        with pytest.raises(ValueError, match="table name"):
            await port.get(table, "p", "k")
    await azure.close()


@pytest.mark.parametrize("page", [0, 1001])
async def test_a_page_has_1_to_1000_rows(tables: Tables, page: int) -> None:
    with pytest.raises(ValueError, match="page"):
        await anext(aiter(tables.query(TABLE, "p", page=page)))
