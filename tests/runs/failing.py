"""Two people, a sync with a schedule, and a source that fails; and what was told of it."""

from sync_core.directory.events import Happening
from sync_core.directory.mail import MailKind
from sync_core.management.schedules import Schedules, make_schedules
from tests.runs.scheduled import mails, scheduled
from tests.runs.world import World


async def staffed() -> tuple[World, str]:
    world = World()
    await world.prepare()
    for name in ("ann", "bea"):
        world.source.hire(f"{name}@corp.example", "staff")
    return world, await scheduled(world, "staff")


def broken(world: World, error: Exception) -> None:
    world.source.broken["staff"] = lambda: error


def schedules(world: World) -> Schedules:
    return make_schedules(world.tables, world.context.source, world.clock, world.random.getrandbits)


async def pauses(world: World) -> list[tuple[str, str, str]]:
    """In the log: who, why, in which run."""
    found, _ = await world.context.log.of((await world.context.syncs.all())[0].directory_key, limit=50)
    events = [logged.event for logged in found]
    return [(event.actor, event.description["Reason"], event.run) for event in events if event.action is Happening.SYNC_PAUSE]


async def told(world: World) -> list[tuple[MailKind, str]]:
    return [(mail.kind, mail.about.get("days", "")) for mail in await mails(world)]
