"""A process may die at any request, its reply lost or its request never sent: started again, the run ends as if nothing had been.

And a run may be cancelled, or fail, at any request: the next run ends as if there had been one.
"""

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest

from sync_core.errors import NotFound, Rejected, StopRun
from sync_core.runs.record import Phase, Run, State
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.runs import story
from tests.runs.picture import Picture, check_sound, picture
from tests.runs.world import Cut, World

EVERY_CUT = bool(os.environ.get("ALL_CUTS")) or os.environ.get("HYPOTHESIS_PROFILE") == "long"
SAMPLES = 50
"""Places tried in each story when not every one is."""

type Story = Callable[[], Awaitable[tuple[World, str]]]
type Act = Callable[[], Awaitable[None]]

STORIES = pytest.mark.parametrize("made", [story.begun, story.changing])


class Scissors:
    """Acts once, at the place `at`: each request to storage has two, before it is sent and after its reply. Counts them all."""

    def __init__(self, at: int, act: Act) -> None:
        self._at, self._act, self.count = at, act, 0

    async def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del point, port, method, call
        self.count += 1
        if self.count == self._at + 1:
            await self._act()


async def dies() -> None:
    raise Cut


async def fails() -> None:
    raise StopRun("out of order")


async def uncut(made: World, key: str) -> tuple[Picture, range]:
    """How it ends when nothing happens, and the places where something may."""
    world, scissors = await made.fork(), Scissors(-1, dies)
    world.interrupt = scissors
    assert (await world.sync(key)).state is State.COMPLETED
    world.interrupt = None
    await check_sound(world)
    return await picture(world), range(0, scissors.count, 1 if EVERY_CUT else max(1, scissors.count // SAMPLES))


async def cut_run(world: World, key: str, place: int) -> Run:
    """A full run, to its end, whose process dies once, at the place."""
    world.interrupt = Scissors(place, dies)
    try:
        run = (await world.start(key)).run
    except Cut:
        world.restart()
        run = await world.runs.running(key) or (await world.start(key)).run
    await world.survive()
    world.interrupt = None
    return await world.context.runs.get(run)


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


async def ended_early(world: World, key: str, scissors: Scissors) -> Run | None:
    """A full run to which something happens at a place; None when that was before it could begin."""
    world.interrupt = scissors
    run: Run | None = None
    with suppress(StopRun):
        run = await world.start(key)
    await world.survive()
    world.interrupt = None
    return await world.context.runs.get(run.run) if run is not None else None


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


async def cancelled(world: World, key: str, place: int) -> Phase | None:
    """A full run that somebody cancels at the place: the phase in which it did; None when there was nothing to cancel any more, or yet."""
    phases: list[Phase] = []

    async def cancel() -> None:
        world.interrupt = None
        with suppress(Rejected, NotFound):
            run = await world.runs.cancel(await world.runs.running(key), "somebody")
            phases.extend([run.phase] if run.outcome is State.CANCELLED else [])

    await ended_early(world, key, Scissors(place, cancel))
    return phases[0] if phases else None
