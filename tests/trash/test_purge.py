"""Who is deleted for good, when, and what is left of it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.users import Status
from sync_core.errors import NotFound, Rejected, Transient
from sync_core.planning.reasons import Reason
from sync_core.runs.record import Phase, State
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.trash.messages import Purge
from sync_core.trash.purge import MOST_TRIES
from tests.runs.picture import check_sound, picture
from tests.trash.world import A_WEEK, AN_INSTANT, RUNS, TrashWorld, left


async def test_a_user_is_deleted_after_seven_days_in_trash_to_the_second_and_not_before():  # B-163, D-27
    here, _, (ann,) = await left("ann")
    assert ann.trashed_at is not None

    here.clock.at = ann.trashed_at + A_WEEK - AN_INSTANT
    await here.night()
    assert await here.context.users.get(ann.user_id) == ann

    here.clock.at = ann.trashed_at + A_WEEK
    await here.night()
    assert await here.context.users.get(ann.user_id) is None


async def test_nothing_names_a_deleted_user_and_nobody_else_has_changed():  # D-27
    here, _, gone = await left("ann", "eve")
    before, others = await picture(here), {user.user_id: user for user in await here.users()}
    here.clock.at += A_WEEK

    await here.night()

    assert [here.traces(user) for user in gone] == [[], []]
    assert here.in_trash() == []
    after = await picture(here)
    assert sum((before.people - after.people).values()) == 2
    for user in await here.users():
        assert user == others[user.user_id]
    await check_sound(here)


async def test_whoever_comes_back_after_that_is_a_new_user():  # B-162, B-163
    here, key, (ann,) = await left("ann")
    here.clock.at += A_WEEK
    await here.night()

    here.source.join(here.source.named("ann"), "staff")
    run = await here.sync(key)

    assert run.state is State.COMPLETED
    again = await here.user("ann@corp.example")
    assert again.user_id != ann.user_id
    assert (again.status, again.known_as) == (Status.ACTIVE, {})
    await check_sound(here)


async def test_a_user_restored_within_the_seven_days_stays():  # B-162
    here, key, (ann,) = await left("ann")
    here.source.join(here.source.named("ann"), "staff")
    await here.sync(key)
    here.clock.at += A_WEEK

    await here.night()

    stays = await here.user("ann@corp.example")
    assert (stays.user_id, stays.status) == (ann.user_id, Status.ACTIVE)
    assert here.in_trash() == []
    await check_sound(here)


async def test_seven_days_count_from_the_last_time_it_went_to_trash():  # D-27
    here, key, (ann,) = await left("ann")
    ann_in_entra = here.source.named("ann")
    here.source.join(ann_in_entra, "staff")
    await here.sync(key)
    here.clock.at += timedelta(days=5)
    here.source.quit(ann_in_entra)
    await here.sync(key)
    trashed_again = here.clock.at
    assert len(here.in_trash()) == 2

    here.clock.at = trashed_again + A_WEEK - AN_INSTANT
    await here.night()
    assert await here.context.users.get(ann.user_id) is not None
    assert len(here.in_trash()) == 1

    here.clock.at = trashed_again + A_WEEK
    await here.night()
    assert here.traces(ann) == []


async def test_a_name_that_somebody_took_over_meanwhile_stays_theirs():  # D-07
    here, key, (ann,) = await left("ann")
    here.source.rename("ann", "former")
    here.source.rename("bea", "ann")
    await here.sync(key)
    bea = await here.user("ann@corp.example")
    here.clock.at += A_WEEK

    await here.night()

    assert await here.context.users.get(ann.user_id) is None
    assert await here.user("ann@corp.example") == bea
    await check_sound(here)


async def test_aliases_go_too():  # D-03, D-27
    here = TrashWorld()
    await here.prepare()
    here.source.hire("ann@corp.example", "staff", mailNickname="annie")
    here.source.hire("bea@corp.example", "staff", mailNickname="bee")
    key = await here.connect("staff", mapping=Mapping(aliases={"1": "mailNickname"}))
    await here.sync(key)
    here.source.quit(here.source.named("ann"))
    await here.sync(key)
    ann = await here.user("annie")
    here.clock.at += A_WEEK

    await here.night()

    assert here.traces(ann) == []
    assert (await here.user("bee")).username == "bea@corp.example"


async def test_what_deleted_syncs_and_syncs_it_left_earlier_know_of_it_goes_too():  # D-17, D-27
    here = TrashWorld()
    await here.prepare()
    here.source.hire("ann@corp.example", "staff", "sales", "board")
    keys = [await here.connect(group, name=group) for group in ("staff", "sales", "board")]
    for key in keys:
        await here.sync(key)
    stored = await here.context.syncs.read(keys[0])
    assert stored is not None
    await here.context.syncs.replace(replace(stored.sync, deleted_at=here.clock.at, version=2), stored.etag)
    here.source.quit(here.source.named("ann"))
    for key in keys[1:]:
        await here.sync(key)
    ann = await here.user("ann@corp.example")
    assert {key for key, _ in ann.objects} == {keys[0], keys[2]}
    assert {row.partition.rpartition("-")[0] for row in here.memory.rows("Objects")} == {keys[0], keys[2]}
    here.clock.at += A_WEEK

    await here.night()

    assert here.memory.rows("Objects") == []
    assert here.traces(ann) == []


# Told by an admin


async def test_an_admin_deletes_somebody_in_trash_at_once():  # B-164
    here, _, (ann, bea) = await left("ann", "bea")

    told = await here.trash.delete(ann.user_id)
    assert told.user.status is Status.PURGING
    await here.drain()

    assert here.traces(ann) == []
    assert await here.context.users.get(bea.user_id) == bea
    with pytest.raises(NotFound):
        await here.trash.delete(ann.user_id)
    await check_sound(here)


async def test_telling_twice_is_telling_once():  # B-164
    here, _, (ann,) = await left("ann")
    await here.trash.delete(ann.user_id)
    await here.trash.delete(ann.user_id)

    await here.drain()

    assert here.traces(ann) == []
    await check_sound(here)


async def test_whom_an_admin_told_to_go_goes_even_when_the_message_is_lost():  # B-164, D-27
    here, _, (ann,) = await left("ann")
    await here.trash.delete(ann.user_id)
    for message in here.queues.receive(Purge.queue):
        here.queues.delete(message)
    here.clock.at += A_WEEK

    await here.night()

    assert here.traces(ann) == []


async def test_only_somebody_in_trash_can_be_deleted_there():  # B-158, B-164
    here, _, _ = await left("ann")
    bea = await here.user("bea@corp.example")

    with pytest.raises(Rejected, match="not in Trash"):
        await here.trash.delete(bea.user_id)
    for nobody in ("DU2A3B4C5D6E7F2G3H4I", "~meta", ""):
        with pytest.raises(NotFound):
            await here.trash.delete(nobody)
    await here.drain()

    assert await here.context.users.get(bea.user_id) == bea


# Beside a sync


async def test_a_user_that_is_going_is_skipped_by_a_sync_and_new_to_the_next():  # D-27
    here, key, (ann,) = await left("ann")
    await here.trash.delete(ann.user_id)
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

    await here.trash.delete(ann.user_id)
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
    await here.trash.delete(ann.user_id)
    await here.until(Phase.PLAN, await here.start(key))

    assert await here.deliver_one(Purge.queue)

    assert here.traces(ann) == []


# The setting


async def test_days_that_were_raised_hold_for_whoever_is_in_trash_already():  # D-26, D-27
    here, _, (ann,) = await left("ann")
    assert ann.trashed_at is not None
    here.keep(30)
    here.clock.at = ann.trashed_at + timedelta(days=30) - AN_INSTANT
    await here.night()
    assert await here.context.users.get(ann.user_id) == ann
    ((listed,), _) = await here.trash.page(limit=9, cursor="")
    assert listed.deletion_due == ann.trashed_at + timedelta(days=30)
    await here.night()

    here.clock.at += AN_INSTANT
    await here.night()
    assert here.traces(ann) == []
    assert here.in_trash() == []


async def test_days_that_were_lowered_delete_nobody_before_the_day_that_was_shown():  # B-161, D-26
    here, _, (ann,) = await left("ann")
    assert ann.trashed_at is not None
    here.keep(1)
    ((listed,), _) = await here.trash.page(limit=9, cursor="")
    assert listed.deletion_due == ann.trashed_at + A_WEEK
    here.clock.at = ann.trashed_at + A_WEEK - AN_INSTANT
    await here.night()
    assert await here.context.users.get(ann.user_id) == ann

    here.clock.at += AN_INSTANT
    await here.night()
    assert here.traces(ann) == []


# What goes wrong


class Busy:
    def __init__(self, table: str, times: int) -> None:
        self._table, self.times = table, times

    def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del port, method
        if point == "before" and call.name == self._table and self.times:
            self.times -= 1
            raise Transient("storage is busy", retry_after=5)


@pytest.mark.parametrize("table", ["Users", "Names", "Members", "Objects", "Syncs"])
async def test_busy_storage_puts_the_purge_off(table: str):
    here, _, (ann,) = await left("ann")
    here.clock.at += A_WEEK
    await here.sweep()
    here.interrupt = busy = Busy(table, 3)

    await here.drain()

    assert busy.times == 0
    assert here.traces(ann) == []
    await check_sound(here)


async def test_a_purge_that_fails_for_good_is_tried_again_by_the_next_sweep(caplog: pytest.LogCaptureFixture):
    here, _, (ann,) = await left("ann")
    here.clock.at += A_WEEK
    await here.sweep()
    (body,) = here.queues.bodies(Purge.queue)
    for message in here.queues.receive(Purge.queue):
        here.queues.delete(message)
    here.interrupt = Busy("Users", 1)
    with pytest.raises(Transient):
        await here.purge(Purge.model_validate_json(body).model_copy(update={"tries": MOST_TRIES}))

    await here.purge.poisoned(Purge.model_validate_json(body))
    assert "the next sweep tries again" in caplog.text
    assert await here.context.users.get(ann.user_id) == ann

    here.clock.at += timedelta(days=1)
    await here.night()
    assert here.traces(ann) == []
