"""What goes wrong around a run: the outside is busy or refuses, messages are poisoned or lost, workers come too late."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from sync_core.directory.users import User
from sync_core.errors import AlreadyRunning, Reauthorize, StopRun, Transient
from sync_core.runs.messages import STEPS, Apply, Message, Read
from sync_core.runs.record import Phase, State
from sync_core.storage import users
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.storage.tables import Upsert
from tests.runs.fates import Busy
from tests.runs.picture import check_sound, etags
from tests.runs.world import Cut, World

STALLED = timedelta(minutes=3, seconds=1)


async def staffed() -> tuple[World, str]:
    world = World()
    await world.prepare()
    for name in ("ann", "bea", "cid"):
        world.source.hire(f"{name}@corp.example", "staff")
    return world, await world.connect("staff")


async def test_a_busy_source_puts_the_message_off_by_what_it_asks_for():  # architecture: neither sleeps nor throws
    world, key = await staffed()
    world.source.broken["staff"] = lambda: Transient("busy", retry_after=77)
    run = await world.start(key)
    await world.until(Phase.READ, run)

    assert await world.deliver_one()

    assert not await world.deliver_one()
    due = world.queues.due()
    assert due is not None
    assert (due - world.clock.at).total_seconds() == 77
    world.source.broken.clear()
    await world.drain()
    assert (await world.context.runs.get(run.run)).state is State.COMPLETED


async def test_a_slice_that_was_put_off_is_not_passed_over():
    world, key = await staffed()
    run = await world.until(Phase.APPLY, await world.start(key))
    busy = Busy("Users", times=1)
    world.interrupt = busy
    assert await world.deliver_one()
    assert busy.times == 0

    await world.steps._course.dispatch(run)  # as a claim that is delivered again does
    await world.drain()

    assert len(await world.users()) == 3
    assert (await world.context.runs.get(run.run)).state is State.COMPLETED


async def test_somebody_busy_for_longer_than_a_stall_is_waited_for_and_not_asked_twice():
    world, key = await staffed()
    world.source.broken["staff"] = lambda: Transient("busy", retry_after=900)
    run = await world.start(key)
    await world.until(Phase.READ, run)
    await world.deliver_one()

    world.clock.at += timedelta(minutes=10)
    await world.steps.watch()

    assert len(world.queues.bodies(Read.queue)) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [(Reauthorize("the application was removed: consent again"), "consent again"), (StopRun("no such tenant"), "no such tenant")],
)
async def test_a_source_that_refuses_fails_the_run_with_its_reason_and_frees_the_sync(error: Exception, reason: str):  # B-130, D-15
    world, key = await staffed()
    world.source.broken["staff"] = lambda: error

    run = await world.sync(key)

    assert run.state is State.FAILED
    assert reason in run.reason
    assert await world.runs.running(key) == ""
    assert await world.users() == []
    world.source.broken.clear()
    assert (await world.sync(key)).state is State.COMPLETED
    await check_sound(world)


@pytest.mark.parametrize("phase", [Phase.BEGIN, Phase.PLAN, Phase.APPLY])
async def test_a_broken_row_of_a_user_fails_the_run_which_names_it_until_it_is_put_right(phase: Phase):
    world, key = await staffed()
    await world.sync(key)
    ann = await world.user("ann@corp.example")
    world.source.accounts[world.source.named("ann")].attributes["displayName"] = "Ann Lind"
    run = await world.until(phase, await world.start(key))
    whole = await world.tables.get(users.TABLE, ann.user_id[2], ann.user_id)
    assert whole is not None
    await world.tables.write(users.TABLE, Upsert(replace(whole, values={**whole.values, "record0": b"{}"})))

    await world.drain()

    ended = await world.context.runs.get(run.run)
    assert ended.state is State.FAILED
    assert f"the row '{ann.user_id}' in the partition '{ann.user_id[2]}' is no User" in ended.reason
    assert await world.runs.running(key) == ""
    await world.tables.write(users.TABLE, Upsert(whole))
    assert (await world.sync(key)).state is State.COMPLETED
    assert (await world.user("ann@corp.example")).realname == "Ann Lind"
    await check_sound(world)


@pytest.mark.parametrize("phase", [Phase.BEGIN, Phase.READ, Phase.PLAN, Phase.CLAIM, Phase.APPLY])
async def test_a_poisoned_message_fails_its_run(phase: Phase):
    world, key = await staffed()
    run = await world.until(phase, await world.start(key))
    message, *others = take_messages(world)

    await world.steps.poisoned(message)
    for other in others:
        await world.handle(other.queue, other.model_dump_json())
    await world.drain()

    ended = await world.context.runs.get(run.run)
    assert ended.state is State.FAILED
    assert phase.value in ended.reason
    assert await world.runs.running(key) == ""
    assert (await world.sync(key)).state is State.COMPLETED
    assert len(await world.users()) == 3
    await check_sound(world)


def take_messages(world: World) -> list[Message]:
    """The messages that are out: nobody delivers them any more."""
    found: list[Message] = []
    for step in STEPS:
        for message in world.queues.receive(step.queue, limit=32):
            world.queues.delete(message)
            found.append(step.model_validate_json(message.body))
    return found


async def test_a_poisoned_message_of_a_run_that_has_ended_changes_nothing():
    world, key = await staffed()
    started = await world.until(Phase.APPLY, await world.start(key))
    message = Apply(directory_key=key, run=started.run, attempt=1, chain="00", number=0)
    await world.drain()
    before = await world.context.runs.get(started.run)

    await world.steps.poisoned(message)
    await world.drain()

    assert await world.context.runs.get(started.run) == before


@pytest.mark.parametrize("phase", [Phase.BEGIN, Phase.READ, Phase.PLAN, Phase.CLAIM, Phase.APPLY, Phase.FINISH])
async def test_a_step_whose_message_was_lost_is_sent_again_after_three_minutes(phase: Phase):
    world, key = await staffed()
    run = await world.until(phase, await world.start(key))
    take_messages(world)

    await world.steps.watch()
    assert world.queues.due() is None
    world.clock.at += STALLED
    await world.steps.watch()
    await world.drain()

    assert (await world.context.runs.get(run.run)).state is State.COMPLETED
    assert len(await world.users()) == 3
    await check_sound(world)


async def test_a_step_that_shows_no_life_fails_the_run_after_five_times():
    world, key = await staffed()
    run = await world.until(Phase.READ, await world.start(key))
    take_messages(world)
    sent: list[int] = []

    for _ in range(6):
        world.clock.at += STALLED
        await world.steps.watch()
        sent.append(len([message for message in take_messages(world) if isinstance(message, Read)]))

    assert sent == [1, 1, 1, 1, 1, 0]
    failing = await world.context.runs.get(run.run)
    assert (failing.outcome, failing.phase) == (State.FAILED, Phase.FINISH)
    assert "5 times" in failing.reason
    world.clock.at += STALLED
    await world.steps.watch()
    await world.drain()
    assert (await world.context.runs.get(run.run)).state is State.FAILED
    assert await world.runs.running(key) == ""


async def test_a_second_run_is_refused_with_the_code_of_the_one_that_goes_on():  # B-107, D-15
    world, key = await staffed()
    run = await world.start(key)

    with pytest.raises(AlreadyRunning) as refused:
        await world.start(key)

    assert refused.value.run == run.run
    await world.drain()
    assert [past.run for past in (await world.runs.history(key, limit=9))[0]] == [run.run]
    assert await world.runs.running(key) == ""


async def test_a_late_worker_of_a_failed_run_is_refused_in_users(caplog: pytest.LogCaptureFixture):  # architecture: the fence
    world, key = await staffed()
    await world.until(Phase.APPLY, await world.start(key))
    (message,) = take_messages(world)
    assert isinstance(message, Apply)
    overtaken = Overtaken(world, key, message)
    world.interrupt = overtaken

    with caplog.at_level(logging.INFO):
        await world.steps.apply(message)

    assert "a later run of this sync has written here" in caplog.text
    assert {user.user_id: user for user in await world.users()} == overtaken.users
    await world.context.staging.drop(message.run)
    await check_sound(world)


class Overtaken:
    """Holds a worker just before it writes its first users, until its run has failed and a later one is done."""

    def __init__(self, world: World, key: str, message: Apply) -> None:
        self._world, self._key, self._message = world, key, message
        self.users: dict[str, User] = {}

    async def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del point, port
        if call.name == "Users" and method == "transact":
            self._world.interrupt = None
            await self._world.steps.poisoned(self._message)
            await self._world.drain()
            self._world.source.accounts[self._world.source.named("ann")].enabled = False
            assert (await self._world.sync(self._key)).state is State.COMPLETED
            self.users = {user.user_id: user for user in await self._world.users()}


async def test_a_late_worker_is_refused_as_soon_as_the_next_run_has_begun(caplog: pytest.LogCaptureFixture):  # architecture: the fence
    world, key = await staffed()
    await world.until(Phase.APPLY, await world.start(key))
    (message,) = take_messages(world)
    written: list[User] = []

    async def begin_another(point: Point, port: Port, method: Method, call: Call) -> None:
        del point, port
        if call.name == "Users" and method == "transact":
            world.interrupt = None
            await world.steps.poisoned(message)
            await world.drain()
            await world.until(Phase.READ, await world.start(key))
            written.extend(await world.users())

    world.interrupt = begin_another
    with caplog.at_level(logging.INFO):
        await world.handle(message.queue, message.model_dump_json())

    assert "a later run of this sync has written here" in caplog.text
    assert await world.users() == written


@pytest.mark.parametrize("queue", [step.queue for step in STEPS[1:]])
async def test_a_step_that_died_before_it_sent_the_next_sends_it_when_it_comes_again(queue: str):  # without the timer
    world, key = await staffed()
    run = await world.start(key)
    world.interrupt = DiesSending(queue)

    with pytest.raises(Cut):
        await world.drain()
    world.restart()
    await world.drain()

    assert (await world.context.runs.get(run.run)).state is State.COMPLETED


class DiesSending:
    """Dies before the first message to a queue is sent."""

    def __init__(self, queue: str) -> None:
        self._queue = queue

    def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del point, port
        if method == "send" and call.name == self._queue:
            self._queue = ""
            raise Cut


async def test_a_message_of_a_run_that_has_ended_leaves_nothing_behind():
    world, key = await staffed()
    await world.until(Phase.APPLY, await world.start(key))
    (message,) = take_messages(world)
    await world.steps.poisoned(message)
    await world.drain()
    await world.sync(key)
    before = etags(world)

    await world.handle(message.queue, message.model_dump_json())

    assert etags(world) == before
    await check_sound(world)
