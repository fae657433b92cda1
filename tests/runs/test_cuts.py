"""A process may die at any request, its reply lost or its request never sent: started again, the run ends as if nothing had been.

And a run may be cancelled, or fail, at any request: the next run ends as if there had been one.
"""

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import pytest

from sync_core.errors import NotFound, Rejected
from sync_core.runs.record import Phase, State
from tests.runs import story
from tests.runs.fates import Scissors, cancelled, cut_run, dies, ended_early, fails
from tests.runs.picture import Picture, check_sound, picture
from tests.runs.rows import Said, rows
from tests.runs.told import Told, seen, told
from tests.runs.world import Cut, World

EVERY_CUT = bool(os.environ.get("ALL_CUTS")) or os.environ.get("HYPOTHESIS_PROFILE") == "long"
SAMPLES = 40
"""Places tried in each experiment when not every one is."""
FEWEST_CUTS = 400
WELL = {State.COMPLETED, State.WARNINGS}
OF_RUNS = "azure_sync"
"""So begin the names of what runs tell of themselves."""

type Story = Callable[[], Awaitable[tuple[World, str]]]
type Fate = Callable[[World, str, int], Awaitable[object]]
"""What befalls a run of the sync at a place; then all goes on to the end, and where the run was lost, another one is done."""

STORIES = pytest.mark.parametrize("made", [story.begun, story.changing, story.returning])


@dataclass(frozen=True)
class End:
    picture: Picture
    rows: Said
    log: Told


async def end(world: World, *, runs: bool) -> End:
    """`runs`: whether what the runs tell of themselves counts too, as where there are as many."""
    events = [event for event in await told(world) if runs or not event.action.startswith(OF_RUNS)]
    return End(await picture(world), await rows(world), seen(events))


async def uncut(made: World, key: str, *, runs: bool = True) -> tuple[End, range]:
    """How it ends when nothing happens, and the places where something may."""
    world, scissors = await made.fork(), Scissors(-1, dies)
    world.interrupt = scissors
    assert (await world.sync(key)).state in WELL
    world.interrupt = None
    await check_sound(world)
    return await end(world, runs=runs), range(scissors.count)


async def dies_at(world: World, key: str, place: int, *, watched: bool = True) -> None:  # architecture: every step can die anywhere
    run = await cut_run(world, key, place, watched=watched)
    assert run.state in WELL
    assert run.run in [past.run for past in (await world.runs.history(key, limit=9))[0]]


async def fails_at(world: World, key: str, place: int) -> None:  # architecture: Changes of a dead run are put right
    await ended_early(world, key, Scissors(place, fails))
    assert (await world.sync(key)).state in WELL


async def is_cancelled_at(world: World, key: str, place: int) -> None:  # B-104, B-105, D-14
    before = {user.user_id for user in await world.users() if user.in_trash}
    phase = await cancelled(world, key, place)
    everybody = await world.users()
    if phase is not None and phase is not Phase.APPLY:  # the slice that is being applied is not stopped
        trashed = [user for user in everybody if user.in_trash and user.user_id not in before]
        assert all(user.former_username for user in trashed)  # but who gives up a name to somebody who has got it
    if phase is not None:
        names = [name for user in everybody for name in user.name_digests]
        assert len(set(names)) == len(names)
    assert (await world.sync(key)).state in WELL


async def dies_and_is_cancelled_at(world: World, key: str, place: int) -> None:  # B-104, B-181
    """What it had done is told by whoever goes on, although that one does no more of it."""
    world.interrupt = Scissors(place, dies)
    try:
        await world.start(key)
        await world.drain()
    except Cut:
        world.restart()
        with suppress(Rejected, NotFound):
            await world.runs.cancel(await world.runs.running(key), "somebody")
    await world.survive()
    world.interrupt = None
    assert (await world.sync(key)).state in WELL


async def dies_cancelled_in(phase: Phase, world: World, key: str, place: int = -1) -> int:  # B-104, D-14
    """The process dies after somebody began to cancel the run in this phase; who asked asks again. Returns how many places there were."""
    run = await world.until(phase, await world.start(key))
    world.interrupt = scissors = Scissors(place, dies)
    try:
        await world.runs.cancel(run.run, "somebody")
    except Cut:
        world.restart()
        with suppress(Rejected):
            await world.runs.cancel(run.run, "somebody")
    await world.survive()
    world.interrupt = None
    assert (await world.context.runs.get(run.run)).state is State.CANCELLED
    assert (await world.sync(key)).state in WELL
    return scissors.count


async def whole_run(world: World, key: str) -> int:
    """How many places a run has."""
    return len((await uncut(world, key))[1])


@dataclass(frozen=True)
class Experiment:
    made: Story
    fate: Fate
    count: Callable[[World, str], Awaitable[int]] = whole_run
    one_run: bool = False
    """Whether the run that it befalls does all."""

    async def places(self, before: World, key: str) -> range:
        """Those that are tried: every one, or as many as SAMPLES."""
        count = await self.count(await before.fork(), key)
        return range(0, count, 1 if EVERY_CUT else max(1, count // SAMPLES))


def dies_cancelled(phase: Phase) -> Experiment:
    return Experiment(story.changing, partial(dies_cancelled_in, phase), partial(dies_cancelled_in, phase))


DAYS = {"a first run": story.begun, "a run with many changes": story.changing, "a run with many who come back": story.returning}
EXPERIMENTS = {
    **{f"the process dies in {run}": Experiment(made, dies_at, one_run=True) for run, made in DAYS.items()},
    "the process dies in a run that nobody watches": Experiment(story.changing, partial(dies_at, watched=False), one_run=True),
    **{f"{run} fails": Experiment(made, fails_at) for run, made in DAYS.items()},
    "a run is cancelled": Experiment(story.changing, is_cancelled_at),
    "a run with many who come back is cancelled": Experiment(story.returning, is_cancelled_at),
    "the process dies, and then the run is cancelled": Experiment(story.changing, dies_and_is_cancelled_at),
    "the process dies in a run cancelled while it reads": dies_cancelled(Phase.READ),
    "the process dies in a run cancelled while it claims": dies_cancelled(Phase.CLAIM),
    "the process dies in a run cancelled while it writes": dies_cancelled(Phase.APPLY),
}


async def ends_the_same(experiment: Experiment) -> None:
    """At each place that is tried."""
    before, key = await experiment.made()
    expected, _ = await uncut(before, key, runs=experiment.one_run)

    for place in await experiment.places(before, key):
        world = await before.fork()
        await experiment.fate(world, key, place)

        assert await end(world, runs=experiment.one_run) == expected, place
        await check_sound(world)


@pytest.mark.parametrize("name", EXPERIMENTS)
async def test_wherever_a_run_is_cut_the_end_is_the_same(name: str):
    await ends_the_same(EXPERIMENTS[name])


async def every_cut() -> list[tuple[str, int]]:
    """Each experiment and place that is tried."""
    return [(name, place) for name, experiment in EXPERIMENTS.items() for place in await experiment.places(*await experiment.made())]


async def test_not_fewer_cuts_are_tried_than_were_promised():
    assert len(await every_cut()) >= FEWEST_CUTS
