"""Cancelling a run: what is applied stays, nothing is removed afterwards, a transfer of a name that has begun is finished (B-104, D-14)."""

import pytest
from msgspec.structs import replace

from sync_core.directory.users import User
from sync_core.errors import Rejected
from sync_core.runs.record import Phase, Run, State
from tests.runs import story
from tests.runs.picture import check_sound, picture
from tests.runs.test_cuts import end, uncut
from tests.runs.world import World

PHASES = pytest.mark.parametrize("phase", [Phase.BEGIN, Phase.READ, Phase.PLAN, Phase.CLAIM, Phase.APPLY])


async def cancelled_in(phase: Phase, world: World, key: str) -> Run:
    run = await world.until(phase, await world.start(key))
    await world.runs.cancel(run.run, "the help desk")
    await world.drain()
    return await world.context.runs.get(run.run)


def records(users: list[User]) -> dict[str, User]:
    return {user.user_id: user for user in users}


@PHASES
async def test_a_cancelled_run_ends_as_cancelled_and_the_next_one_completes_all(phase: Phase):  # B-104
    world, key = await story.changing()
    expected, _ = await uncut(world, key, runs=False)

    run = await cancelled_in(phase, world, key)

    assert (run.state, run.phase) == (State.CANCELLED, Phase.ENDED)
    assert "the help desk" in run.reason
    assert await world.runs.running(key) == ""
    assert (await world.sync(key)).state is State.COMPLETED
    assert await end(world, runs=False) == expected
    await check_sound(world)


@PHASES
async def test_a_run_cancelled_before_a_slice_removes_disables_and_adds_nobody(phase: Phase):  # B-105, D-14
    world, key = await story.changing()
    world.source.delete(world.source.named("gus"))
    before = {user.username: user for user in await world.users()}

    await cancelled_in(phase, world, key)

    after = {user.username: user for user in await world.users()}
    assert after.keys() - before.keys() <= {"dora@corp.example"}
    moved = {"ann@corp.example", "bea@corp.example", "cid@corp.example", "dan@corp.example", "dora@corp.example"}
    assert {name: user for name, user in after.items() if name not in moved} == {
        name: user for name, user in before.items() if name not in moved
    }


@pytest.mark.parametrize("phase", [Phase.CLAIM, Phase.APPLY])
async def test_a_transfer_of_names_that_has_begun_is_finished_for_all_its_users(phase: Phase):  # D-14
    world, key = await story.changing()
    ids = {user.username: user.user_id for user in await world.users()}

    await cancelled_in(phase, world, key)

    for old, new in (("ann", "bea"), ("bea", "ann"), ("cid", "dan"), ("dan", "dora")):
        assert (await world.user(f"{new}@corp.example")).user_id == ids[f"{old}@corp.example"]
    names = [key for user in await world.users() for key in user.name_digests]
    assert len(set(names)) == len(names)


async def test_a_run_cancelled_before_its_claims_claims_nothing_but_what_changes_hands():  # D-14
    world, key = await story.changing()

    await cancelled_in(Phase.CLAIM, world, key)

    claimed = {row.text("name") for row in world.memory.rows("Names")}
    assert "dora@corp.example" in claimed
    assert "kim@corp.example" not in claimed


@pytest.mark.parametrize("phase", [Phase.READ, Phase.PLAN])
async def test_a_run_cancelled_before_it_writes_leaves_every_row_as_it_was(phase: Phase):  # B-105
    world, key = await story.changing()
    before = await picture(world)

    await cancelled_in(phase, world, key)

    assert await picture(world) == before
    await check_sound(world)


async def test_what_a_cancelled_run_has_applied_stays(monkeypatch: pytest.MonkeyPatch):  # B-104
    monkeypatch.setattr("sync_core.runs.plan.SLICE", 1)
    world, key = await story.begun()
    run = await world.until(Phase.APPLY, await world.start(key))
    await world.deliver_one()
    applied = records(await world.users())

    await world.runs.cancel(run.run, "somebody")
    await world.drain()

    assert 0 < len(applied) < 10
    assert records(await world.users()) == applied
    assert (await world.context.runs.get(run.run)).state is State.CANCELLED


@PHASES
async def test_a_run_whose_settings_change_ends_as_cancelled(phase: Phase):  # D-17
    world, key = await story.begun()
    run = await world.until(phase, await world.start(key))
    await world.select(key, "staff")

    await world.drain()

    ended = await world.context.runs.get(run.run)
    if phase is Phase.BEGIN:  # nothing was fixed yet: it goes by the new ones
        assert ended.state is State.COMPLETED
        assert len(await world.users()) == 6
    else:
        assert ended.state is State.CANCELLED
        assert "settings" in ended.reason
        assert await world.users() == []
    assert (await world.sync(key)).state is State.COMPLETED
    await check_sound(world)


@PHASES
async def test_a_run_whose_sync_is_deleted_goes_no_further(phase: Phase):  # D-17
    world, key = await story.begun()
    run = await world.until(phase, await world.start(key))
    stored = await world.context.syncs.read(key)
    assert stored is not None
    await world.context.syncs.replace(replace(stored.sync, deleted_at=world.clock.now()), stored.etag)

    await world.drain()

    ended = await world.context.runs.get(run.run)
    assert ended.state is State.CANCELLED
    assert await world.users() == []
    assert await world.runs.running(key) == ""


async def test_a_run_that_has_ended_cannot_be_cancelled():
    world, key = await story.begun()
    run = await world.sync(key)

    with pytest.raises(Rejected, match="completed"):
        await world.runs.cancel(run.run, "somebody")

    assert await world.context.runs.get(run.run) == run
