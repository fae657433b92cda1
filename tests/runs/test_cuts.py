"""A process may die at any request, its reply lost or its request never sent: started again, the run ends as if nothing had been.

And a run may be cancelled, or fail, at any request: the next run ends as if there had been one.
"""

import os
from collections.abc import Awaitable, Callable

import pytest

from sync_core.runs.record import Phase, State
from tests.runs import story
from tests.runs.fates import Scissors, cancelled, cut_run, dies, ended_early, fails
from tests.runs.picture import Picture, check_sound, picture
from tests.runs.world import World

EVERY_CUT = bool(os.environ.get("ALL_CUTS")) or os.environ.get("HYPOTHESIS_PROFILE") == "long"
SAMPLES = 50
"""Places tried in each story when not every one is."""

type Story = Callable[[], Awaitable[tuple[World, str]]]

STORIES = pytest.mark.parametrize("made", [story.begun, story.changing])


async def uncut(made: World, key: str) -> tuple[Picture, range]:
    """How it ends when nothing happens, and the places where something may."""
    world, scissors = await made.fork(), Scissors(-1, dies)
    world.interrupt = scissors
    assert (await world.sync(key)).state is State.COMPLETED
    world.interrupt = None
    await check_sound(world)
    return await picture(world), range(0, scissors.count, 1 if EVERY_CUT else max(1, scissors.count // SAMPLES))


@STORIES
async def test_a_run_whose_process_dies_anywhere_ends_as_if_it_had_not(made: Story):  # architecture: every step can die anywhere
    before, key = await made()
    expected, places = await uncut(before, key)

    for place in places:
        world = await before.fork()
        run = await cut_run(world, key, place)

        assert run.state is State.COMPLETED, place
        assert run.run in [past.run for past in (await world.runs.history(key, limit=9))[0]], place
        assert await picture(world) == expected, place
        await check_sound(world)


@STORIES
async def test_a_run_that_failed_anywhere_is_completed_by_the_next(made: Story):  # architecture: Changes of a dead run are put right
    before, key = await made()
    expected, places = await uncut(before, key)

    for place in places:
        world = await before.fork()
        await ended_early(world, key, Scissors(place, fails))

        assert (await world.sync(key)).state is State.COMPLETED, place
        assert await picture(world) == expected, place
        await check_sound(world)


async def test_a_run_cancelled_anywhere_removes_nobody_and_the_next_one_completes_it():  # B-104, B-105, D-14
    before, key = await story.changing()
    expected, places = await uncut(before, key)

    for place in places:
        world = await before.fork()
        phase = await cancelled(world, key, place)

        everybody = await world.users()
        if phase is not None and phase is not Phase.APPLY:  # the slice that is being applied is not stopped
            assert {user.former_username for user in everybody if user.in_trash} <= {"gus@corp.example"}, place
        if phase is not None:
            names = [name for user in everybody for name in user.name_digests]
            assert len(set(names)) == len(names), place
        assert (await world.sync(key)).state is State.COMPLETED, place
        assert await picture(world) == expected, place
        await check_sound(world)
