"""Replies that are lost after the service has done what was asked: the repetition meets what the first request did."""

import pytest
from azure.storage.queue.aio import QueueClient

from sync_core.errors import AlreadyExists, Missing, Stale
from sync_core.storage.azure import AzureQueues, AzureTables
from sync_core.storage.tables import Delete, Insert, Replace, Row, Upsert
from tests.storage.stub import Stub, reset, through


async def test_a_reply_lost_after_an_insert_shows_as_there_already(stub: Stub, tables: AzureTables, azurite: str) -> None:
    url, _, _ = azurite.partition("TableEndpoint=")[2].rpartition("/")
    stub.script = [through(url), through(url, then=reset), through(url), through(url)]
    await tables.create(["Lost"])
    with pytest.raises(AlreadyExists) as caught:
        await tables.transact("Lost", [Insert(Row("p", "1", {"x": 1})), Insert(Row("p", "2", {"x": 1}))])
    assert caught.value.index == 0
    row = await tables.get("Lost", "p", "2")
    assert row is not None
    assert row.values == {"x": 1}


async def test_a_reply_lost_after_an_upsert_is_made_good(stub: Stub, tables: AzureTables, azurite: str) -> None:
    url, _, _ = azurite.partition("TableEndpoint=")[2].rpartition("/")
    stub.script = [through(url), *[through(url, then=reset), through(url)] * 2, through(url)]
    await tables.create(["Lost"])
    await tables.transact("Lost", [Upsert(Row("p", "3", {"x": 1}))])
    etag = await tables.write("Lost", Upsert(Row("p", "3", {"x": 2})))
    assert await tables.get("Lost", "p", "3") == Row("p", "3", {"x": 2}, etag)


async def test_a_replacement_or_deletion_whose_reply_was_lost_meets_what_it_did(stub: Stub, tables: AzureTables, azurite: str) -> None:
    url, _, _ = azurite.partition("TableEndpoint=")[2].rpartition("/")
    stub.script = [through(url)] * 2
    await tables.create(["Lost"])
    etag = await tables.write("Lost", Upsert(Row("q", "1", {"x": 1})))
    stub.script = [through(url, then=reset), *[through(url)] * 2, through(url, then=reset), *[through(url)] * 2]
    with pytest.raises(Stale):
        await tables.write("Lost", Replace(Row("q", "1", {"x": 2}, etag)))
    row = await tables.get("Lost", "q", "1")
    assert row is not None
    assert row.values == {"x": 2}
    with pytest.raises(Missing):
        await tables.write("Lost", Delete("q", "1", row.etag))
    assert await tables.get("Lost", "q", "1") is None


async def test_a_message_whose_receipt_was_lost_is_there_twice_and_never_lost(stub: Stub, queues: AzureQueues, azurite: str) -> None:
    url, _, _ = azurite.partition("QueueEndpoint=")[2].partition(";")[0].rpartition("/")
    stub.script = [through(url, then=reset), through(url), through(url, then=reset), through(url)]
    await queues.create(["lost-receipts"])
    await queues.send("lost-receipts", "text")
    async with QueueClient.from_connection_string(azurite, "lost-receipts") as client:
        assert [message.content async for message in client.receive_messages()] == ["dGV4dA=="] * 2
