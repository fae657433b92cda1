"""A process may die at any request, its reply lost or its request never sent: started again, the run ends as if nothing had been."""

import os
from collections.abc import Awaitable, Callable, Iterator

import pytest

from sync_core.runs.record import State
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.runs import story
from tests.runs.picture import Picture, check_sound, picture
from tests.runs.world import Cut, World

EVERY_CUT = bool(os.environ.get("ALL_CUTS")) or os.environ.get("HYPOTHESIS_PROFILE") == "long"
SAMPLES = 60
"""Cuts of each story when not every one is made."""

type Story = Callable[[], Awaitable[tuple[World, str]]]


class Scissors:
    """Cuts at the request `at`, counted from 0; both of its sides count. Counts on without cutting afterwards."""

    def __init__(self, at: int = -1) -> None:
        self.at, self.count = at, 0

    def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del point, port, method, call
        self.count += 1
        if self.count == self.at + 1:
            raise Cut


async def cut_run(world: World, key: str, scissors: Scissors) -> str:
    """A full run with one cut, to its end; its reference code."""
    world.interrupt = scissors
    try:
        run = (await world.start(key)).run
    except Cut:
        world.restart()
        run = await world.runs.running(key) or (await world.start(key)).run
    await world.survive()
    world.interrupt = None
    return run


def places(of: int) -> Iterator[int]:
    step = 1 if EVERY_CUT else max(1, of // SAMPLES)
    yield from range(0, of, step)


async def uncut(made: World, key: str) -> tuple[Picture, int]:
    """How it ends when nothing dies, and between how many places a cut may fall."""
    world, scissors = await made.fork(), Scissors()
    run = await cut_run(world, key, scissors)
    assert (await world.context.runs.get(run)).state is State.COMPLETED
    await check_sound(world)
    return await picture(world), scissors.count


@pytest.mark.parametrize("made", [story.begun, story.changing])
async def test_a_run_whose_process_dies_anywhere_ends_as_if_it_had_not(made: Story):  # architecture: every step can die anywhere
    before, key = await made()
    expected, count = await uncut(before, key)

    for place in places(count):
        world = await before.fork()
        run = await cut_run(world, key, Scissors(place))

        assert (await world.context.runs.get(run)).state is State.COMPLETED, place
        assert run in [past.run for past in (await world.runs.history(key, limit=9))[0]], place
        assert await picture(world) == expected, place
        await check_sound(world)
