"""Two who make the same new user at the same moment, each by another name, make one: full runs or individual syncs (B-011, D-06)."""

import asyncio
from random import Random

import pytest

from sync_core.directory.attributes import Mapping
from sync_core.errors import Transient
from sync_core.individual.sync import IndividualSync
from sync_core.runs.record import Phase, State
from tests.individual.test_beside import LONGER_THAN_ITS_CLAIMS
from tests.runs.picture import check_sound
from tests.runs.test_delivery import mixed_up
from tests.runs.world import EVERY_MINUTE, World

ANN = "ann@corp.example"


async def two_syncs() -> tuple[World, str, str]:
    """One by userPrincipalName and one by mailNickname, with ann in the group of both, who is here no more than the groups are."""
    world = World()
    await world.prepare()
    world.source.hire(ANN, "staff", mailNickname="ann")
    by_upn = await world.connect("staff")
    by_nickname = await world.connect("staff", name="Sales", mapping=Mapping(username="mailNickname"))
    return world, by_upn, by_nickname


async def individual(world: World, key: str, name: str) -> None:
    """Who is told to come again does."""
    while True:
        try:
            await IndividualSync(world.context).of_names(key, [name], "test")
        except Transient:
            await asyncio.sleep(0)
            continue
        return


@pytest.mark.parametrize("seed", range(12))
async def test_two_individual_syncs_make_one_user(seed: int):
    world, by_upn, by_nickname = await two_syncs()
    world.interrupt = mixed_up(Random(seed))

    await asyncio.gather(individual(world, by_upn, ANN), individual(world, by_nickname, "ann"))

    await one_user(world, by_upn, by_nickname)


@pytest.mark.parametrize("seed", range(12))
async def test_an_individual_sync_and_a_full_run_make_one_user(seed: int):
    world, by_upn, by_nickname = await two_syncs()
    dice = Random(seed)
    full, single, name = (by_upn, by_nickname, "ann") if seed % 2 else (by_nickname, by_upn, ANN)
    await world.start(full)
    for _ in range(dice.randrange(3)):
        await world.deliver_one()
    world.interrupt = mixed_up(dice)

    await asyncio.gather(world.drain(), individual(world, single, name))

    await one_user(world, by_upn, by_nickname)


async def one_user(world: World, *keys: str) -> None:
    world.interrupt = None
    await world.drain()
    assert len(await world.users()) == 1
    world.clock.at += LONGER_THAN_ITS_CLAIMS
    for key in keys * 2:
        assert (await world.sync(key)).state is State.COMPLETED
    (ann,) = await world.users()
    assert set(ann.held_by) == set(keys)
    await check_sound(world)


async def test_whom_a_run_of_its_own_sync_makes_no_individual_sync_makes_as_another_syncs_user():  # B-011, D-06, D-15
    world = World()
    await world.prepare()
    world.source.hire(ANN, "staff")
    lower, higher = sorted([await world.connect("staff"), await world.connect("staff", name="Sales")])
    await world.until(Phase.APPLY, await world.start(higher))
    world.source.rename("ann", "anna")
    with pytest.raises(Transient):  # it waits for the run, with its claim made
        await IndividualSync(world.context).of_names(lower, ["anna@corp.example"], "test")
    world.clock.at += EVERY_MINUTE

    await IndividualSync(world.context).of_names(higher, ["anna@corp.example"], "test")

    await one_user(world, lower, higher)
