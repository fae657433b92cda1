"""As `test_cuts.py` and `test_delivery.py`, with so few changes a slice that a run has several chains of several slices."""

from random import Random

import pytest

from sync_core.runs import plan
from sync_core.runs.record import Phase
from tests.runs import story
from tests.runs.picture import check_sound
from tests.runs.test_cuts import EXPERIMENTS, WELL, end, ends_the_same
from tests.runs.test_delivery import OVERLAPPING, STEP_QUEUES, deliver_twice

SEEDS = range(6)


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "SLICE", 2)


@pytest.mark.parametrize(
    "name",
    [
        "the process dies in a run with many changes",
        "the process dies in a run that nobody watches",
        "a run with many who come back fails",
        "the process dies, and then the run is cancelled",
    ],
)
async def test_wherever_a_run_of_many_slices_is_cut_the_end_is_the_same(name: str):
    await ends_the_same(EXPERIMENTS[name])


@OVERLAPPING
async def test_every_message_of_many_slices_delivered_twice_ends_as_one_delivery(overlapping: bool):  # architecture: marks
    before, key = await story.changing()
    single = await before.fork()
    run = await single.until(Phase.APPLY, await single.start(key))
    assert len(run.chains) > 1
    assert run.slices > len(run.chains)
    await single.drain()
    expected = await end(single, runs=True)

    for seed in SEEDS:
        world = await before.fork()
        run = await world.start(key)
        await deliver_twice(world, Random(seed), *STEP_QUEUES, overlapping=overlapping)

        assert (await world.context.runs.get(run.run)).state in WELL, seed
        assert await end(world, runs=True) == expected, seed
        await world.context.staging.drop(run.run)
        await check_sound(world)
