"""What storage does on a bad day: throttling, broken connections, short pages, answers that make no sense."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from sync_core.errors import Misconfigured, Stale, Transient
from sync_core.storage import account
from sync_core.storage.azure import Account, AzureQueues, AzureTables
from sync_core.storage.retry import Retry
from sync_core.storage.tables import Insert, Row
from sync_core.tally import tally
from tests.storage.conftest import TABLE
from tests.storage.faults.conftest import RETRY
from tests.storage.stub import Answer, Stub, reply, reset, truncated

PAGE = '{"value":[%s]}'
ONE, TWO = '{"RowKey":"1","odata.etag":"e1"}', '{"RowKey":"2","odata.etag":"e2"}'
TOKEN = {"x-ms-continuation-NextPartitionKey": "1!8!cA--", "x-ms-continuation-NextRowKey": "1!4!Mg+/="}


def inside(*parts: str) -> Answer:
    """A 202 with these answers to the operations of a transaction."""
    head = "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
    part = "--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    body = head + "".join(f"{part}HTTP/1.1 {text}\r\n" for text in parts) + "--changesetresponse_1--\r\n--batchresponse_1--\r\n"
    return reply(202, body, {"Content-Type": "multipart/mixed; boundary=batchresponse_1"})


def refused(status: str, code: str, message: str) -> str:
    error = f'{{"odata.error":{{"code":"{code}","message":{{"lang":"en-US","value":"{message}\\nRequestId:1"}}}}}}'
    return f"{status}\r\nDataServiceVersion: 3.0;\r\nContent-Type: application/json;odata=minimalmetadata\r\n\r\n{error}"


DONE = "204 No Content\r\nDataServiceVersion: 1.0;\r\nETag: W/\"datetime'2026'\"\r\n\r\n"


async def test_a_query_follows_its_tokens_through_short_and_empty_pages(stub: Stub, tables: AzureTables) -> None:
    stub.script = [
        reply(200, PAGE % "", TOKEN),
        reply(200, PAGE % ONE, TOKEN),
        reply(200, PAGE % "", {"x-ms-continuation-NextPartitionKey": "only"}),
        reply(200, PAGE % TWO, TOKEN),
        reply(200, PAGE % ""),
    ]
    with tally() as counts:
        pages = [page async for page in tables.query(TABLE, "it's", start="a", end="b", select=["x"], page=7)]
    assert pages == [[Row("it's", "1", {}, "e1")], [Row("it's", "2", {}, "e2")]]
    assert counts == {"tables": 5}
    asked = {"$filter": "PartitionKey eq 'it''s' and RowKey ge 'a' and RowKey le 'b'", "$select": "RowKey,x", "$top": "7"}
    token = {"NextPartitionKey": "1!8!cA--", "NextRowKey": "1!4!Mg+/="}
    assert [dict(request.query) for request in stub.requests] == [
        asked,
        asked | token,
        asked | token,
        asked | {"NextPartitionKey": "only"},
        asked | token,
    ]


async def test_rows_of_several_partitions_come_whole_through_pages_that_end_where_a_partition_does(stub: Stub, tables: AzureTables) -> None:
    row = '{"PartitionKey":"%s","RowKey":"%s","odata.etag":"e"}'
    stub.script = [
        reply(200, PAGE % (row % ("a", "1")), {"x-ms-continuation-NextPartitionKey": "b"}),
        reply(200, PAGE % "", TOKEN),
        reset,
        reply(200, PAGE % (row % ("b", "1"))),
    ]
    assert [page async for page in tables.span(TABLE, "a", "b")] == [[Row("a", "1", {}, "e")], [Row("b", "1", {}, "e")]]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_busy_service_is_asked_again(stub: Stub, tables: AzureTables, status: int) -> None:
    stub.script = [reply(status), reply(status), reply(status), reply(200, ONE)]
    with tally() as counts:
        assert await tables.get(TABLE, "p", "1") == Row("p", "1", {}, "e1")
    assert counts == {"tables": 4}


async def test_a_service_that_stays_busy_is_left_for_later(stub: Stub, tables: AzureTables) -> None:
    stub.script = [reply(503)] * 9
    with tally() as counts, pytest.raises(Transient) as caught:
        await tables.write(TABLE, Insert(Row("p", "1", {})))
    assert caught.value.retry_after == 7
    assert counts == {"tables": 4}


async def test_a_service_that_asks_for_a_long_pause_gets_it(stub: Stub, tables: AzureTables) -> None:
    stub.script = [reply(503, headers={"Retry-After": "120"})]
    with pytest.raises(Transient) as caught:
        await tables.get(TABLE, "p", "1")
    assert caught.value.retry_after == 120
    assert len(stub.requests) == 1


async def test_a_busy_answer_inside_a_transaction_is_asked_again(stub: Stub, tables: AzureTables) -> None:
    stub.script = [
        inside(refused("503 Service Unavailable", "ServerBusy", "0:The server is busy.")),
        inside(refused("500 Internal Server Error", "OperationTimedOut", "1:Operation could not be completed.")),
        inside(DONE, DONE),
    ]
    with tally() as counts:
        etags = await tables.transact(TABLE, [Insert(Row("p", "1", {})), Insert(Row("p", "2", {}))])
    assert etags == ["W/\"datetime'2026'\""] * 2
    assert counts == {"tables": 3}


async def test_a_transaction_that_stays_busy_inside_is_left_for_later(stub: Stub, tables: AzureTables) -> None:
    stub.script = [inside(refused("503 Service Unavailable", "ServerBusy", "0:The server is busy."))] * 9
    with pytest.raises(Transient) as caught:
        await tables.transact(TABLE, [Insert(Row("p", "1", {}))])
    assert caught.value.retry_after == 7
    assert len(stub.requests) == 4


async def test_a_conflict_inside_a_transaction_is_not_asked_again(stub: Stub, tables: AzureTables) -> None:
    stub.script = [inside(refused("412 Precondition Failed", "UpdateConditionNotSatisfied", "17:The condition was not satisfied."))]
    with pytest.raises(Stale) as caught:
        await tables.transact(TABLE, [Insert(Row("p", str(number), {})) for number in range(20)])
    assert caught.value.index == 17


async def test_too_few_answers_to_a_transaction_are_no_success(stub: Stub, tables: AzureTables) -> None:
    stub.script = [inside(DONE), reply(202, "nothing of the kind"), inside(DONE, DONE)]
    assert len(await tables.transact(TABLE, [Insert(Row("p", "1", {})), Insert(Row("p", "2", {}))])) == 2


async def test_a_transaction_is_sent_again_unchanged_after_a_broken_connection(stub: Stub, tables: AzureTables) -> None:
    stub.script = [reset, truncated, inside(DONE)]
    with tally() as counts:
        await tables.transact(TABLE, [Insert(Row("p", "1", {"x": "y"}))])
    assert len({await request.read() for request in stub.requests}) == 1
    assert counts == {"tables": 3}


async def test_an_answer_cut_off_is_asked_for_again(stub: Stub, tables: AzureTables) -> None:
    stub.script = [truncated, reply(200, PAGE % ONE)]
    assert [page async for page in tables.query(TABLE, "p")] == [[Row("p", "1", {}, "e1")]]


async def test_a_service_that_is_away_is_transient(tables: AzureTables, stub: Stub) -> None:
    stub.script = [reset] * 9
    with pytest.raises(Transient):
        await tables.get(TABLE, "p", "1")
    away = AzureTables(Account(re.sub(r"127.0.0.1:\d+", "127.0.0.1:1", stub.connection_string)), retry=RETRY)
    with pytest.raises(Transient):
        await away.get(TABLE, "p", "1")
    await away.close()


XML = '<?xml version="1.0"?><m:error xmlns:m="x"><m:code>AuthenticationFailed</m:code><m:message xml:lang="en">No.</m:message></m:error>'


@pytest.mark.parametrize(("status", "body"), [(403, XML), (401, ""), (403, '{"odata.error":{"code":"AuthorizationFailure"}}')])
async def test_a_refused_credential_says_what_to_check(stub: Stub, tables: AzureTables, status: int, body: str) -> None:
    stub.script = [reply(status, body)]
    with pytest.raises(Misconfigured, match="connection string"):
        await tables.get(TABLE, "p", "1")
    assert len(stub.requests) == 1


async def test_a_table_that_is_being_deleted_is_waited_for(stub: Stub, tables: AzureTables) -> None:
    busy = '{"odata.error":{"code":"TableBeingDeleted","message":{"value":"The specified table is being deleted."}}}'
    stub.script = [reply(409, busy), reply(204)]
    await tables.create([TABLE])
    assert len(stub.requests) == 2


async def test_what_the_service_calls_a_bad_request_is_a_mistake_of_ours(stub: Stub, tables: AzureTables) -> None:
    stub.script = [reply(400, '{"odata.error":{"code":"InvalidInput","message":{"value":"One of the request inputs is not valid."}}}')]
    with pytest.raises(ValueError, match="InvalidInput One of the request inputs"):
        await tables.write(TABLE, Insert(Row("p", "1", {})))
    assert len(stub.requests) == 1


@pytest.mark.parametrize("fault", [reply(503), reset, reply(500)])
async def test_a_message_is_sent_again_while_the_queue_service_is_busy(stub: Stub, queues: AzureQueues, fault: Answer) -> None:
    message = "<QueueMessagesList><QueueMessage><MessageId>1</MessageId></QueueMessage></QueueMessagesList>"
    stub.script = [fault, fault, reply(201, '<?xml version="1.0"?>' + message, {"Content-Type": "application/xml"})]
    with tally() as counts:
        await queues.send("steps", "text")
    assert counts == {"queue": 3}


async def test_a_queue_service_that_stays_busy_is_left_for_later(stub: Stub, queues: AzureQueues) -> None:
    stub.script = [reply(503, headers={"Retry-After": "2000"})]
    with pytest.raises(Transient) as caught:
        await queues.send("steps", "text")
    assert caught.value.retry_after == 2000
    stub.script = [reply(503)] * 9
    with pytest.raises(Transient) as caught:
        await queues.create(["steps"])
    assert caught.value.retry_after == 7


async def test_a_queue_that_refuses_this_application_says_what_to_check(stub: Stub, queues: AzureQueues) -> None:
    stub.script = [
        reply(403, "<Error><Code>AuthorizationFailure</Code><Message>No.</Message></Error>", {"Content-Type": "application/xml"})
    ]
    with pytest.raises(Misconfigured, match="connection string"):
        await queues.send("steps", "text")


@pytest.fixture
async def hanging(stub: Stub) -> AsyncIterator[Answer]:
    """An answer that never comes, or only its beginning."""
    over = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        if len(stub.requests) % 2:
            await response.prepare(request)
        await over.wait()
        return response

    yield hang
    over.set()


async def test_a_storage_that_hangs_is_given_up(stub: Stub, hanging: Answer) -> None:
    stub.script = [hanging] * 2
    here, retry = Account(stub.connection_string), Retry(patience=0.05, later=7)
    tables, queues = AzureTables(here, retry=retry), AzureQueues(here, retry=retry)
    with pytest.raises(Transient, match=r"no answer within 0\.05 seconds") as busy:
        await tables.get(TABLE, "p", "r")
    assert busy.value.retry_after == 7
    with pytest.raises(Transient, match="no answer"):
        await queues.send("steps", "x")
    await tables.close()
    await queues.close()


async def test_an_answer_that_does_not_come_is_asked_for_again(stub: Stub, hanging: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "READ_SECONDS", 0.05)
    stub.script = [hanging, hanging, reply(200, ONE)]
    tables = AzureTables(Account(stub.connection_string), retry=RETRY)
    assert await tables.get(TABLE, "p", "1") == Row("p", "1", {}, "e1")
    await tables.close()


def test_two_attempts_that_hang_fit_in_the_patience_and_that_in_a_callers() -> None:
    assert 2 * account.READ_SECONDS + account.CONNECT_SECONDS <= Retry().patience < 30
