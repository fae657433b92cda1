"""A purge beside syncs that restore, retire, or planned with what is gone by now."""

from datetime import timedelta

import pytest

from sync_core.planning.reasons import Reason
from sync_core.runs.messages import Apply
from sync_core.runs.record import Phase, State
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.trash.erase import Eraser
from sync_core.trash.messages import Purge
from tests.runs.picture import check_sound
from tests.runs.world import Cut
from tests.trash.world import A_WEEK, RUNS, TrashWorld, left


async def test_a_user_that_is_going_is_skipped_by_a_sync_and_new_to_the_next():  # D-27
    here, key, (ann,) = await left("ann")
    await here.trash.delete(ann.user_id, by="test")
    here.source.join(here.source.named("ann"), "staff")

    run = await here.start(key)
    while await here.deliver_one(*RUNS):
        pass
    skips, _ = await here.runs.skips(run.run, limit=9)
    assert [skip.reason for skip in skips] == [Reason.PURGING]
    await here.drain()
    assert here.traces(ann) == []

    assert (await here.sync(key)).state is State.COMPLETED
    assert (await here.user("ann@corp.example")).user_id != ann.user_id
    await check_sound(here)


@pytest.mark.parametrize("phase", [Phase.CLAIM, Phase.APPLY])
async def test_a_restore_that_was_planned_before_the_user_went_does_not_bring_it_back(phase: Phase):  # D-27
    here, key, (ann,) = await left("ann")
    here.source.join(here.source.named("ann"), "staff")
    here.source.rename("ann", "anna")
    await here.until(phase, await here.start(key))

    await here.trash.delete(ann.user_id, by="test")
    assert await here.deliver_one(Purge.queue)
    assert await here.context.users.get(ann.user_id) is not None  # it waits for the run
    await here.drain()

    assert await here.context.users.get(ann.user_id) is None
    assert here.traces(ann) == []
    await check_sound(here)
    await here.sync(key)
    assert (await here.user("anna@corp.example")).user_id != ann.user_id
    await check_sound(here)


async def test_a_restore_that_was_written_first_stands():  # B-162, D-27
    here, key, (ann,) = await left("ann")
    here.clock.at += A_WEEK
    await here.sweep()
    here.source.join(here.source.named("ann"), "staff")
    run = await here.start(key)
    while (await here.context.runs.get(run.run)).phase is not Phase.ENDED:
        assert await here.deliver_one(*RUNS)

    await here.drain()

    assert (await here.user("ann@corp.example")).user_id == ann.user_id
    await check_sound(here)


async def test_only_runs_that_may_have_seen_the_user_are_waited_for():
    here, key, (ann,) = await left("ann")
    await here.trash.delete(ann.user_id, by="test")
    await here.until(Phase.PLAN, await here.start(key))

    assert await here.deliver_one(Purge.queue)

    assert here.traces(ann) == []


async def test_a_sync_that_it_left_while_another_one_retired_it_forgets_it():  # B-160, D-06
    here = TrashWorld()
    await here.prepare()
    here.source.hire("ann@corp.example", "staff", "sales")
    one, other = await here.connect("staff"), await here.connect("sales", name="Other")
    await here.sync(one)
    await here.sync(other)
    here.source.quit(here.source.named("ann"))
    await here.until(Phase.APPLY, await here.start(one))
    here.interrupt = Dies("Objects", one)
    with pytest.raises(Cut):
        await here.deliver_one(Apply.queue)
    here.interrupt = None
    here.clock.at = max(here.clock.at + timedelta(minutes=1), here.queues.due() or here.clock.at)
    (late,) = here.queues.receive(Apply.queue)
    await here.start(other)
    while await here.deliver_one(*RUNS):
        pass
    ann = await here.user("ann@corp.example")
    assert (ann.in_trash, set(ann.known_as)) == (True, {other})

    await here.handle(late.queue, late.body)
    here.queues.delete(late)
    await here.drain()
    await here.sync(one)

    await check_sound(here)
    here.clock.at += A_WEEK
    await here.night()
    assert here.traces(ann) == []


class Dies:
    """The process dies when it is about to write rows of a sync."""

    def __init__(self, table: str, key: str) -> None:
        self._table, self._key = table, key

    def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del port
        if point == "before" and call.name == self._table and call.partition.startswith(self._key) and method in {"write", "transact"}:
            raise Cut


async def test_a_user_deleted_between_plan_and_write_is_not_made_again():
    here, key, (ann,) = await left("ann")
    here.source.join(here.source.named("ann"), "staff")
    await here.until(Phase.APPLY, await here.start(key))
    await Eraser(here.tables)([ann.user_id])

    await here.drain()

    assert await here.context.users.get(ann.user_id) is None
    await here.sync(key)
    assert (await here.user("ann@corp.example")).user_id != ann.user_id
    await check_sound(here)
    here.clock.at += A_WEEK
    await here.night()
    assert here.in_trash() == []
