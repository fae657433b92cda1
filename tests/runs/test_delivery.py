"""Queues deliver at least once, in any order, and the same message to two workers at a time: the end is the same."""

import asyncio
from collections.abc import Awaitable
from random import Random

import pytest

from sync_core.runs.course import PARALLEL_GROUPS
from sync_core.runs.messages import STEPS, Read
from sync_core.runs.record import Phase, Run, State
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.runs.picture import check_sound
from tests.runs.test_cuts import STORIES, Story, end
from tests.runs.world import World

SEEDS = range(40)


async def deliver_twice(world: World, key: str, dice: Random, *, overlapping: bool) -> Run:
    """A run whose every message comes twice, in any order; overlapping: both at a time, their requests mixed up."""
    run = await world.start(key)
    waiting: list[tuple[str, str]] = []
    while True:
        for step in STEPS:
            for message in world.queues.receive(step.queue, limit=32):
                world.queues.delete(message)
                waiting += [(step.queue, message.body)] * 2
        if not waiting:
            return await world.context.runs.get(run.run)
        dice.shuffle(waiting)
        if overlapping:
            taken = [waiting.pop() for _ in range(dice.randint(1, len(waiting)))]
            await asyncio.gather(*(world.handle(*one) for one in taken))
        else:
            await world.handle(*waiting.pop())


def mixed_up(dice: Random):
    """Lets others go first at requests, as the dice will."""

    def interrupt(point: Point, port: Port, method: Method, call: Call) -> Awaitable[None] | None:
        del point, port, method, call
        return breathe(dice.randrange(4)) if dice.random() < 0.5 else None

    return interrupt


async def breathe(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


@STORIES
@pytest.mark.parametrize("overlapping", [False, True])
async def test_every_message_delivered_twice_ends_as_one_delivery(made: Story, overlapping: bool):  # architecture: at least once
    before, key = await made()
    single = await before.fork()
    once = await single.sync(key)
    expected = await end(single, runs=True)

    for seed in SEEDS:
        world, dice = await before.fork(), Random(seed)
        world.interrupt = mixed_up(dice) if overlapping else None
        run = await deliver_twice(world, key, dice, overlapping=overlapping)
        world.interrupt = None

        assert (run.state, run.counts) == (once.state, once.counts), (seed, run.reason)
        assert await end(world, runs=True) == expected, seed
        await world.context.staging.drop(run.run)  # as the next run's begin does with what a late worker may have left
        await check_sound(world)


@pytest.mark.parametrize("last", [0, 15, 16])
async def test_a_run_of_more_groups_than_are_read_at_a_time_goes_on_whichever_closes_last(last: int):  # architecture: read, marks
    world = World()
    await world.prepare()
    groups = [f"group{n}" for n in range(PARALLEL_GROUPS + 1)]
    world.source.hire("anna@corp.example", *groups)
    key = await world.connect(*groups)
    run = await world.until(Phase.READ, await world.start(key))
    received = world.queues.receive(Read.queue, limit=32)
    for message in received:
        world.queues.delete(message)
    assert len(received) == PARALLEL_GROUPS
    early = Read(directory_key=key, run=run.run, group=PARALLEL_GROUPS)  # as whoever finds the run stalled may send it

    by_group = dict(enumerate([*(message.body for message in received), early.model_dump_json()]))
    for body in (*(body for group, body in by_group.items() if group != last), by_group[last]):
        await world.handle(Read.queue, body)
    await world.drain()

    ended = await world.context.runs.get(run.run)
    assert (ended.state, ended.counts["groups"]) == (State.COMPLETED, len(groups))
