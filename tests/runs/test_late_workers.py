"""A worker that still writes for a run that has failed, while a later one has been and gone: the run after that puts right what it left."""

from datetime import timedelta

import pytest

from sync_core.runs.messages import STEPS, Message
from sync_core.runs.record import Phase, State
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.runs import story
from tests.runs.picture import check_sound
from tests.runs.test_cuts import EVERY_CUT
from tests.runs.world import World


class Held:
    """Holds a worker at a place, until its run has failed, much has changed and a later run is done."""

    def __init__(self, world: World, key: str, message: Message, place: int) -> None:
        self._world, self._key, self._message = world, key, message
        self._places = place + 1

    @property
    def done(self) -> bool:
        return self._places <= 0

    async def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del point, port, method, call
        self._places -= 1
        if self._places == 0:
            self._world.interrupt = None
            await self._world.steps.poisoned(self._message)
            await self._world.drain()
            change(self._world)
            assert (await self._world.sync(self._key)).state is State.COMPLETED


def change(world: World) -> None:
    source = world.source
    source.rename("bea", "zoe")
    source.quit(source.named("ida"))
    source.quit(source.named("fay"), "sales")
    source.join(source.named("jon"), "staff")
    source.hire("lea@corp.example", "staff", "sales")


async def late(before: World, key: str, phase: Phase, place: int) -> World | None:
    """The world after a worker of this step was late at this place; None when there is no such place."""
    world = await before.fork()
    await world.until(phase, await world.start(key))
    *others, message = taken(world)
    for other in others:
        await world.handle(other.queue, other.model_dump_json())
    held = Held(world, key, message, place)
    world.interrupt = held
    await world.handle(message.queue, message.model_dump_json())
    world.interrupt = None
    await world.drain()
    if (await world.context.runs.get(message.run)).state is State.COMPLETED:
        await world.context.staging.drop(message.run)  # a last sign of life, of a run that was done but for that
    return world if held.done else None


def taken(world: World) -> list[Message]:
    """The messages that are out, in the hands of workers."""
    return [
        step.model_validate_json(message.body)
        for step in STEPS
        for message in world.queues.receive(step.queue, limit=32)
        if world.queues.delete(message) is None
    ]


@pytest.mark.parametrize("phase", [Phase.CLAIM, Phase.APPLY])
async def test_what_a_late_worker_writes_is_put_right_by_the_next_run(phase: Phase):  # architecture: the fence
    before, key = await story.changing()

    for place in range(0, 1000, 1 if EVERY_CUT else 5):
        world = await late(before, key, phase, place)
        if world is None:
            assert place > 50
            break
        world.clock.at += timedelta(hours=12)

        assert (await world.sync(key)).state is State.COMPLETED
        await check_sound(world)
