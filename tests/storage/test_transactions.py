"""Entity-group transactions: the contract of every implementation, and the same outcome as the SDK's own transactions."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_core.errors import AlreadyExists, Conflict, Misconfigured, Missing, Stale
from sync_core.storage.azure import AzureTables
from sync_core.storage.memory import MemoryTables
from sync_core.storage.tables import ANY, Delete, Insert, Operation, Replace, Row, Tables, Upsert, Value
from sync_core.tally import tally
from tests.storage.conftest import TABLE, rows_of
from tests.storage.prefixed import PrefixedTables
from tests.storage.sdk import SdkTable, sdk_table


async def contents(tables: Tables, partition: str = "p") -> dict[str, Value]:
    return {row.key: row.values["x"] for row in await rows_of(tables, partition)}


async def test_one_operation_of_each_kind_and_their_etags_in_order(tables: Tables) -> None:
    first = await tables.transact(TABLE, [Insert(Row("p", key, {"x": 1})) for key in ("b", "c", "d")])
    etags = await tables.transact(
        TABLE,
        [
            Insert(Row("p", "a", {"x": 2})),
            Upsert(Row("p", "b", {"x": 2})),
            Replace(Row("p", "c", {"x": 2}, first[1])),
            Delete("p", "d", first[2]),
        ],
    )
    assert etags[3] == ""
    assert {row.key: row.etag for row in await rows_of(tables, "p")} == dict(zip("abc", etags, strict=False))
    assert await contents(tables) == {"a": 2, "b": 2, "c": 2}


async def test_a_hundred_operations_are_one_request(tables: Tables) -> None:
    operations = [Insert(Row("p", f"{number:03}", {"x": number})) for number in range(100)]
    with tally() as counts:
        etags = await tables.transact(TABLE, operations)
    assert counts == {"tables": 1}
    assert [row.etag for row in await rows_of(tables, "p")] == etags
    assert await contents(tables) == {f"{number:03}": number for number in range(100)}


@pytest.mark.parametrize("place", [0, 1, 10, 99])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Insert(Row("p", "taken", {"x": "new"})), AlreadyExists),
        (Replace(Row("p", "taken", {"x": "new"}, 'W/"stale"')), Stale),
        (Delete("p", "taken", 'W/"stale"'), Stale),
        (Replace(Row("p", "absent", {"x": "new"}, ANY)), Missing),
        (Delete("p", "absent"), Missing),
    ],
    ids=["insert-taken", "replace-stale", "delete-stale", "replace-absent", "delete-absent"],
)
async def test_one_operation_at_fault_undoes_all_and_is_named(tables: Tables, fault: Operation, error: type[Conflict], place: int) -> None:
    await tables.write(TABLE, Insert(Row("p", "taken", {"x": "old"})))
    await tables.write(TABLE, Insert(Row("p", "deleted", {"x": "old"})))
    operations: list[Operation] = [Insert(Row("p", f"{number:03}", {"x": number})) for number in range(99)]
    operations[50] = Delete("p", "deleted")
    operations.insert(place, fault)

    with pytest.raises(error) as caught:
        await tables.transact(TABLE, operations)

    assert caught.value.index == place
    assert await contents(tables) == {"taken": "old", "deleted": "old"}


async def test_the_first_of_several_faults_is_named(tables: Tables) -> None:
    await tables.write(TABLE, Insert(Row("p", "taken", {"x": "old"})))
    with pytest.raises(Stale) as caught:
        await tables.transact(TABLE, [Insert(Row("p", "a", {})), Delete("p", "taken", 'W/"stale"'), Delete("p", "absent")])
    assert caught.value.index == 1


async def test_any_etag_will_do_for_a_star(tables: Tables) -> None:
    await tables.write(TABLE, Insert(Row("p", "a", {"x": 1})))
    await tables.write(TABLE, Insert(Row("p", "b", {"x": 1})))
    await tables.transact(TABLE, [Replace(Row("p", "a", {"x": 2}, ANY)), Delete("p", "b", ANY)])
    assert await contents(tables) == {"a": 2}


@pytest.mark.parametrize(
    "operations",
    [
        [],
        [Upsert(Row("p", f"{number:03}", {})) for number in range(101)],
        [Upsert(Row("p", "a", {})), Upsert(Row("q", "b", {}))],
        [Upsert(Row("p", "a", {})), Delete("p", "a")],
        [Upsert(Row("p", "a", {})), Upsert(Row("p", "b/c", {}))],
        [Upsert(Row("p", f"{number:03}", {f"x{part}": bytes(65000) for part in range(15)})) for number in range(5)],
    ],
    ids=["none", "101", "two-partitions", "one-row-twice", "forbidden-key", "4-mebibytes"],
)
async def test_a_transaction_past_the_limits_is_refused_before_anything_is_sent(tables: Tables, operations: Sequence[Operation]) -> None:
    with tally() as counts, pytest.raises(ValueError):  # noqa: PT011 (each limit has its own words)
        await tables.transact(TABLE, operations)
    assert not counts
    assert await rows_of(tables, "p") == []


async def test_a_transaction_of_nearly_4_mebibytes_is_applied(tables: Tables) -> None:
    values: dict[str, Value] = {f"x{part}": bytes(65000) for part in range(12)}
    operations = [Upsert(Row("p", f"{number:03}", values)) for number in range(4)]
    await tables.transact(TABLE, operations)
    assert [row.values == values for row in await rows_of(tables, "p")] == [True] * 4


async def test_text_that_looks_like_the_wire_format_is_only_text(tables: Tables) -> None:
    texts = ["\r\n--changeset_rows--\r\n", "HTTP/1.1 409 Conflict", '{"odata.error":{"code":"x"}}', "\n0:\r\nETag: x", "'", "%27", "}{"]
    await tables.transact(TABLE, [Insert(Row("p", str(number), {"x": text})) for number, text in enumerate(texts)])
    assert list((await contents(tables)).values()) == texts


async def test_a_transaction_on_a_table_never_created_is_a_mistake_of_ours(tables: Tables) -> None:
    with pytest.raises(Misconfigured):
        await tables.transact("Elsewhere", [Insert(Row("p", "k", {}))])


KEYS = st.sampled_from(["a", "b", "it's 100% ü", "d"])
VALUES = st.dictionaries(
    st.sampled_from(["x", "y", "z"]),
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        st.integers(-(2**31), 2**31 - 1),
        st.booleans(),
        st.binary(max_size=20),
        st.floats(allow_nan=False),
        st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (bounds are naive here)
    ),
)
type Planned = tuple[str, str, str, dict[str, Value]]
"""What to do, to which row, with which ETag (the current one, one that is old, "*"), with which values."""
PLAN = st.lists(
    st.tuples(st.sampled_from(["insert", "upsert", "replace", "delete"]), KEYS, st.sampled_from(["current", "old", ANY]), VALUES),
    min_size=1,
    max_size=4,
    unique_by=lambda planned: planned[1],
)


def operations_of(plan: Sequence[Planned], partition: str, etags: dict[str, str]) -> list[Operation]:
    operations: list[Operation] = []
    for kind, key, which, values in plan:
        etag = {"current": etags.get(key, 'W/"none"'), "old": 'W/"old"', ANY: ANY}[which]
        row = Row(partition, key, values, etag)
        match kind:
            case "insert":
                operations.append(Insert(row))
            case "upsert":
                operations.append(Upsert(row))
            case "replace":
                operations.append(Replace(row))
            case _:
                operations.append(Delete(partition, key, etag))
    return operations


async def outcome(tables: Tables, partition: str, plans: Sequence[Sequence[Planned]]) -> list[object]:
    """What each transaction came to, and the rows that they left."""
    seen: list[object] = []
    for plan in plans:
        etags = {row.key: row.etag for row in await rows_of(tables, partition)}
        try:
            await tables.transact(TABLE, operations_of(plan, partition, etags))
            seen.append("done")
        except Conflict as conflict:
            seen.append(f"{type(conflict).__name__} {conflict.index}")
        seen.append([(row.key, dict(row.values)) for row in await rows_of(tables, partition)])
    return seen


async def sdk_outcome(tables: Tables, sdk: SdkTable, partition: str, plans: Sequence[Sequence[Planned]]) -> list[object]:
    seen: list[object] = []
    for plan in plans:
        etags = {row.key: row.etag for row in await rows_of(tables, partition)}
        seen.append(await sdk.transact(operations_of(plan, partition, etags)))
        seen.append(await sdk.rows(partition))
    return seen


@given(plans=st.lists(PLAN, min_size=1, max_size=3))
@settings(max_examples=settings.default.max_examples // 2 if settings.default else 25)
async def test_transactions_by_hand_in_memory_and_by_the_sdk_come_to_the_same(
    azure_tables: PrefixedTables[AzureTables], azurite: str, plans: list[list[Planned]]
) -> None:
    memory = MemoryTables()
    for port in (memory, azure_tables):
        await port.create([TABLE])
    async with sdk_table(azurite, azure_tables.prefix + TABLE) as sdk:
        expected = await outcome(memory, "p", plans)
        assert await outcome(azure_tables, "hand" + secrets.token_hex(4), plans) == expected
        assert await sdk_outcome(azure_tables, sdk, "sdk" + secrets.token_hex(4), plans) == expected
