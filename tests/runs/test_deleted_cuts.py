"""A sync is deleted while a run of it dies: no further run comes, and a night puts right what was left (D-17)."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from sync_core.errors import StopRun, SyncError
from sync_core.individual.sync import IndividualSync
from sync_core.management.syncs import make_syncs
from sync_core.storage import objects
from tests.runs import story
from tests.runs.fates import Act, Scissors, dies
from tests.runs.picture import check_sound
from tests.runs.test_cuts import EVERY_CUT
from tests.runs.world import Cut, World

SAMPLES = 30

type Fate = Callable[[World, str, int], Awaitable[int]]
"""What befalls the sync at a place; how many places there were."""


async def delete(world: World, key: str) -> None:
    await make_syncs(world.tables, world.context.source, world.clock, world.random.getrandbits).delete(key, by="test")


async def a_run(world: World, key: str, at: int, act: Act) -> int:
    world.interrupt = scissors = Scissors(at, act)
    with suppress(Cut, SyncError):
        await world.start(key)
        await world.drain()
    world.interrupt = None
    return scissors.count


async def dies_and_is_deleted(world: World, key: str, place: int) -> int:
    count = await a_run(world, key, place, dies)
    world.restart()
    await delete(world, key)
    await world.survive()
    return count


async def is_deleted_while_it_goes_on(world: World, key: str, place: int) -> int:
    async def deleted() -> None:
        world.interrupt = None
        await delete(world, key)

    count = await a_run(world, key, place, deleted)
    await world.survive()
    return count


async def fails_and_is_deleted(world: World, key: str, place: int) -> int:
    async def fails() -> None:
        raise StopRun("out of order")

    count = await a_run(world, key, place, fails)
    await world.survive()
    with suppress(StopRun):
        await delete(world, key)
    return count


async def an_individual_sync_dies(world: World, key: str, place: int) -> int:
    names = [account.attributes["userPrincipalName"] for account in world.source.accounts.values()]
    world.interrupt = scissors = Scissors(place, dies)
    with suppress(Cut):
        await IndividualSync(world.context).of_names(key, sorted({*names, "gus@corp.example"}), "test")
    world.interrupt = None
    world.restart()
    await delete(world, key)
    return scissors.count


async def everybody(world: World) -> set[str]:
    return {user.user_id for user in await world.users()}


@pytest.mark.parametrize("made", [story.begun, story.changing])
@pytest.mark.parametrize("fate", [dies_and_is_deleted, is_deleted_while_it_goes_on, fails_and_is_deleted, an_individual_sync_dies])
async def test_wherever_it_happens_the_rows_say_what_the_records_say_after_a_night(made: story.Story, fate: Fate):
    before, key = await made()
    places = await fate(await before.fork(), key, -1)

    for place in range(0, places, 1 if EVERY_CUT else max(1, places // SAMPLES)):
        world = await before.fork()
        await fate(world, key, place)
        left = await everybody(world)
        await world.put_right()

        assert (await world.context.locks.read(key))[0].unclean == (), place
        assert await everybody(world) == left, place
        await check_sound(world)


async def left_behind() -> tuple[World, str]:
    """A deleted sync whose run died between the records and the rows of Objects."""
    before, key = await story.changing()
    places = await dies_and_is_deleted(await before.fork(), key, -1)
    for place in range(places // 2, places):
        world = await before.fork()
        await dies_and_is_deleted(world, key, place)
        with suppress(AssertionError):
            await check_sound(world)
            continue
        return world, key
    raise AssertionError("no cut leaves anything")


async def test_a_night_that_dies_anywhere_is_made_up_for_by_the_next_one():
    before, key = await left_behind()
    whole = await before.fork()
    whole.interrupt = scissors = Scissors(-1, dies)
    await whole.put_right()

    for place in range(0, scissors.count, 1 if EVERY_CUT else max(1, scissors.count // SAMPLES)):
        world = await before.fork()
        world.interrupt = Scissors(place, dies)
        with suppress(Cut):
            await world.put_right()
        world.interrupt = None
        world.restart()
        await world.put_right()

        assert (await world.context.locks.read(key))[0].unclean == (), place
        await check_sound(world)


async def test_nothing_is_touched_while_a_worker_may_still_write():  # architecture: the fence
    world, key = await left_behind()
    rows = world.memory.rows(objects.TABLE)

    await world.deleted_syncs.sweep()
    await world.drain()

    assert (await world.context.locks.read(key))[0].unclean
    assert world.memory.rows(objects.TABLE) == rows
