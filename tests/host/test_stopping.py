"""How a host ends: told to, it lets what runs finish; killed, it leaves what it had taken invisible until its receipt runs out."""

import base64
import concurrent.futures
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from azure.storage.queue import QueueClient

from tests.host.host_process import HostProcess, write_app

APP = """
async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("the app is shut down")
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})

app = func.AsgiFunctionApp(app=asgi, http_auth_level=func.AuthLevel.ANONYMOUS, function_name="z_catch_all")
began = []
gate = asyncio.Event()

@app.route(route="began", methods=["GET"])
async def seen(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(began))

@app.route(route="wait", methods=["GET"])
async def wait(req: func.HttpRequest) -> func.HttpResponse:
    began.append("request")
    await gate.wait()
    return func.HttpResponse("finished")

@app.route(route="open", methods=["GET"])
async def open_gate(req: func.HttpRequest) -> func.HttpResponse:
    asyncio.get_running_loop().call_later(0.5, gate.set)
    return func.HttpResponse("{}")

@app.queue_trigger(arg_name="m", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
async def take(m: func.QueueMessage) -> None:
    began.append([m.id, m.pop_receipt, m.dequeue_count])
    await gate.wait()

@app.timer_trigger(arg_name="t", schedule="* * * * * *")
async def tick(t: func.TimerRequest) -> None: ...
"""


@pytest.fixture
def queue(azurite: str) -> Iterator[QueueClient]:
    with QueueClient.from_connection_string(azurite, f"stop-{uuid.uuid4().hex[:10]}") as client:
        client.create_queue()
        yield client


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_app(tmp_path, APP, queues={"maxPollingInterval": "00:00:00.2", "visibilityTimeout": "00:00:00"})


def _settings(azurite: str, queue: QueueClient) -> dict[str, str]:
    return {"AzureWebJobsStorage": azurite, "QUEUE": queue.queue_name}


def _send(queue: QueueClient) -> None:
    queue.send_message(base64.b64encode(b"work").decode())


def test_a_host_that_is_told_to_stop_lets_what_runs_finish_and_exits_0(azurite: str, queue: QueueClient, app: Path):
    _send(queue)
    with HostProcess(app, _settings(azurite, queue)) as host, concurrent.futures.ThreadPoolExecutor() as pool:
        host.client.get("/begins-the-lifespan")
        answer = pool.submit(host.client.get, "/wait")
        host.wait_for(lambda: host.get("/began"), lambda began: len(began) == 2)
        host.get("/open")

        assert host.stop(signal.SIGTERM) == 0

        assert answer.result().text == "finished"
        assert queue.get_queue_properties().approximate_message_count == 0
        assert "the app is shut down" in host.log
        with pytest.raises(httpx.ConnectError):
            host.client.get("/began")


def test_what_will_not_finish_is_cut_off_and_its_message_is_there_again_at_once(azurite: str, queue: QueueClient, app: Path):
    _send(queue)
    with HostProcess(app, _settings(azurite, queue)) as host:
        host.wait_for(lambda: host.get("/began"), lambda began: len(began) == 1)

        assert host.stop(signal.SIGINT) == 0

    assert len(queue.peek_messages()) == 1


def test_what_a_killed_host_had_taken_is_held_back_and_then_delivered_again(azurite: str, queue: QueueClient, app: Path):
    _send(queue)
    with HostProcess(app, _settings(azurite, queue)) as host:
        ((identity, receipt, _),) = host.wait_for(lambda: host.get("/began"), bool)
        host.stop(signal.SIGKILL)

    assert queue.get_queue_properties().approximate_message_count == 1
    assert queue.peek_messages() == []
    # The ten minutes of the receipt, cut short with the receipt itself.
    queue.update_message(identity, receipt, visibility_timeout=0)
    with HostProcess(app, _settings(azurite, queue)) as host:
        ((again, _, attempt),) = host.wait_for(lambda: host.get("/began"), bool)

    assert (again, attempt) == (identity, 2)
