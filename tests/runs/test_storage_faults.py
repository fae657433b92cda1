"""Whole runs on bad days of storage: it is busy in bursts, loses replies after it has written, cuts pages short. The end is the same."""

from random import Random
from typing import Any

import pytest

from tests.runs.picture import check_sound, picture
from tests.runs.test_cuts import STORIES, WELL, Story
from tests.storage.unreliable import Weather, fair

SEEDS = range(15)
DAYS: dict[str, dict[str, Any]] = {
    "busy in bursts": {"busy": 0.01, "burst": 12},
    "replies lost": {"lost": 0.1},
    "pages cut short": {"short": 0.7},
    "all at once": {"busy": 0.01, "burst": 5, "lost": 0.05, "short": 0.3},
}


class Counted(Weather):
    """Loses one reply: of the write, or message, of this number, from 0. Counts them all."""

    def __init__(self, place: int = -1) -> None:
        super().__init__(Random(0))
        self.place, self.count = place, 0

    def loses(self) -> bool:
        self.count += 1
        return self.count == self.place + 1


@STORIES
@pytest.mark.parametrize("day", DAYS)
async def test_a_run_on_a_bad_day_of_storage_ends_as_on_a_good_one(made: Story, day: str):  # architecture: at least once
    before, key = await made()
    calm = await before.fork()
    well = (await calm.sync(key)).state
    assert well in WELL
    expected = await picture(calm)

    struck = 0
    for seed in SEEDS:
        world = await before.fork()
        run = await world.start(key)
        world.change_weather(bad := Weather(Random(seed), **DAYS[day]))
        await world.survive()
        world.change_weather(fair())

        ended = await world.context.runs.get(run.run)
        struck += bad.struck
        assert ended.state is well, (seed, ended.reason)
        assert await picture(world) == expected, seed
        await world.context.staging.drop(run.run)
        await check_sound(world)
    assert struck > len(SEEDS)


@STORIES
async def test_a_reply_lost_anywhere_costs_neither_the_end_nor_a_stall(made: Story):  # architecture: at least once
    before, key = await made()
    calm = await before.fork()
    calm.change_weather(all_day := Counted())
    well = (await calm.sync(key)).state
    assert well in WELL
    expected = await picture(calm)
    assert all_day.count > 60

    for place in range(all_day.count):
        world = await before.fork()
        world.change_weather(Counted(place))
        run = await world.sync(key)

        assert (run.state, run.resends) == (well, 0), (place, run.reason)
        assert await world.runs.running(key) == "", place
        assert await picture(world) == expected, place
        await check_sound(world)
