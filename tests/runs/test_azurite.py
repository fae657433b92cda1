"""The same runs on Azurite: what the in-memory tables promise, Table Storage's emulator keeps."""

import asyncio
from collections.abc import AsyncIterator

from sync_core.runs.record import State
from sync_core.storage.azure import AzureTables
from tests.runs import story
from tests.runs.held import approved, held, leave
from tests.runs.picture import Picture, picture
from tests.runs.scheduled import HOUR, life, runs_of, scheduled, tick
from tests.runs.world import START, World
from tests.storage.prefixed import PrefixedTables


async def pictures(world: World) -> AsyncIterator[Picture]:
    """After the first run, after the day of changes, and after a run that has nothing to do."""
    key = await story.hired(world)
    for prepare in (None, story.change, None):
        if prepare is not None:
            await prepare(world, key)
        run = await world.sync(key)
        assert run.state is State.COMPLETED, run.reason
        yield await picture(world)


async def test_timers_at_once_start_each_sync_once_on_azurite(azure_tables: PrefixedTables[AzureTables]):  # B-107
    world = World(tables=azure_tables)
    await world.prepare()
    world.source.hire("ann@corp.example", "staff")
    keys = [await scheduled(world, "staff", name=f"Sync {n}") for n in range(2)]
    world.clock.at += 2 * HOUR

    await asyncio.gather(*(tick(world) for _ in range(4)))
    await world.drain()
    await tick(world)

    found = [await runs_of(world, key) for key in keys]
    assert [(len(runs), runs[0].state) for runs in found] == [(1, State.COMPLETED)] * 2
    assert {(await life(world, key)).next_at for key in keys} == {START + 13 * HOUR}


async def test_runs_on_azurite_end_as_in_memory(azure_tables: PrefixedTables[AzureTables]):
    in_memory = [seen async for seen in pictures(World())]

    on_azurite = [seen async for seen in pictures(World(tables=azure_tables))]

    assert on_azurite == in_memory
    assert in_memory[1] == in_memory[2] != in_memory[0]


async def test_what_is_previewed_held_and_approved_on_azurite_is_as_in_memory(azure_tables: PrefixedTables[AzureTables]):  # D-12, D-13
    told: list[tuple[object, ...]] = []
    for world in (World(tables=azure_tables), World()):
        await world.prepare()
        for number in range(20):
            world.source.hire(f"user{number}@corp.example", "staff")
        key = await world.connect("staff")
        await world.sync(key)
        leave(world, *range(11))
        preview, run = await world.preview(key), await world.sync(key)
        stands = await held(world, key)
        state = await approved(world, key, stands.digest)
        world.clock.at += 25 * HOUR
        await world.previews.sweep()
        expired = await world.context.runs.get(preview.run)
        told.append((preview.state, run.state, stands.users, state, expired.state, await picture_of_names(world)))
    assert told[0] == told[1]
    assert told[0][:5] == (State.PREVIEWED, State.HELD, 11, State.COMPLETED, State.EXPIRED)


async def picture_of_names(world: World) -> list[tuple[str, str]]:
    return sorted((user.username, user.status.value) for user in await world.users())
