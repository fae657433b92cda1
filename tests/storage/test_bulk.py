"""Many rows at once: sought within as few requests as keys, written within the limits of transactions."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.errors import AlreadyExists, Conflict, Missing, Stale, Transient
from sync_core.storage.bulk import MAX_CONFLICTS, each, seek, seek_many, write_all
from sync_core.storage.memory import Call, MemoryTables
from sync_core.storage.tables import ANY, Delete, Insert, Operation, Replace, Row, Upsert
from sync_core.tally import tally
from tests.storage.conftest import TABLE, azure_on, rows_of
from tests.storage.prefixed import PrefixedTables


async def filled(keys: Sequence[str], *, page_rows: int = 0) -> MemoryTables:
    tables = MemoryTables(page_rows=(lambda: page_rows) if page_rows else None)
    await tables.create([TABLE])
    await write_all(tables, TABLE, [Insert(Row("p", key, {"x": key, "y": 1})) for key in keys])
    return tables


def numbered(count: int) -> list[str]:
    return [f"{number:05}" for number in range(count)]


KEYS = st.sets(st.text("abcü\uff5a😀", max_size=4), max_size=60)


@given(stored=KEYS, wanted=KEYS, page_rows=st.integers(0, 5))
async def test_seek_finds_what_is_there_with_no_more_requests_than_keys(stored: set[str], wanted: set[str], page_rows: int) -> None:
    tables = await filled(sorted(stored), page_rows=page_rows)
    with tally() as counts:
        found = await seek(tables, TABLE, "p", wanted, select=["x"])
    assert {key: row.values for key, row in found.items()} == {key: {"x": key} for key in stored & wanted}
    assert counts["tables"] <= len(wanted)


@pytest.mark.parametrize(
    ("wanted", "requests"),
    [
        (numbered(7), 7),
        (numbered(8), 1),
        (numbered(5000), 5),
        (numbered(5000)[100:300], 1),
        (["absent1", "absent2", *[f"z{number}" for number in range(20)]], 1),
        ([*numbered(5000)[::1000], "00001", "02001", "03001"], 8),
    ],
    ids=["few", "dense", "all", "a-stretch", "none-there", "scattered"],
)
async def test_seek_reads_ranges_where_they_pay(wanted: list[str], requests: int) -> None:
    tables = await filled(numbered(5000))
    with tally() as counts:
        found = await seek(tables, TABLE, "p", wanted)
    assert set(found) == set(wanted) & set(numbered(5000))
    assert counts["tables"] <= requests


@dataclass(frozen=True)
class CountingTables(PrefixedTables[MemoryTables]):
    """Counts the rows that queries bring."""

    brought: list[int] = field(default_factory=list[int])

    async def query(self, table: str, partition: str, **bounds: Any) -> AsyncIterator[list[Row]]:
        async for page in self.tables.query(table, partition, **bounds):
            self.brought.append(len(page))
            yield page


async def test_seek_leaves_ranges_that_bring_little() -> None:
    tables = CountingTables(await filled(numbered(20000)), "")
    assert len(await seek(tables, TABLE, "p", random.Random(1).sample(numbered(20000), 40))) == 40
    assert len(tables.brought) == 1, "a fifth of a percent of the rows is wanted: no second page is read for that"


async def test_rows_of_several_partitions_are_found_each_in_its_own() -> None:
    tables = await filled(["p1", "p2", "q1"])
    await tables.write(TABLE, Insert(Row("q", "q2", {"x": "there"})))
    found = await seek_many(tables, TABLE, ["p1", "q2", "p1", "q1", "r1"], lambda key: key[0])
    assert {(row.partition, key): row.values["x"] for key, row in found.items()} == {("p", "p1"): "p1", ("q", "q2"): "there"}


async def test_a_failing_read_is_raised_as_it_is() -> None:
    def cut(_point: str, _port: str, method: str, call: Call) -> None:
        if method == "get" and call.key == "b":
            raise Transient("away", retry_after=1)

    tables = MemoryTables(interrupt=cut)
    await tables.create([TABLE])
    with pytest.raises(Transient):
        await seek_many(tables, TABLE, ["a", "b"], lambda _: "p")


async def test_etags_come_in_the_order_given() -> None:
    tables = await filled([])
    operations: list[Operation] = [Upsert(Row(str(number % 7), f"{number:04}", {"x": number})) for number in range(1500)]
    with tally() as counts:
        etags = await write_all(tables, TABLE, operations)
    assert counts["tables"] == 7 * 3
    for partition in map(str, range(7)):
        assert [row.etag for row in await rows_of(tables, partition)] == etags[int(partition) :: 7]
    assert await write_all(tables, TABLE, [Delete("0", "0000"), Upsert(Row("1", "new", {}))]) != ["", ""]


@given(sizes=st.lists(st.sampled_from([1, 100, 30000, 200000, 700000]), max_size=40))
async def test_transactions_keep_within_the_limits_whatever_the_rows_weigh(sizes: list[int]) -> None:
    tables = await filled([])
    operations = [
        Upsert(Row("p", str(number), {f"x{part}": bytes(min(60000, size - part * 60000)) for part in range(-(-size // 60000))}))
        for number, size in enumerate(sizes)
    ]
    with tally() as counts:
        await write_all(tables, TABLE, operations)
    assert len(await rows_of(tables, "p")) == len(sizes)
    assert counts["tables"] <= 1 + sum(sizes) * 4 / 3 / (4 * 1024 * 1024 - 1_000_000)


async def test_at_most_so_many_transactions_are_under_way() -> None:
    running = most = 0

    async def slow(point: str, _port: str, method: str, _call: Call) -> None:
        nonlocal running, most
        if method != "transact":
            return
        running += 1 if point == "before" else -1
        most = max(most, running)
        await asyncio.sleep(0)

    tables = MemoryTables(interrupt=slow)
    await tables.create([TABLE])
    await write_all(tables, TABLE, [Upsert(Row("p", key, {})) for key in numbered(2000)], concurrency=3)
    assert most == 3


async def test_a_row_named_twice_is_refused() -> None:
    tables = await filled([])
    with pytest.raises(ValueError, match="once"):
        await write_all(tables, TABLE, [Upsert(Row("p", "a", {})), Delete("p", "a")])
    assert await rows_of(tables, "p") == []


async def test_a_conflict_names_the_place_in_the_whole() -> None:
    tables = await filled(["00150"])
    with pytest.raises(AlreadyExists) as caught:
        await write_all(tables, TABLE, [Insert(Row("p", key, {})) for key in numbered(200)])
    assert caught.value.index == 150
    assert len(await rows_of(tables, "p")) == 101, "the first transaction stays"


async def test_the_caller_may_replace_or_drop_what_meets_a_conflict() -> None:
    tables = await filled(["a", "b", "c"])
    seen: list[tuple[str, type[Conflict], int]] = []

    async def settle(operation: Operation, error: Conflict) -> Operation | None:
        assert not isinstance(operation, Delete)
        seen.append((operation.row.key, type(error), error.index))
        return None if operation.row.key == "a" else Upsert(operation.row)

    rows = [Row("p", key, {"x": "new"}, 'W/"old"') for key in ("z", "a", "b", "c", "absent", "q")]
    operations = [
        Insert(rows[0]),
        Insert(rows[1]),
        Insert(rows[2]),
        Replace(rows[3]),
        Replace(rows[4]),
        Insert(Row("q", "a", {"x": "new"})),
    ]
    etags = await write_all(tables, TABLE, operations, on_conflict=settle)

    assert seen == [("a", AlreadyExists, 1), ("b", AlreadyExists, 2), ("c", Stale, 3), ("absent", Missing, 4)]
    assert {row.key: row.values["x"] for row in await rows_of(tables, "p")} == {
        "a": "a",
        "absent": "new",
        "b": "new",
        "c": "new",
        "z": "new",
    }
    assert [bool(etag) for etag in etags] == [True, False, True, True, True, True]


async def test_a_share_of_which_nothing_is_left_is_not_sent() -> None:
    tables = await filled(["a"])

    async def drop(_operation: Operation, _error: Conflict) -> None:
        return None

    with tally() as counts:
        assert await write_all(tables, TABLE, [Insert(Row("p", "a", {}))], on_conflict=drop) == [""]
    assert counts["tables"] == 1


async def test_a_conflict_without_end_is_raised() -> None:
    tables = await filled(["a"])
    answers = 0

    async def insist(operation: Operation, _error: Conflict) -> Operation:
        nonlocal answers
        answers += 1
        return operation

    with pytest.raises(AlreadyExists):
        await write_all(tables, TABLE, [Insert(Row("p", "a", {}))], on_conflict=insist)
    assert answers == MAX_CONFLICTS


async def test_an_answer_about_another_row_is_refused() -> None:
    tables = await filled(["a"])

    async def stray(_operation: Operation, _error: Conflict) -> Operation:
        return Upsert(Row("p", "b", {}))

    with pytest.raises(ValueError, match="same row"):
        await write_all(tables, TABLE, [Insert(Row("p", "a", {}))], on_conflict=stray)


class Crash(BaseException):
    pass


async def test_the_first_error_cancels_the_rest_and_is_raised_as_it_is() -> None:
    ended: list[int] = []

    async def act(number: int) -> None:
        if number == 2:
            raise Crash
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ended.append(number)

    with pytest.raises(Crash):
        await each(range(10), act, concurrency=3)
    assert ended == []


async def test_rows_are_sought_and_written_on_azurite_too(azurite: str) -> None:
    azure = azure_on(azurite)
    await azure.create([TABLE])
    keys = numbered(1500)
    etags = await write_all(azure, TABLE, [Insert(Row("p", key, {"x": 1})) for key in keys])
    with tally() as counts:
        found = await seek(azure, TABLE, "p", [*keys[::2], "absent"])
    assert {key: row.etag for key, row in found.items()} == dict(zip(keys[::2], etags[::2], strict=True))
    assert counts == {"tables": 2}
    await write_all(azure, TABLE, [Replace(Row("p", key, {}, ANY)) for key in keys])
    await azure.tables.close()
