"""A world whose syncs have schedules, and timers that tick."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from sync_core.directory.lives import Life
from sync_core.directory.mail import Mail
from sync_core.directory.schedules import next_slot
from sync_core.runs.record import Run
from sync_core.runs.schedule import Schedule
from tests.runs.world import World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def scheduled(world: World, *groups: str, name: str = "Acme", interval: int = 720, phase: int = 3600) -> str:
    """A sync with a life; its directory key."""
    key = await world.connect(*groups, name=name)
    stored = await world.context.syncs.read(key)
    assert stored is not None
    await world.context.syncs.replace(replace(stored.sync, interval=interval), stored.etag)
    slot = next_slot(world.clock.now(), interval, phase)
    await world.context.lives.change(key, lambda life: replace(life, phase=phase, next_at=slot))
    return key


async def tick(world: World) -> None:
    """One timer, once."""
    await Schedule(world.context, world.runs)()


async def pass_time(world: World, until: datetime, step: timedelta = HOUR) -> None:
    """Ticks, and lets each run come to its end before the next tick."""
    while world.clock.at < until:
        world.clock.at += step
        await tick(world)
        await world.drain()


async def runs_of(world: World, key: str) -> list[Run]:
    """Oldest first."""
    found, _ = await world.runs.history(key, limit=300)
    return found[::-1]


async def life(world: World, key: str) -> Life:
    return await world.context.lives.get(key)


async def mails(world: World) -> list[Mail]:
    return sorted(await world.context.outbox.all(), key=lambda mail: mail.created_at)
