"""The contract of the table port: what every implementation does with single rows and queries."""

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import cast

import pytest

from sync_core.errors import AlreadyExists, Misconfigured, Missing, Stale
from sync_core.storage.tables import ANY, Delete, Insert, Operation, Replace, Row, Tables, Upsert, Value
from sync_core.tally import tally
from tests.storage.conftest import TABLE, rows_of

ODD_KEYS = ["it's", "''", "50%", "%27", "a+b", "a b", "k=v&x", "~meta", "ü", "日本", "😀", "(x)", "{y}", '"', "a,b;c:d@e", "\u00a0"]


async def test_a_row_reads_as_it_was_written_with_each_type(tables: Tables) -> None:
    values: dict[str, Value] = {
        "text": 'it\'s ü 日本 😀 \r\n--changeset_rows\r\n"quoted" \\ \x7f',
        "empty": "",
        "yes": True,
        "no": False,
        "zero": 0,
        "int32": -(2**31),
        "int64": 2**31,
        "largest": 2**63 - 1,
        "smallest": -(2**63),
        "whole": 1.0,
        "fraction": -0.1,
        "huge": 1e300,
        "infinite": -math.inf,
        "bytes": bytes(range(256)),
        "none": b"",
        "moment": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        "whole_second": datetime(2026, 1, 2, tzinfo=UTC),
    }
    etag = await tables.write(TABLE, Insert(Row("p", "k", values)))

    row = await tables.get(TABLE, "p", "k")

    assert row is not None
    assert row == Row("p", "k", values, etag)
    assert {name: type(value) for name, value in row.values.items()} == {name: type(value) for name, value in values.items()}
    assert await rows_of(tables, "p") == [row]


async def test_not_a_number_is_kept(tables: Tables) -> None:
    await tables.write(TABLE, Insert(Row("p", "k", {"x": math.nan})))
    row = await tables.get(TABLE, "p", "k")
    assert row is not None
    assert math.isnan(cast("float", row.values["x"]))


async def test_a_moment_comes_back_in_utc(tables: Tables) -> None:
    moment = datetime(2026, 6, 1, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    await tables.write(TABLE, Upsert(Row("p", "k", {"at": moment})))
    row = await tables.get(TABLE, "p", "k")
    assert row is not None
    assert cast("datetime", row.values["at"]).isoformat() == "2026-06-01T06:30:00.000001+00:00"


@pytest.mark.parametrize("key", ODD_KEYS)
async def test_odd_characters_in_keys_are_taken_literally(tables: Tables, key: str) -> None:
    etag = await tables.write(TABLE, Insert(Row(key, key, {"x": key})))
    row = Row(key, key, {"x": key}, etag)
    assert await tables.get(TABLE, key, key) == row
    assert await rows_of(tables, key) == [row]
    assert [page async for page in tables.query(TABLE, key, start=key, end=key)] == [[row]]
    (etag,) = await tables.transact(TABLE, [Replace(Row(key, key, {"x": 1}, row.etag))])
    assert await tables.get(TABLE, key, key) == Row(key, key, {"x": 1}, etag)
    await tables.write(TABLE, Delete(key, key, etag))
    assert await tables.get(TABLE, key, key) is None


async def test_an_empty_key_is_a_key(tables: Tables) -> None:
    etag = await tables.write(TABLE, Insert(Row("", "", {"x": 1})))
    assert await tables.get(TABLE, "", "") == Row("", "", {"x": 1}, etag)
    assert await tables.transact(TABLE, [Delete("", "")]) == [""]


async def test_insert_refuses_a_taken_key(tables: Tables) -> None:
    await tables.write(TABLE, Insert(Row("p", "k", {"x": 1})))
    with pytest.raises(AlreadyExists) as caught:
        await tables.write(TABLE, Insert(Row("p", "k", {"x": 2})))
    assert caught.value.index == 0
    assert [row.values for row in await rows_of(tables, "p")] == [{"x": 1}]


async def test_upsert_takes_the_place_of_the_whole_row(tables: Tables) -> None:
    await tables.write(TABLE, Upsert(Row("p", "k", {"x": 1, "y": 2})))
    await tables.write(TABLE, Upsert(Row("p", "k", {"x": 3})))
    assert [row.values for row in await rows_of(tables, "p")] == [{"x": 3}]


async def test_replace_wants_the_etag_that_was_read(tables: Tables) -> None:
    first = await tables.write(TABLE, Insert(Row("p", "k", {"x": 1})))
    second = await tables.write(TABLE, Replace(Row("p", "k", {"x": 2}, first)))
    assert second != first
    with pytest.raises(Stale):
        await tables.write(TABLE, Replace(Row("p", "k", {"x": 3}, first)))
    await tables.write(TABLE, Replace(Row("p", "k", {"x": 4}, ANY)))
    assert [row.values for row in await rows_of(tables, "p")] == [{"x": 4}]


async def test_delete_wants_the_etag_that_was_read(tables: Tables) -> None:
    first = await tables.write(TABLE, Insert(Row("p", "k", {})))
    second = await tables.write(TABLE, Upsert(Row("p", "k", {})))
    with pytest.raises(Stale):
        await tables.write(TABLE, Delete("p", "k", first))
    assert await tables.write(TABLE, Delete("p", "k", second)) == ""
    assert await tables.get(TABLE, "p", "k") is None


@pytest.mark.parametrize("operation", [Replace(Row("p", "k", {}, ANY)), Delete("p", "k")])
async def test_what_is_not_there_can_be_neither_replaced_nor_deleted(tables: Tables, operation: Operation) -> None:
    with pytest.raises(Missing):
        await tables.write(TABLE, operation)
    with pytest.raises(Missing):
        await tables.transact(TABLE, [operation])


async def test_a_table_that_was_never_created_is_a_mistake_of_ours(tables: Tables) -> None:
    with pytest.raises(Misconfigured):
        await tables.get("Elsewhere", "p", "k")
    with pytest.raises(Misconfigured):
        await tables.write("Elsewhere", Insert(Row("p", "k", {})))
    with pytest.raises(Misconfigured):
        await anext(aiter(tables.query("Elsewhere", "p")))


async def test_creating_a_table_again_keeps_its_rows(tables: Tables) -> None:
    await tables.write(TABLE, Insert(Row("p", "k", {})))
    await tables.create([TABLE, "Others"])
    assert len(await rows_of(tables, "p")) == 1


async def test_a_query_brings_one_partition_in_key_order(tables: Tables) -> None:
    keys = ["b", "a", "aa", "B", "10", "9", "~"]
    for key in keys:
        await tables.write(TABLE, Insert(Row("p", key, {})))
    await tables.write(TABLE, Insert(Row("q", "c", {})))
    assert [row.key for row in await rows_of(tables, "p")] == ["10", "9", "B", "a", "aa", "b", "~"]


async def test_characters_past_the_basic_plane_sort_by_their_utf16_units(tables: Tables) -> None:
    await tables.transact(TABLE, [Insert(Row("p", key, {})) for key in ("\uff5a", "😀", "z")])
    assert [row.key for row in await rows_of(tables, "p")] == ["z", "😀", "\uff5a"]


@pytest.mark.parametrize(
    ("start", "end", "keys"),
    [
        ("", "", "abcde"),
        ("b", "", "bcde"),
        ("bb", "", "cde"),
        ("", "d", "abcd"),
        ("", "dd", "abcd"),
        ("b", "b", "b"),
        ("c", "b", ""),
        ("x", "", ""),
    ],
)
async def test_bounds_of_a_query_belong_to_it(tables: Tables, start: str, end: str, keys: str) -> None:
    await tables.transact(TABLE, [Insert(Row("p", key, {})) for key in "abcde"])
    pages = [page async for page in tables.query(TABLE, "p", start=start, end=end)]
    assert "".join(row.key for page in pages for row in page) == keys
    assert all(pages), "a page is never empty"


async def test_pages_have_at_most_the_rows_asked_for(tables: Tables) -> None:
    await tables.transact(TABLE, [Insert(Row("p", f"{number:02}", {})) for number in range(10)])
    pages = [page async for page in tables.query(TABLE, "p", page=4)]
    assert max(map(len, pages)) <= 4
    assert [row.key for page in pages for row in page] == [f"{number:02}" for number in range(10)]


async def test_select_brings_keys_etags_and_the_named_properties_that_are_there(tables: Tables) -> None:
    etag = await tables.write(TABLE, Insert(Row("p", "k", {"x": 1, "y": 2**40, "z": "z"})))
    pages = [page async for page in tables.query(TABLE, "p", select=["y", "absent"])]
    assert pages == [[Row("p", "k", {"y": 2**40}, etag)]]


async def test_rows_written_while_a_query_goes_on_do_not_disturb_it(tables: Tables) -> None:
    await tables.transact(TABLE, [Insert(Row("p", key, {})) for key in "bdf"])
    seen: list[str] = []
    async for page in tables.query(TABLE, "p", page=1):
        seen += [row.key for row in page]
        if page[0].key == "b":
            await tables.transact(TABLE, [Insert(Row("p", "a", {})), Insert(Row("p", "e", {})), Delete("p", "d")])
    assert seen == ["b", "e", "f"]


@pytest.mark.parametrize(
    ("first", "last", "start", "end", "found"),
    [
        ("A", "C", "", "", "Aa Ab A~ Ba B~ Ca Cb Cc"),
        ("A", "C", "", "b", "Aa Ab Ba Ca Cb"),
        ("A", "C", "b", "c", "Ab Cb Cc"),
        ("B", "BB", "", "", "Ba B~"),
        ("B", "A", "", "", ""),
        ("", "B", "b", "", "Ab A~ B~"),
        ("D", "Z", "", "", ""),
    ],
)
@pytest.mark.parametrize("page", [1, 2, 3, 100])
async def test_a_span_brings_partitions_in_order_and_the_bounded_keys_of_each(
    tables: Tables, first: str, last: str, start: str, end: str, found: str, page: int
) -> None:
    for partition, keys in (("C", "cab"), ("A", "~ba"), ("B", "~a")):
        await tables.transact(TABLE, [Insert(Row(partition, key, {"x": partition + key})) for key in keys])
    pages = [rows async for rows in tables.span(TABLE, first, last, start=start, end=end, page=page)]
    assert " ".join(row.partition + row.key for rows in pages for row in rows) == found
    assert all(row.values == {"x": row.partition + row.key} and row.etag for rows in pages for row in rows)
    assert all(0 < len(rows) <= page for rows in pages)


async def test_a_span_is_one_request_a_page(tables: Tables) -> None:
    for partition in "ABCDEFGH":
        await tables.transact(TABLE, [Insert(Row(partition, f"{number}", {})) for number in range(3)])
    with tally() as counts:
        pages = [len(rows) async for rows in tables.span(TABLE, "A", "H", page=10)]
    assert (sum(pages), counts["tables"]) == (24, len(pages))


async def test_every_request_is_counted(tables: Tables) -> None:
    with tally() as counts:
        await tables.write(TABLE, Insert(Row("p", "a", {})))
        await tables.transact(TABLE, [Insert(Row("p", "b", {})), Insert(Row("p", "c", {}))])
        await tables.get(TABLE, "p", "absent")
        pages = [page async for page in tables.query(TABLE, "p", page=1)]
        assert not [page async for page in tables.query(TABLE, "absent")]
    assert len(pages) == 3
    assert counts == {"tables": 1 + 1 + 1 + 3 + 1}
