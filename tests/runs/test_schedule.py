"""Due syncs are started once each, whatever the timers do (B-100, B-107, B-108, B-119, D-26)."""

import asyncio
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from sync_core.directory.lives import Pause, paused, resumed
from sync_core.directory.schedules import DEFAULT_INTERVALS, SyncKind
from sync_core.errors import AlreadyRunning, Transient
from sync_core.runs.record import Run, State
from sync_core.runs.schedule import Schedule
from sync_core.runs.service import Runs
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.runs.fates import Scissors, dies
from tests.runs.scheduled import DAY, HOUR, MINUTE, life, pass_time, runs_of, scheduled, tick
from tests.runs.world import Cut, World


async def staffed(interval: int = 720, phase: int = 3600) -> tuple[World, str]:
    world = World()
    await world.prepare()
    world.source.hire("ann@corp.example", "staff")
    return world, await scheduled(world, "staff", interval=interval, phase=phase)


async def test_a_sync_runs_twice_a_day_at_its_own_times_for_sixty_days():  # B-003, B-100
    world, key = await staffed(phase=5 * 3600)
    start = world.clock.at

    await pass_time(world, start + 60 * DAY)

    found = await runs_of(world, key)
    assert [run.slot for run in found] == [start + 5 * HOUR + n * 12 * HOUR for n in range(120)]
    assert {(run.state, run.slot == run.queued_at) for run in found} == {(State.COMPLETED, True)}


async def test_each_sync_keeps_its_own_interval_and_phase():  # D-26
    world, daily = await staffed(interval=24 * 60, phase=7200)
    hourly = await scheduled(world, "staff", name="Hourly", interval=60, phase=600)
    start = world.clock.at

    await pass_time(world, start + 2 * DAY, step=10 * MINUTE)

    assert len(await runs_of(world, daily)) == 2
    assert {run.slot and run.slot.minute for run in await runs_of(world, hourly)} == {10}
    assert len(await runs_of(world, hourly)) == 48


async def test_runs_that_were_missed_do_not_pile_up():
    world, key = await staffed()
    world.clock.at += 9 * DAY

    for _ in range(30):
        await tick(world)
        await world.drain()
        world.clock.at += MINUTE

    assert len(await runs_of(world, key)) == 1
    following = (await life(world, key)).next_at
    assert following is not None
    assert world.clock.at < following <= world.clock.at + 12 * HOUR


async def test_a_run_that_still_goes_is_not_doubled():  # B-107
    world, key = await staffed()
    world.clock.at += HOUR
    await tick(world)
    world.clock.at += 12 * HOUR

    await tick(world)
    await world.drain()

    assert len(await runs_of(world, key)) == 1
    await pass_time(world, world.clock.at + 12 * HOUR)
    assert len(await runs_of(world, key)) == 2


async def test_who_syncs_by_hand_does_not_move_the_schedule():  # B-118, B-119
    world, key = await staffed()
    before = await life(world, key)

    run = await world.sync(key)

    assert run.slot is None
    assert (await life(world, key)).next_at == before.next_at


async def test_paused_syncs_run_by_hand_only_and_resumed_at_the_next_slot():  # B-108, B-120
    world, key = await staffed()
    await world.context.lives.change(key, lambda now: paused(now, Pause.BY_HAND, world.clock.at, "an admin"))

    await pass_time(world, world.clock.at + 3 * DAY)
    assert await runs_of(world, key) == []
    assert (await world.sync(key)).state is State.COMPLETED

    await world.context.lives.change(key, lambda now: resumed(now, 720, world.clock.at))
    await tick(world)
    assert len(await runs_of(world, key)) == 1
    await pass_time(world, world.clock.at + DAY)
    assert len(await runs_of(world, key)) == 3


@pytest.mark.parametrize("seed", range(12))
async def test_several_timers_at_once_start_each_sync_once(seed: int):
    world = World(seed=seed)
    await world.prepare()
    world.source.hire("ann@corp.example", "staff")
    keys = [await scheduled(world, "staff", name=f"Sync {n}") for n in range(5)]
    world.clock.at += 2 * HOUR

    async def slow(point: Point, port: Port, method: Method, call: Call) -> None:
        del point, port, method, call
        for _ in range(world.random.randrange(4)):
            await asyncio.sleep(0)

    world.interrupt = slow
    await asyncio.gather(*(tick(world) for _ in range(3)))
    world.interrupt = None
    await world.drain()

    assert [len(await runs_of(world, key)) for key in keys] == [1] * 5


async def test_a_timer_that_wakes_after_the_others_run_has_ended_starts_none():
    world, key = await staffed()
    world.clock.at += 2 * HOUR

    async def overtaken(point: Point, port: Port, method: Method, call: Call) -> None:
        del method
        if (point, port, call.partition) == ("after", "tables", "life"):  # it has read which syncs are due
            world.interrupt = None
            await tick(world)
            await world.drain()

    world.interrupt = overtaken
    await tick(world)
    await world.drain()

    assert len(await runs_of(world, key)) == 1


async def test_a_timer_that_dies_anywhere_loses_no_run_and_doubles_none():
    for cut in range(40):
        world, key = await staffed()
        world.clock.at += 2 * HOUR
        world.interrupt = Scissors(cut, dies)
        try:
            await tick(world)
            died = False
        except Cut:
            died = True
        world.interrupt = None
        world.restart()
        for _ in range(5):
            world.clock.at += MINUTE
            await tick(world)
            await world.steps.watch()
            await world.drain()

        assert len(await runs_of(world, key)) == 1, cut
        if not died:
            return
    raise AssertionError("a tick has more than 40 requests")


async def test_a_tick_reads_all_lives_at_once_and_no_sync_that_is_not_due():
    world, _ = await staffed()
    for n in range(30):
        await scheduled(world, "staff", name=f"Sync {n}", phase=7200)
    counted: Counter[str] = Counter()

    def count(point: Point, port: Port, method: Method, call: Call) -> None:
        del call
        counted.update([f"{port} {method}"] if point == "before" else [])

    world.interrupt = count
    await tick(world)
    assert counted.total() == 1

    counted.clear()
    world.clock.at += HOUR  # one of 31
    await tick(world)
    assert counted.total() <= 10


async def test_trouble_with_one_sync_is_not_the_others(caplog: pytest.LogCaptureFixture):
    world, first = await staffed()
    second = await scheduled(world, "staff", name="Second")
    world.clock.at += 2 * HOUR

    def broken(point: Point, port: Port, method: Method, call: Call) -> None:
        del port, method
        if point == "before" and call.partition == "lock" and call.key == first:
            raise Transient("storage is away", retry_after=1)

    world.interrupt = broken
    await tick(world)
    world.interrupt = None
    assert "could not be started" in caplog.text
    assert [len(await runs_of(world, key)) for key in (first, second)] == [0, 1]

    await tick(world)
    assert len(await runs_of(world, first)) == 1


async def test_a_sync_that_lost_its_groups_is_paused_by_the_timer_at_the_latest():  # B-035
    world, key = await staffed()
    await world.select(key)

    await pass_time(world, world.clock.at + DAY)

    assert await runs_of(world, key) == []
    assert (await life(world, key)).paused_because is Pause.NO_GROUPS


async def test_a_deleted_sync_leaves_no_schedule_behind():
    world, key = await staffed()
    stored = await world.context.syncs.read(key)
    assert stored is not None
    await world.context.syncs.delete(replace(stored.sync, deleted_at=world.clock.at, version=2), stored.etag)

    await pass_time(world, world.clock.at + DAY)

    assert await world.context.lives.all() == {}


@pytest.mark.parametrize("by_hand", [False, True])
async def test_a_slot_is_taken_once_whatever_ran_since(by_hand: bool):
    world, key = await staffed()
    slot = (await life(world, key)).next_at
    await world.runs.start(key, "test", slot)
    await world.drain()
    if by_hand:
        await world.sync(key)

    with pytest.raises(AlreadyRunning):
        await world.runs.start(key, "test", slot)


async def test_a_schedule_that_is_changed_while_its_run_is_started_keeps_the_change():
    world, key = await staffed()
    world.clock.at += 2 * HOUR
    elsewhere = world.clock.at + 9 * MINUTE

    async def changed(point: Point, port: Port, method: Method, call: Call) -> None:
        del port
        if (point, method, call.name) == ("after", "send", "sync-begin"):
            world.interrupt = None
            await world.context.lives.change(key, lambda now: replace(now, next_at=elsewhere))

    world.interrupt = changed
    await tick(world)

    assert (await life(world, key)).next_at == elsewhere


async def test_each_kind_of_sync_keeps_its_pace():  # B-003, B-218, D-26
    world, users = await staffed(interval=DEFAULT_INTERVALS[SyncKind.USER], phase=5 * 3600)
    admins = await scheduled(world, "staff", name="Admins", interval=DEFAULT_INTERVALS[SyncKind.ADMIN], phase=600)
    started: list[tuple[str, datetime | None]] = []

    class Starting(Runs):
        async def start(self, directory_key: str, actor: str, slot: datetime | None = None, **_: Any) -> Run:
            started.append((directory_key, slot))
            return Run(run="0" * 32, directory_key=directory_key, fence=1, actor=actor, queued_at=world.clock.now(), slot=slot)

    timer, start = Schedule(world.context, Starting(world.context)), world.clock.at
    while world.clock.at < start + 60 * DAY:
        world.clock.at += 10 * MINUTE
        await timer()

    slots = {key: [slot for of, slot in started if of == key] for key in (users, admins)}
    assert slots[users] == [start + 5 * HOUR + n * 12 * HOUR for n in range(120)]
    assert slots[admins] == [start + 10 * MINUTE + n * 30 * MINUTE for n in range(2880)]
