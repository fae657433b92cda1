"""People of whom so many leave that the brake holds them, and who decides about what is held."""

from datetime import timedelta

from sync_core.management.approvals import Approvals
from sync_core.management.journal import Journal
from sync_core.planning.held import HeldSet
from sync_core.runs.record import State
from tests.runs.world import World

DAY = timedelta(hours=24)


def approvals(world: World) -> Approvals:
    return Approvals(world.context, world.runs, Journal(world.context.log, world.clock, world.random.getrandbits))


async def staffed(people: int = 40, leavers: int = 12) -> tuple[World, str]:
    """So many in "staff", of whom so many have left by now."""
    world = World()
    world.source.page_size = 50
    await world.prepare()
    for number in range(people):
        world.source.hire(f"user{number}@corp.example", "staff")
    key = await world.connect("staff")
    await world.sync(key)
    leave(world, *range(leavers))
    return world, key


def leave(world: World, *numbers: int) -> None:
    for number in numbers:
        world.source.quit(world.source.named(f"user{number}"), "staff")


async def held(world: World, key: str) -> HeldSet:
    found = await approvals(world).held(key)
    assert found is not None
    return found


async def approved(world: World, key: str, digest: str) -> State:
    run = await approvals(world).approve(key, digest, by="an admin")
    await world.drain()
    return (await world.context.runs.get(run.run)).state


async def trashed(world: World) -> int:
    return sum(user.in_trash for user in await world.users())
