"""Queues deliver at least once, in any order, and the same message to two workers at a time: the end is the same."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from random import Random

import pytest

from sync_core.retention.messages import Forget, Leftovers
from sync_core.runs.course import PARALLEL_GROUPS
from sync_core.runs.diagnostics import Diagnostics
from sync_core.runs.messages import STEPS, Read
from sync_core.runs.record import Phase, Run, State
from sync_core.runs.steps import Steps
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.trash.messages import Purge
from tests.runs import story
from tests.runs.picture import check_sound
from tests.runs.rows import rows
from tests.runs.test_cuts import STORIES, Story, end
from tests.runs.test_deleted_cuts import left_behind
from tests.runs.world import A_RUN_LATER, World
from tests.trash.world import TrashWorld, left

SEEDS = range(30)
FEW_SEEDS = range(8)
OVERLAPPING = pytest.mark.parametrize("overlapping", [False, True])
STEP_QUEUES = tuple(step.queue for step in STEPS)


async def deliver_twice(world: World, dice: Random, *queues: str, overlapping: bool) -> None:
    """Until these queues are empty; every message comes twice, in any order; overlapping: at a time, in two processes, their requests
    mixed up.
    """
    world.interrupt = mixed_up(dice) if overlapping else None
    processes = (world.steps, Steps(world.context))

    async def handle(queue: str, body: str) -> None:
        world.steps = dice.choice(processes)
        await world.handle(queue, body)

    waiting: list[tuple[str, str]] = []
    while True:
        for queue in queues:
            for message in world.queues.receive(queue, limit=32):
                world.queues.delete(message)
                waiting += [(queue, message.body)] * 2
        if not waiting:
            break
        dice.shuffle(waiting)
        taken = [waiting.pop() for _ in range(dice.randint(1, len(waiting)) if overlapping else 1)]
        await asyncio.gather(*(handle(*one) for one in taken))
    world.interrupt = None


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
@OVERLAPPING
async def test_every_message_delivered_twice_ends_as_one_delivery(made: Story, overlapping: bool):  # architecture: at least once
    before, key = await made()
    single = await before.fork()
    once = await single.sync(key)
    expected = await end(single, runs=True)

    for seed in SEEDS:
        world = await before.fork()
        started = await world.start(key)
        await deliver_twice(world, Random(seed), *STEP_QUEUES, overlapping=overlapping)

        run = await world.context.runs.get(started.run)
        assert (run.state, run.counts) == (once.state, once.counts), (seed, run.reason)
        assert await end(world, runs=True) == expected, seed
        await world.context.staging.drop(run.run)  # as the next run's begin does with what a late worker may have left
        await check_sound(world)


@OVERLAPPING
@pytest.mark.parametrize("phase", [Phase.READ, Phase.CLAIM, Phase.APPLY])
async def test_messages_of_a_cancelled_run_delivered_twice_leave_what_the_next_run_completes(phase: Phase, overlapping: bool):  # B-104
    before, key = await story.changing()
    single = await before.fork()
    await single.sync(key)
    expected = await end(single, runs=False)

    for seed in FEW_SEEDS:
        world = await before.fork()
        run = await world.until(phase, await world.start(key))
        await world.runs.cancel(run.run, "somebody")
        await deliver_twice(world, Random(seed), *STEP_QUEUES, overlapping=overlapping)

        assert (await world.context.runs.get(run.run)).state is State.CANCELLED, seed
        assert (await world.sync(key)).state is State.COMPLETED, seed
        assert await end(world, runs=False) == expected, seed
        await check_sound(world)


@OVERLAPPING
async def test_a_report_of_a_run_whose_messages_come_twice_tells_each_decision_once(overlapping: bool):  # B-180
    before, key = await story.changing()

    async def decided(world: World, run: Run) -> list[str]:
        lines = [line async for part in Diagnostics(world.context).lines(run) for line in part if line["line"] in {"decision", "group"}]
        return sorted(str({name: told for name, told in line.items() if name != "user_id"}) for line in lines)

    single = await before.fork()
    started = await single.runs.start(key, "test", diagnostics=True)
    await single.drain()
    expected = await decided(single, await single.context.runs.get(started.run))

    for seed in FEW_SEEDS:
        world = await before.fork()
        run = await world.runs.start(key, "test", diagnostics=True)
        await deliver_twice(world, Random(seed), *STEP_QUEUES, overlapping=overlapping)
        assert await decided(world, await world.context.runs.get(run.run)) == expected, seed


@OVERLAPPING
async def test_what_a_night_sends_for_deleted_syncs_delivered_twice_puts_all_right(overlapping: bool):  # D-17
    before, key = await left_behind()
    before.clock.at += A_RUN_LATER
    single = await before.fork()
    await single.put_right()
    expected = await rows(single)

    for seed in FEW_SEEDS:
        world = await before.fork()
        await world.deleted_syncs.sweep()
        await deliver_twice(world, Random(seed), Leftovers.queue, overlapping=overlapping)

        assert (await world.context.locks.read(key))[0].unclean == (), seed
        assert await rows(world) == expected, seed
        await check_sound(world)


@OVERLAPPING
async def test_what_a_purge_sends_delivered_twice_deletes_tells_and_forgets_once(overlapping: bool):  # D-27, D-35
    before, _, gone = await left("ann", "eve")
    before.clock.at += timedelta(days=8)
    single = await before.fork()
    assert isinstance(single, TrashWorld)
    await single.night()
    expected = await end(single, runs=True)

    for seed in FEW_SEEDS:
        world = await before.fork()
        assert isinstance(world, TrashWorld)
        await world.sweep()
        await deliver_twice(world, Random(seed), Purge.queue, Forget.queue, overlapping=overlapping)

        assert [world.traces(user) for user in gone] == [[], []], seed
        assert await end(world, runs=True) == expected, seed
        await check_sound(world)


@pytest.mark.parametrize("last", [0, PARALLEL_GROUPS - 1, PARALLEL_GROUPS])
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
