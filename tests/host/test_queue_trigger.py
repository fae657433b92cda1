"""Queue triggers against Azurite: concurrency, attempts, poison, encoding, and what a chain of steps waits for."""

import base64
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from azure.storage.queue import QueueClient, QueueServiceClient

from tests.host.host_process import HostProcess, write_app

APP = """
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
gate = asyncio.Semaphore(0)
running = most = 0
attempts = []
bodies = []

@app.route(route="state", methods=["GET"])
async def state(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps({"running": running, "most": most, "attempts": attempts, "bodies": bodies}))

@app.route(route="release/{count}", methods=["GET"])
async def release(req: func.HttpRequest) -> func.HttpResponse:
    for _ in range(int(req.route_params["count"])):
        gate.release()
    return func.HttpResponse("{}")

@app.queue_trigger(arg_name="m", queue_name="%RUN%-gated", connection="AzureWebJobsStorage")
async def gated(m: func.QueueMessage) -> None:
    global running, most
    running += 1
    most = max(most, running)
    await gate.acquire()
    running -= 1

@app.queue_trigger(arg_name="m", queue_name="%RUN%-failing", connection="AzureWebJobsStorage")
async def failing(m: func.QueueMessage) -> None:
    attempts.append(m.dequeue_count)
    raise ValueError("no good")

@app.queue_trigger(arg_name="m", queue_name="%RUN%-kept", connection="AzureWebJobsStorage")
def kept(m: func.QueueMessage) -> None:
    bodies.append([m.get_body().decode("latin-1"), m.id, m.dequeue_count, m.insertion_time is not None])
"""
BATCH, THRESHOLD = 4, 2
LIMITS = {
    "batchSize": BATCH,
    "newBatchThreshold": THRESHOLD,
    "maxDequeueCount": 3,
    "visibilityTimeout": "00:00:01",
    "maxPollingInterval": "00:00:00.3",
    "messageEncoding": "base64",
}


class Queues:
    """The test's side of one host's queues."""

    def __init__(self, service: QueueServiceClient, run: str) -> None:
        self._service = service
        self.run = run

    def client(self, queue: str) -> QueueClient:
        return self._service.get_queue_client(f"{self.run}-{queue}")

    def send(self, queue: str, *bodies: bytes) -> None:
        for body in bodies:
            self.client(queue).send_message(base64.b64encode(body).decode())

    def waiting(self, queue: str) -> int:
        """Messages that are visible."""
        return len(self.client(queue).peek_messages(max_messages=32))

    def held(self, queue: str) -> int:
        """All messages, those too that are invisible."""
        return self.client(queue).get_queue_properties().approximate_message_count or 0

    def poisoned(self, queue: str) -> list[str]:
        """The texts in a poison queue, as they are stored."""
        names = [found.name for found in self._service.list_queues(name_starts_with=f"{self.run}-{queue}-poison")]
        return [message.content for name in names for message in self._service.get_queue_client(name).peek_messages(32)]


@pytest.fixture(scope="module")
def service(azurite: str) -> Iterator[QueueServiceClient]:
    with QueueServiceClient.from_connection_string(azurite) as client:
        yield client


@pytest.fixture(scope="module")
def queues(service: QueueServiceClient) -> Queues:
    found = Queues(service, f"q{uuid.uuid4().hex[:10]}")
    for queue in ("gated", "failing", "kept"):
        found.client(queue).create_queue()
    return found


@pytest.fixture(scope="module")
def host(azurite: str, queues: Queues, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    # Before the host starts: batches that it fetches while the messages are sent would be of any size.
    queues.send("gated", *[b"x"] * 12)
    folder = write_app(tmp_path_factory.mktemp("queues"), APP, queues=LIMITS)
    with HostProcess(folder, {"AzureWebJobsStorage": azurite, "RUN": queues.run}) as running:
        yield running


def _state(host: HostProcess) -> dict[str, Any]:
    return host.get("/state")


def test_as_many_run_at_once_as_a_batch_and_the_threshold_and_no_more(host: HostProcess, queues: Queues):
    # Of twelve messages a first batch of four; that is above the threshold, so no other is fetched until two have ended.
    host.wait_for(lambda: _state(host), lambda state: state["running"] == 4)
    host.get("/release/1")
    host.wait_for(lambda: _state(host), lambda state: state["running"] == 3)
    host.get("/release/1")
    host.wait_for(lambda: _state(host), lambda state: state["running"] == 6)
    # Five still run: too many for another batch, so two messages stay in the queue.
    host.get("/release/1")
    host.wait_for(lambda: _state(host), lambda state: state["running"] == 5)
    assert queues.waiting("gated") == 4
    host.get("/release/99")

    host.wait_for(lambda: queues.held("gated"), lambda count: count == 0)
    assert _state(host)["most"] == BATCH + THRESHOLD


def test_a_message_that_always_fails_is_tried_as_often_as_allowed_and_goes_to_poison_as_it_is(host: HostProcess, queues: Queues):
    body = "always ✗".encode()
    queues.send("failing", body)

    poisoned = host.wait_for(lambda: queues.poisoned("failing"), lambda found: len(found) == 1)

    assert [base64.b64decode(text) for text in poisoned] == [body]
    assert _state(host)["attempts"] == [1, 2, 3]
    host.wait_for(lambda: queues.held("failing"), lambda count: count == 0)


def test_what_is_not_base64_goes_to_poison_without_an_attempt(host: HostProcess, queues: Queues):
    queues.client("kept").send_message("not base64!")

    poisoned = host.wait_for(lambda: queues.poisoned("kept"), lambda found: len(found) == 1)

    assert poisoned == ["not base64!"]
    host.wait_for(lambda: queues.held("kept"), lambda count: count == 0)
    assert "not base64!" not in [body for body, *_ in _state(host)["bodies"]]


def test_text_and_bytes_arrive_as_they_were_sent_with_what_the_queue_says_of_them(host: HostProcess, queues: Queues):
    sent = [b"plain", "é✗".encode(), b"\xff\x00binary"]
    queues.send("kept", *sent)

    state = host.wait_for(lambda: _state(host), lambda state: len(state["bodies"]) == len(sent))

    assert {body.encode("latin-1") for body, *_ in state["bodies"]} == set(sent)
    assert all(identity and attempt == 1 and inserted for _, identity, attempt, inserted in state["bodies"])
    host.wait_for(lambda: queues.held("kept"), lambda count: count == 0)
