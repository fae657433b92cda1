"""Cuts in the in-memory ports: before a request nothing has happened, after it everything has."""

from datetime import UTC, datetime

import pytest

from sync_core.clock import MovableClock
from sync_core.storage.memory import Call, MemoryQueues, MemoryTables
from sync_core.storage.tables import Delete, Insert, Row, Upsert
from tests.storage.conftest import TABLE, rows_of


class Crash(BaseException):
    pass


class Cut:
    """Crashes at one point of one method; None lets everything pass. Keeps what it saw."""

    def __init__(self) -> None:
        self.at: tuple[str, str] | None = None
        self.seen: list[tuple[str, str, str, Call]] = []

    def __call__(self, point: str, port: str, method: str, call: Call) -> None:
        self.seen.append((point, port, method, call))
        if self.at == (point, method):
            raise Crash


@pytest.mark.parametrize("method", ["write", "transact"])
async def test_a_write_cut_before_is_not_there_and_one_cut_after_is(method: str) -> None:
    cut = Cut()
    tables = MemoryTables(interrupt=cut)
    await tables.create([TABLE])
    for key, point in (("a", "before"), ("b", "after")):
        cut.at = (point, method)
        with pytest.raises(Crash):
            await (
                tables.write(TABLE, Insert(Row("p", key, {}))) if method == "write" else tables.transact(TABLE, [Insert(Row("p", key, {}))])
            )
    cut.at = None
    assert [row.key for row in await rows_of(tables, "p")] == ["b"]


async def test_a_message_cut_after_is_sent_and_one_cut_before_is_not() -> None:
    cut = Cut()
    queues = MemoryQueues(MovableClock(datetime(2026, 1, 1, tzinfo=UTC)), interrupt=cut)
    await queues.create(["steps"])
    for body, point in (("x", "before"), ("y", "after")):
        cut.at = (point, "send")
        with pytest.raises(Crash):
            await queues.send("steps", body)
    assert queues.bodies("steps") == ["y"]


async def test_each_request_of_a_query_can_be_cut() -> None:
    cut = Cut()
    tables = MemoryTables(interrupt=cut)
    await tables.create([TABLE])
    await tables.transact(TABLE, [Insert(Row("p", key, {})) for key in "abc"])
    cut.seen.clear()
    assert len([page async for page in tables.query(TABLE, "p", page=2)]) == 2
    assert [(point, method) for point, _, method, _ in cut.seen] == [("before", "query"), ("after", "query")] * 2
    cut.at = ("after", "query")
    with pytest.raises(Crash):
        await anext(aiter(tables.query(TABLE, "p")))


async def test_a_cut_sees_what_the_request_is_about() -> None:
    cut = Cut()
    tables = MemoryTables(interrupt=cut)
    operations = (Upsert(Row("p", "a", {})), Delete("p", "b"))
    await tables.create([TABLE])
    await tables.write(TABLE, Upsert(Row("p", "b", {})))
    await tables.transact(TABLE, operations)
    assert cut.seen[-1] == ("after", "tables", "transact", Call(TABLE, "p", "a", operations))


async def test_a_cut_may_wait() -> None:
    waited: list[str] = []

    async def wait(point: str, _port: str, _method: str, _call: Call) -> None:
        waited.append(point)

    tables = MemoryTables(interrupt=wait)
    await tables.create([TABLE])
    assert waited == ["before", "after"]
