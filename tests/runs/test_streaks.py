"""What the ends of runs mean for their sync: streaks of failures, their mail, and pauses (B-121..B-126, D-28)."""

from dataclasses import replace

import pytest
from msgspec import structs

from sync_core.directory.events import SYSTEM
from sync_core.directory.lives import Life, Pause
from sync_core.directory.mail import Mail, MailKind
from sync_core.directory.roles import Role
from sync_core.errors import IncompleteRead, Reauthorize, StopRun
from sync_core.runs.messages import Finish
from sync_core.runs.record import Run, State
from sync_core.runs.service import Runs
from sync_core.runs.steps import Steps
from tests.runs.failing import broken, pauses, schedules, staffed, told
from tests.runs.fates import Scissors, dies
from tests.runs.scheduled import DAY, HOUR, life, mails, pass_time, runs_of, tick
from tests.runs.world import START, Cut, World

CONTACTS = [Role.OWNER, Role.ADMINISTRATOR, Role.USER_MANAGER]


async def test_sixty_days_of_failing_are_told_of_at_3_7_14_and_30_days_and_then_paused():  # B-121..B-123, B-126
    world, key = await staffed()
    broken(world, StopRun("Graph does not know this attribute"))
    start = world.clock.at + HOUR

    await pass_time(world, start + 60 * DAY)

    found = await runs_of(world, key)
    assert len(found) == 61
    assert {run.state for run in found} == {State.FAILED}
    sent = await mails(world)
    kinds = [MailKind.SYNC_FAILING] * 3 + [MailKind.SYNC_PAUSED]
    assert [(mail.kind, mail.about["days"], mail.run) for mail in sent] == [
        (kind, str(days), found[2 * days].run) for kind, days in zip(kinds, (3, 7, 14, 30), strict=True)
    ]
    assert [list(mail.to_roles) for mail in sent] == [CONTACTS] * 4
    assert sent[0].about == {
        "sync": "Acme",
        "directory_key": key,
        "days": "3",
        "since": "2026-11-23 13:00 UTC",
        "reason": "Graph does not know this attribute",
    }
    after = await life(world, key)
    assert (after.paused_because, after.paused_at) == (Pause.FAILING, start + 30 * DAY)
    assert await pauses(world) == [(SYSTEM, "it kept failing", found[-1].run)]


@pytest.mark.parametrize("by_hand", [False, True])
async def test_a_success_ends_the_streak_of_scheduled_and_manual_runs_alike(by_hand: bool):  # B-124, D-28
    world, key = await staffed()
    broken(world, StopRun("no"))
    await pass_time(world, world.clock.at + 5 * DAY)
    assert (await life(world, key)).failures == 10
    world.source.broken.clear()

    if by_hand:
        await world.sync(key)
    else:
        await pass_time(world, world.clock.at + DAY / 2)

    after = await life(world, key)
    assert (after.failing_since, after.failures, after.reported) == (None, 0, ())
    broken(world, StopRun("no"))
    await pass_time(world, world.clock.at + 4 * DAY)
    assert await told(world) == [(MailKind.SYNC_FAILING, "3")] * 2


async def test_a_run_with_warnings_is_a_success_and_an_incomplete_one_a_failure():  # D-10, D-28
    world, key = await staffed()
    world.source.members["gone"] = set()
    await world.select(key, "staff", "gone")
    broken(world, IncompleteRead("half of it"))

    await pass_time(world, world.clock.at + DAY)
    assert {run.state for run in await runs_of(world, key)} == {State.INCOMPLETE}
    assert (await life(world, key)).failures == 2

    world.source.broken.clear()
    del world.source.members["gone"]
    await pass_time(world, world.clock.at + DAY / 2)
    assert (await runs_of(world, key))[-1].state is State.WARNINGS
    assert (await life(world, key)).failures == 0


async def test_runs_by_hand_neither_begin_a_streak_nor_add_to_one():  # D-28
    world, key = await staffed()
    broken(world, StopRun("no"))

    for _ in range(9):
        world.clock.at += DAY
        await world.sync(key)
    assert (await life(world, key)).failing_since is None

    await pass_time(world, world.clock.at + DAY / 2)
    assert (await life(world, key)).failures == 1
    assert await told(world) == []


async def test_a_cancelled_run_neither_adds_nor_ends():  # D-14, D-28
    world, key = await staffed()
    broken(world, StopRun("no"))
    await pass_time(world, world.clock.at + DAY)
    before = await life(world, key)
    world.clock.at += DAY / 2
    await tick(world)
    await world.runs.cancel(await world.runs.running(key), "an admin")
    await world.drain()

    after = await life(world, key)
    assert (after.failing_since, after.failures) == (before.failing_since, before.failures)


async def test_a_held_run_neither_adds_nor_ends_and_shows_that_entra_answers():  # D-12, D-28
    world, key = await staffed()
    for n in range(20):
        world.source.hire(f"user{n}@corp.example", "staff")
    await world.sync(key)
    await world.context.lives.change(key, lambda now: structs.replace(now, needs_authorization=True))
    broken(world, StopRun("no"))
    await pass_time(world, world.clock.at + DAY)
    before = await life(world, key)
    world.source.broken.clear()
    for n in range(15):
        world.source.quit(world.source.named(f"user{n}"))

    await pass_time(world, world.clock.at + DAY / 2)

    assert (await runs_of(world, key))[-1].state is State.HELD
    after = await life(world, key)
    assert (after.failing_since, after.failures, after.succeeded_at) == (before.failing_since, 2, before.succeeded_at)
    assert not after.needs_authorization


async def test_time_that_a_sync_is_paused_does_not_count():  # D-28
    world, key = await staffed()
    broken(world, StopRun("no"))
    await pass_time(world, world.clock.at + 2 * DAY)
    await schedules(world).pause(key, by="an admin")
    await pass_time(world, world.clock.at + 40 * DAY)
    await schedules(world).resume(key, by="an admin")

    await pass_time(world, world.clock.at + DAY)
    assert await told(world) == []
    await pass_time(world, world.clock.at + DAY)

    assert await told(world) == [(MailKind.SYNC_FAILING, "3")]


async def test_days_are_a_setting():  # D-26
    world, key = await staffed()
    world.context = replace(world.context, failure_days=(1, 2))
    world.runs, world.steps = Runs(world.context), Steps(world.context)
    broken(world, StopRun("no"))

    await pass_time(world, world.clock.at + 9 * DAY)

    assert await told(world) == [(MailKind.SYNC_FAILING, "1"), (MailKind.SYNC_PAUSED, "2")]
    assert len(await runs_of(world, key)) == 5


async def test_a_full_run_that_wrote_fixes_the_source_of_usernames():  # B-043
    world, key = await staffed()
    broken(world, StopRun("no"))
    await world.sync(key)
    assert not (await life(world, key)).wrote
    world.source.broken.clear()

    await world.sync(key)

    assert (await life(world, key)).wrote


async def at_the_end(error: Exception) -> tuple[World, str, Run]:
    """The third failed day: the run whose end is to be told of, before its finish."""
    world, key = await staffed()
    broken(world, StopRun("no"))
    await pass_time(world, world.clock.at + 3 * DAY)
    broken(world, error)
    world.clock.at += HOUR
    await tick(world)
    running = await world.runs.running(key)
    while not world.queues.bodies(Finish.queue):
        if not await world.deliver_one():
            due = world.queues.due()
            assert due is not None
            world.clock.at = due
    return world, key, await world.context.runs.get(running)


async def ends(world: World, key: str) -> tuple[Life, list[Mail]]:
    """But for the times at which it happened to be done again."""
    after = await life(world, key)
    times = {"paused_at": after.paused_at and START}
    return structs.replace(after, **times), [structs.replace(mail, created_at=START) for mail in await mails(world)]


async def test_a_finish_delivered_twice_or_dying_anywhere_tells_once_and_counts_once():  # D-28, B-124
    for error in (StopRun("no"), Reauthorize("no")):
        world, key, run = await at_the_end(error)
        await world.drain()
        expected, sent = await ends(world, key)
        assert expected.judged == run.run
        assert len(sent) == 1
        for cut in range(60):
            world, key, run = await at_the_end(error)
            world.interrupt = Scissors(cut, dies)
            try:
                await world.deliver_one(Finish.queue)
                died = False
            except Cut:
                died = True
            world.interrupt = None
            world.restart()
            await world.drain()
            assert await ends(world, key) == (expected, sent), cut
            assert await world.runs.running(key) == ""
            if not died:
                break
        else:
            raise AssertionError("a finish has more than 60 requests")
