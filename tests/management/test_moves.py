"""Connections authorized again, and moved to another tenant; their syncs with them (B-026, B-130..B-132, D-08)."""

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.lives import Pause
from sync_core.directory.users import Status
from sync_core.errors import IncompleteRead, Reauthorize, Rejected
from sync_core.runs.preview import Previews
from sync_core.runs.record import State
from tests.management.office import BY, NEW, OLD, Office
from tests.runs.fates import Scissors, dies
from tests.runs.scheduled import DAY, life, pass_time, runs_of
from tests.runs.world import Cut, World


async def test_authorized_again_its_syncs_are_connected_and_stay_paused(office: Office) -> None:  # B-131, B-132
    connection, key = await office.set_up()
    office.tenants[OLD].broken["staff"] = lambda: Reauthorize("consent was withdrawn")
    await office.world.sync(key)
    assert (await life(office.world, key)).needs_authorization
    office.tenants[OLD].broken.clear()

    same = await office.connections.reauthorized(connection.connection_id, OLD, by=BY, may_move=False)

    assert same == connection
    shown = await office.schedules.of(await office.syncs.get(key))
    assert (shown.schedule, shown.connection_status) == ("paused", "Connected")
    assert (await office.schedules.resume(key, by=BY)).schedule == "active"


async def test_another_tenant_is_refused_where_it_may_not_move(office: Office) -> None:  # B-026
    connection, key = await office.set_up()

    with pytest.raises(Rejected) as refused:
        await office.connections.reauthorized(connection.connection_id, NEW, by=BY, may_move=False)

    assert refused.value.field == "tenant_id"
    assert await office.connections.get(connection.connection_id) == connection
    assert not (await life(office.world, key)).paused


async def test_a_tenant_that_is_not_proved_moves_nothing(office: Office) -> None:
    connection, key = await office.set_up()
    office.tenants[NEW].tenant = OLD

    with pytest.raises(Rejected):
        await office.move(connection)

    assert (await office.syncs.get(key)).tenant_id == OLD


async def test_moved_it_runs_nowhere_until_a_preview_is_accepted_and_it_is_resumed(office: Office) -> None:  # D-08
    connection, key = await office.set_up()

    assert (await office.move(connection)).tenant_id == NEW

    sync = await office.syncs.get(key)
    assert (sync.tenant_id, sync.moved_from) == (NEW, OLD)
    assert (await life(office.world, key)).paused_because is Pause.MOVED
    with pytest.raises(Rejected):
        await office.schedules.resume(key, by=BY)
    with pytest.raises(Rejected):
        await office.world.sync(key)
    await pass_time(office.world, office.world.clock.at + 2 * DAY)
    assert len(await runs_of(office.world, key)) == 1

    preview = await office.preview(key)
    await office.schedules.accept_move(key, preview.run, by=BY)
    assert (await life(office.world, key)).paused
    await office.schedules.resume(key, by=BY)
    await pass_time(office.world, office.world.clock.at + DAY)

    assert [run.state for run in await runs_of(office.world, key)] == [State.COMPLETED] * 3


async def test_who_accepted_new_users_gets_new_ones(office: Office) -> None:  # D-08
    connection, key = await office.set_up()
    before = {user.user_id for user in await office.world.users()}
    await office.move(connection)
    await office.schedules.accept_move(key, (await office.preview(key)).run, by=BY)

    await office.world.sync(key)

    active = {user.user_id for user in await office.world.users() if user.status is Status.ACTIVE}
    assert len(active) == 3
    assert active.isdisjoint(before)


@pytest.mark.parametrize("incomplete_first", [False, True])
async def test_who_accepted_that_users_are_found_again_by_username_keeps_them(office: Office, incomplete_first: bool) -> None:  # D-08
    connection, key = await office.set_up()
    before = {user.username: user.user_id for user in await office.world.users()}
    office.tenants[NEW].delete(office.tenants[NEW].named("cid"))
    await office.move(connection)
    await office.schedules.accept_move(key, (await office.preview(key, relink=True)).run, by=BY)
    await office.schedules.resume(key, by=BY)
    if incomplete_first:
        office.tenants[NEW].broken["staff"] = lambda: IncompleteRead("half of it")
        assert (await office.world.sync(key)).state is State.INCOMPLETE
        office.tenants[NEW].broken.clear()

    await pass_time(office.world, office.world.clock.at + DAY / 2)
    assert (await runs_of(office.world, key))[-1].state is State.COMPLETED
    assert not (await office.syncs.get(key)).relink

    after = {user.username: user for user in await office.world.users()}
    assert {name: user.user_id for name, user in after.items()} == before
    assert {user.username: user.status for user in after.values()} == {
        "ann@corp.example": Status.ACTIVE,
        "bea@corp.example": Status.ACTIVE,
        "cid@corp.example": Status.PENDING_DELETION,
    }
    holds = {hold.object_id for user in after.values() for hold in user.held_by.values()}
    assert holds == {office.tenants[NEW].named(name) for name in ("ann", "bea")}
    assert (await office.world.sync(key)).counts.get("changes") == 0


async def test_a_preview_of_other_settings_or_of_another_sync_is_not_accepted(office: Office) -> None:  # D-08
    connection, key = await office.set_up()
    early = await office.preview(key)
    with pytest.raises(Rejected):
        await office.schedules.accept_move(key, early.run, by=BY)
    await office.move(connection)
    unsaved = replace(await office.syncs.get(key), mapping=Mapping(notes="jobTitle"))
    other = await Previews(office.world.context).start(unsaved, BY)
    await office.world.drain()
    full = (await runs_of(office.world, key))[0]

    for code in (early.run, other.run, full.run, "0" * 32, "../x"):
        with pytest.raises(Rejected) as refused:
            await office.schedules.accept_move(key, code, by=BY)
        assert refused.value.field == "preview"

    late = await office.preview(key)
    office.world.clock.at += DAY
    with pytest.raises(Rejected):
        await office.schedules.accept_move(key, late.run, by=BY)
    assert (await office.syncs.get(key)).moved_from == OLD


async def test_moved_back_before_anything_ran_it_is_as_before(office: Office) -> None:  # D-08
    connection, key = await office.set_up()
    await office.move(connection)

    await office.move(connection, OLD)

    assert (await office.syncs.get(key)).moved_from == ""
    assert (await office.schedules.resume(key, by=BY)).schedule == "active"


async def test_a_run_that_goes_on_while_its_connection_moves_writes_nothing_more(office: Office) -> None:  # D-08, D-17
    connection, key = await office.set_up()
    before = await office.world.users()
    for name in ("dan", "eve"):
        office.tenants[OLD].hire(f"{name}@corp.example", "staff")
    run = await office.world.start(key)

    await office.move(connection)
    await office.world.drain()

    assert (await office.world.context.runs.get(run.run)).state is State.CANCELLED
    assert await office.world.users() == before


async def test_a_move_that_dies_anywhere_is_done_by_repeating_it() -> None:  # D-08
    for cut in range(60):
        world = World()
        await world.prepare()
        here = Office(world)
        connection, key = await here.set_up()
        world.interrupt = Scissors(cut, dies)
        try:
            await here.move(connection)
            died = False
        except Cut:
            died = True
        world.interrupt = None
        sync, paused = await here.syncs.get(key), (await life(world, key)).paused
        assert sync.tenant_id == OLD or (sync.moved_from == OLD and paused), cut

        assert (await here.move(connection)).tenant_id == NEW
        sync = await here.syncs.get(key)
        assert (sync.tenant_id, sync.moved_from, sync.version) == (NEW, OLD, 2), cut
        assert (await life(world, key)).paused_because is Pause.MOVED
        if not died:
            return
    raise AssertionError("a move has more than 60 requests")
