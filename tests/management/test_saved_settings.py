"""What saved settings do to the runs of their sync (B-063, B-064, D-17)."""

from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.management.sync_settings import SyncEdit, make_sync_settings
from sync_core.runs.record import State
from tests.management.office import BY, OLD, Office
from tests.runs.world import LIMITLESS


async def test_normalization_is_switched_on_and_off_and_the_next_full_run_renames(office: Office) -> None:  # B-063, B-064
    _, key = await office.set_up()
    before = {user.user_id: user.username for user in await office.world.users()}
    over = (office.world.tables, office.source, office.world.clock, office.world.random.getrandbits)
    settings = make_sync_settings(*over)

    await settings.save(key, SyncEdit(mapping=lambda mapping: replace(mapping, normalize=True), brake=lambda _: LIMITLESS), by=BY)
    assert {user.user_id: user.username for user in await office.world.users()} == before
    await office.world.sync(key)
    assert {user.user_id: user.username for user in await office.world.users()} == {
        user_id: username.partition("@")[0] for user_id, username in before.items()
    }

    await settings.save(key, SyncEdit(mapping=lambda _: Mapping()), by=BY)
    await office.world.sync(key)
    assert {user.user_id: user.username for user in await office.world.users()} == before


async def test_a_save_during_a_run_stops_it(office: Office) -> None:  # D-17
    _, key = await office.set_up()
    before = await office.world.users()
    office.tenants[OLD].hire("dan@corp.example", "staff")
    run = await office.world.start(key)
    over = (office.world.tables, office.source, office.world.clock, office.world.random.getrandbits)
    await office.world.deliver_one()  # it has begun

    await make_sync_settings(*over).save(key, SyncEdit(interval=60), by=BY)
    await office.world.drain()

    assert (await office.world.context.runs.get(run.run)).state is State.CANCELLED
    assert await office.world.users() == before
