"""A worker that still writes for a run that is over, while a later one has been and gone, leaves nothing behind.

Users refuse it by the fence, other rows by their ETags; what slips through, the next run puts right, and the next night.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest

from sync_core.errors import Rejected
from sync_core.retention.staged import drop_staged
from sync_core.runs.messages import STEPS, Apply, Message
from sync_core.runs.record import Phase
from sync_core.storage import trash, users
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.storage.members import Edits
from tests.runs import story
from tests.runs.fates import Scissors, dies
from tests.runs.picture import Picture, check_sound
from tests.runs.rows import Said
from tests.runs.test_cuts import EVERY_CUT, WELL, end
from tests.runs.told import Told
from tests.runs.world import World

SAMPLES = 8
"""Places tried of each worker when not every one is."""
A_NIGHT_LATER = timedelta(hours=12)

type Ending = Callable[[World, Message], Awaitable[None]]
"""How the run comes to its end although a worker still has this message."""


async def it_fails(world: World, message: Message) -> None:
    await world.steps.poisoned(message)


async def it_is_cancelled(world: World, message: Message) -> None:
    with suppress(Rejected):  # it is at its end
        await world.runs.cancel(message.run, "somebody")
    await world.handle(message.queue, message.model_dump_json())


async def it_completes(world: World, message: Message) -> None:
    """By the same message, delivered to another worker."""
    await world.handle(message.queue, message.model_dump_json())


class Held:
    """Holds a worker at a place, until its run has ended, much has changed and a later run is done."""

    def __init__(self, world: World, message: Message, ending: Ending, place: int) -> None:
        self._world, self._message, self._ending = world, message, ending
        self._scissors = Scissors(place, self._wait)
        self.unwoken: World | None = None
        """The world as it was then: in which the worker never woke."""

    async def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        await self._scissors(point, port, method, call)

    async def _wait(self) -> None:
        world, key = self._world, self._message.directory_key
        world.interrupt = None
        world.restart()  # others work in processes of their own
        world.clock.at += timedelta(seconds=1)
        await self._ending(world, self._message)
        await world.drain()
        change(world)
        assert (await world.sync(key)).state in WELL
        self.unwoken = await world.fork()


def change(world: World) -> None:
    source = world.source
    source.rename("bea", "zoe")
    source.quit(source.named("ida"))
    source.quit(source.named("fay"), "sales")
    source.join(source.named("jon"), "staff")
    source.join(source.named("eve"), "staff", "sales")  # as before: who was about to send her to Trash meets the record that it read
    source.hire("lea@corp.example", "staff", "sales")


@dataclass(frozen=True)
class Worker:
    """One that has the first or the last message of a step."""

    made: story.Story
    phase: Phase
    which: int = -1

    async def begin(self, before: World, key: str) -> tuple[World, Message]:
        world = await before.fork()
        await world.until(self.phase, await world.start(key))
        messages = taken(world)
        message = messages.pop(self.which)
        for other in messages:
            await world.handle(other.queue, other.model_dump_json())
        return world, message

    async def places(self, before: World, key: str) -> range:
        world, message = await self.begin(before, key)
        world.interrupt = scissors = Scissors(-1, dies)
        await world.handle(message.queue, message.model_dump_json())
        return range(0, scissors.count, 1 if EVERY_CUT else max(1, scissors.count // SAMPLES))


def taken(world: World) -> list[Message]:
    """The messages that are out, in the hands of workers."""
    return [
        step.model_validate_json(message.body)
        for step in STEPS
        for message in world.queues.receive(step.queue, limit=32)
        if world.queues.delete(message) is None
    ]


def user_rows(world: World) -> dict[tuple[str, str], str]:
    return {(row.partition, row.key): row.etag for row in world.memory.rows(users.TABLE)}


async def goes_on(world: World, key: str) -> None:
    """The night, and the next run."""
    await world.drain()
    world.clock.at += A_NIGHT_LATER
    await drop_staged(world.context)
    assert (await world.sync(key)).state in WELL


async def seen_later(world: World) -> tuple[Picture, Said, Told]:
    """All but the pointers of Trash: whoever is to go there is pointed to first, and the purge of that day asks the record (D-27)."""
    ended = await end(world, runs=True)
    return ended.picture, Counter({row: times for row, times in ended.rows.items() if row[0] != trash.TABLE}), ended.log


WORKERS = [
    *(Worker(story.changing, phase) for phase in Phase if phase is not Phase.ENDED),
    Worker(story.begun, Phase.CLAIM, 0),
    Worker(story.begun, Phase.APPLY),
]
ENDINGS = [
    *((ending, worker) for ending in (it_fails, it_is_cancelled) for worker in WORKERS if worker.phase is not Phase.FINISH),
    *((it_completes, worker) for worker in WORKERS),
]


@pytest.mark.parametrize(("ending", "worker"), ENDINGS)
async def test_a_worker_that_wakes_after_its_run_has_ended_leaves_nothing_behind(ending: Ending, worker: Worker):  # architecture: the fence
    before, key = await worker.made()

    for place in await worker.places(before, key):
        world, message = await worker.begin(before, key)
        world.interrupt = held = Held(world, message, ending, place)
        await world.handle(message.queue, message.model_dump_json())
        unwoken = held.unwoken
        if unwoken is None:  # it had less to ask than another time
            assert place > 20
            break
        assert user_rows(world) == user_rows(unwoken), place

        for one in (world, unwoken):
            await goes_on(one, key)
        assert await seen_later(world) == await seen_later(unwoken), place
        await check_sound(world)


async def test_what_a_late_worker_left_as_it_died_is_put_right_when_its_message_comes_again():  # architecture: the fence
    before, key = await story.changing()
    world, message = await Worker(story.changing, Phase.APPLY).begin(before, key)
    assert isinstance(message, Apply)
    await world.handle(message.queue, message.model_dump_json())
    await world.drain()
    run = await world.context.runs.get(message.run)
    verdict = await world.context.changes.verdict(run.run, message.attempt)
    assert run.phase is Phase.ENDED
    assert verdict is not None
    ended = await end(world, runs=True)
    changes = await world.context.changes.slice(run.run, verdict.plan, message.chain, message.number)
    user_id, group = next((change.user_id, group) for change in changes for group in change.enters)

    await world.context.members.edit({group: Edits(leaves={user_id})})
    assert await end(world, runs=True) != ended
    await world.handle(message.queue, message.model_dump_json())

    assert await end(world, runs=True) == ended
