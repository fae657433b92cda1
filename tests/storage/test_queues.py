"""The contract of the queue port, and what only the in-memory one offers."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.queue import TextBase64DecodePolicy
from azure.storage.queue.aio import QueueClient

from sync_core.clock import MovableClock
from sync_core.errors import Misconfigured, Missing
from sync_core.storage.memory import MemoryQueues
from sync_core.storage.queues import Queues
from sync_core.tally import tally
from tests.storage.prefixed import PrefixedQueues

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "azurite"])
async def queues(request: pytest.FixtureRequest) -> AsyncIterator[Queues]:
    if request.param == "memory":
        yield MemoryQueues(MovableClock(NOON))
    else:
        from sync_core.storage.azure import Account, AzureQueues

        azure = AzureQueues(Account(request.getfixturevalue("azurite")))
        yield azure
        await azure.close()


async def test_a_queue_is_created_once_and_again(queues: Queues) -> None:
    with tally() as counts:
        await queues.create(["sync-begin", "sync-read"])
        await queues.create(["sync-begin"])
        await queues.send("sync-begin", "x")
    assert counts == {"queue": 4}


async def test_a_queue_that_was_never_created_is_a_mistake_of_ours(queues: Queues) -> None:
    with pytest.raises(Misconfigured):
        await queues.send("never-created", "x")


@pytest.mark.parametrize(("body", "delay"), [("x" * 49153, 0), ("ü" * 24577, 0), ("x", -1), ("x", 604801)])
async def test_messages_past_the_limits_are_refused_before_anything_is_sent(queues: Queues, body: str, delay: float) -> None:
    await queues.create(["limits"])
    with tally() as counts, pytest.raises(ValueError, match="a message"):
        await queues.send("limits", body, delay=delay)
    assert not counts


@pytest.mark.parametrize("name", ["", "ab", "Upper", "a--b", "-ab", "ab-", "a_b", "x" * 64])
async def test_a_queue_has_a_name_that_storage_accepts(queues: Queues, name: str) -> None:
    with pytest.raises(ValueError, match="queue name"):
        await queues.create([name])
    with pytest.raises(ValueError, match="queue name"):
        await queues.send(name, "x")


async def test_a_message_is_utf8_in_base64_as_the_functions_host_reads_it(azure_queues: PrefixedQueues, azurite: str) -> None:
    await azure_queues.create(["texts"])
    await azure_queues.send("texts", "ü 日本 😀")
    async with QueueClient.from_connection_string(azurite, azure_queues.prefix + "texts") as client:
        (message,) = [message async for message in client.receive_messages()]
    assert base64.b64decode(message.content).decode() == "ü 日本 😀"
    assert message.expires_on is not None
    assert message.expires_on.year > 9000, "a message waits as long as it must"


async def test_the_longest_message_arrives(azure_queues: PrefixedQueues, azurite: str) -> None:
    await azure_queues.create(["long"])
    await azure_queues.send("long", "ü" * 24576)
    client = QueueClient.from_connection_string(azurite, azure_queues.prefix + "long", message_decode_policy=TextBase64DecodePolicy())
    async with client:
        assert [message.content async for message in client.receive_messages()] == ["ü" * 24576]


async def test_a_delayed_message_is_there_but_not_yet_visible(azure_queues: PrefixedQueues, azurite: str) -> None:
    await azure_queues.create(["later"])
    await azure_queues.send("later", "a week", delay=604800)
    await azure_queues.send("later", "a moment", delay=0.5)
    async with QueueClient.from_connection_string(azurite, azure_queues.prefix + "later") as client:
        assert [message async for message in client.receive_messages()] == []
        assert (await client.get_queue_properties()).approximate_message_count == 2


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOON)


@pytest.fixture
async def memory(clock: MovableClock) -> MemoryQueues:
    queues = MemoryQueues(clock)
    await queues.create(["steps"])
    return queues


async def test_messages_appear_as_the_clock_moves(memory: MemoryQueues, clock: MovableClock) -> None:
    await memory.send("steps", "later", delay=9.5)
    await memory.send("steps", "now")
    assert [message.body for message in memory.receive("steps", limit=9)] == ["now"]
    assert memory.due() == NOON + timedelta(seconds=10)
    clock.at += timedelta(seconds=10)
    assert [message.body for message in memory.receive("steps", limit=9)] == ["later"]
    assert memory.bodies("steps") == ["later", "now"]


async def test_a_message_that_is_not_deleted_comes_again_and_counts_its_deliveries(memory: MemoryQueues, clock: MovableClock) -> None:
    await memory.send("steps", "x")
    (first,) = memory.receive("steps", visibility=600)
    assert memory.receive("steps") == []
    clock.at += timedelta(seconds=600)
    (second,) = memory.receive("steps")
    assert (first.dequeues, second.dequeues) == (1, 2)
    with pytest.raises(Missing):
        memory.delete(first)
    memory.delete(second)
    with pytest.raises(Missing):
        memory.delete(second)
    assert memory.due() is None


async def test_a_released_message_comes_again_at_once(memory: MemoryQueues) -> None:
    await memory.send("steps", "x")
    (message,) = memory.receive("steps")
    memory.release(message)
    assert [again.dequeues for again in memory.receive("steps")] == [2]
