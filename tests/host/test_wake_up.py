"""What an invocation's end sets off: other queues are asked soon, so that a chain of steps moves on."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from local.host.app import FunctionApp, Listeners
from local.host.invocations import Invocations
from local.host.options import HostOptions
from local.host.protos import TypedData
from local.host.queues import QueueListener
from local.host.worker import Event, Function, Outcome

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
OPTIONS = HostOptions.model_validate({"version": "2.0"})


def _function(queue: str) -> Function:
    return Function(queue, queue, ({"type": "queueTrigger", "name": "m", "queueName": queue, "connection": "AzureWebJobsStorage"},))


@pytest.fixture
async def listeners() -> AsyncIterator[Listeners]:
    found = Listeners(FunctionApp(tuple(map(_function, ("begin", "read", "read-poison"))), ()), OPTIONS, STORAGE)
    for queue in found.queues:
        for _ in range(40):
            queue._pace.polled(found=False)
    yield found
    await found.close()


def _queue(listeners: Listeners, name: str) -> QueueListener:
    return next(queue for queue in listeners.queues if queue.queue_name == name)


def _wait(listeners: Listeners, name: str) -> float:
    return _queue(listeners, name)._pace.wait


async def test_when_the_last_invocation_ends_all_queues_are_asked_within_a_tenth_of_a_second(listeners: Listeners):
    assert _wait(listeners, "read") > 30

    listeners._invocation_ended(_queue(listeners, "begin").function, True)

    assert _wait(listeners, "begin") <= 0.1
    assert _wait(listeners, "read") <= 0.1


async def test_while_others_run_only_the_functions_own_queue_is_asked_at_once(listeners: Listeners):
    listeners._invocation_ended(_queue(listeners, "begin").function, False)

    assert _wait(listeners, "begin") <= 0.1
    assert 0.1 < _wait(listeners, "read") <= 1.0


async def test_a_poison_queue_is_asked_at_once_only_for_a_message_that_went_there(listeners: Listeners):
    listeners._invocation_ended(_queue(listeners, "begin").function, True)
    assert _wait(listeners, "read-poison") > 30

    listeners._message_poisoned("read-poison")

    assert _wait(listeners, "read-poison") <= 0.1


async def test_somebody_who_only_looks_makes_nobody_busy(monkeypatch: pytest.MonkeyPatch):
    """A GET that is under way when a step ends does not keep the next step's queue waiting."""
    looked = asyncio.Event()

    async def invoke(function: Function, event: Event) -> Outcome:
        del event
        if function.name == "look":
            await looked.wait()
        return Outcome(succeeded=True)

    monkeypatch.setattr("local.host.invocations.invoke", invoke)
    invocations, told = Invocations(None), list[tuple[str, bool]]()
    invocations.tell(lambda function, idle: told.append((function.name, idle)))
    event = Event(TypedData())
    looking = asyncio.create_task(invocations.run(_function("look"), event, "GET", may_send=False))
    await asyncio.sleep(0)

    await invocations.run(_function("begin"), event, "message")
    looked.set()
    await looking

    assert told == [("begin", True)]
