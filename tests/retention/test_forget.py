"""A deleted user's values go from changes, skips and the log, its ids stay; whatever dies (D-35)."""

from datetime import timedelta

import msgspec

from sync_core.directory.events import SYSTEM, Event, Happening
from sync_core.directory.users import User
from sync_core.runs.record import Phase, State
from sync_core.storage import changes, log
from sync_core.storage.packed import unpack
from sync_core.storage.tables import Row
from tests.runs.fates import Scissors, dies
from tests.runs.world import Cut
from tests.trash.world import TrashWorld

ANYTHING = msgspec.msgpack.Decoder()
WORDS = ("ann@corp.example", "Ann")


async def gone_wrong() -> tuple[TrashWorld, User]:
    """Ann, who was hired, renamed her display, was skipped for a name that Bea had too, and left; in Trash and due."""
    world = TrashWorld()
    await world.prepare()
    world.source.hire("bea@corp.example", "staff")
    world.source.hire("ann@corp.example", "staff")
    key = await world.connect("staff")
    await world.sync(key)
    ann = await world.user("ann@corp.example")
    source = world.source.accounts[world.source.named("ann")]
    source.attributes["mail"] = "ann@corp.example.org"
    await world.sync(key)
    double = world.source.hire("Ann@corp.example", "staff")
    await world.sync(key)
    world.source.delete(double)
    world.source.delete(source.object_id)
    await world.sync(key)
    await world.sync(key)
    world.clock.at += timedelta(days=8)
    return world, ann


def told(world: TrashWorld) -> str:
    """All that Changes and Log say, of whatever kind."""
    rows = [row for table in (changes.TABLE, log.TABLE) for row in world.memory.rows(table)]
    return repr([_content(row) for row in rows])


def _content(row: Row) -> object:
    return (
        unpack(row.values, ANYTHING) if "p0" in row.values else "",
        {name: v for name, v in row.values.items() if not name.startswith("p")},
    )


async def events(world: TrashWorld, user: User) -> list[Event]:
    logged, _ = await world.context.log.forward(limit=1000, match=lambda event: event.object_id == user.user_id)
    return [one.event for one in logged]


async def test_nothing_tells_the_name_of_a_deleted_user_and_its_ids_stay() -> None:
    world, ann = await gone_wrong()
    assert all(word in told(world) for word in WORDS)

    await world.night()

    theirs = ("Ann@corp.example", "'shared': 'ann@corp.example'")  # of the other one of that name, which was skipped and never a user here
    left = told(world)
    for words in theirs:
        left = left.replace(words, "")
    assert "ann@corp.example" not in left
    assert "'Ann'" not in left
    assert ann.user_id in told(world)
    *earlier, deleted = await events(world, ann)
    assert (deleted.action, deleted.actor, deleted.object) == (Happening.USER_DELETE, SYSTEM, "")
    assert {event.object for event in earlier} == {""}
    assert [event.action for event in earlier if event.action is not Happening.SYNC_SKIP] == [
        Happening.USER_CREATE,
        Happening.USER_UPDATE,
        Happening.USER_PENDING_DELETE,
    ]
    assert "realname" in earlier[0].description
    assert "bea@corp.example" in told(world)


async def test_what_was_planned_of_a_deleted_user_and_never_done_is_forgotten_too() -> None:
    world = TrashWorld()
    await world.prepare()
    ann = world.source.hire("ann@corp.example", "staff")
    world.source.hire("bea@corp.example", "staff")
    key = await world.connect("staff")
    await world.sync(key)
    user_id = (await world.user("ann@corp.example")).user_id
    world.source.accounts[ann].attributes["displayName"] = "Annabella"
    world.source.accounts[world.source.named("bea")].attributes["displayName"] = "Beatrix"
    run = await world.start(key)
    while (await world.context.runs.get(run.run)).phase is not Phase.APPLY:
        await world.deliver_one()
    await world.runs.cancel(run.run, "an admin")
    await world.drain()
    assert (await world.context.runs.get(run.run)).state is State.CANCELLED
    world.source.delete(ann)
    await world.sync(key)
    assert "Annabella" in told(world)
    world.clock.at += timedelta(days=8)

    await world.night()

    left = told(world)
    assert "Annabella" not in left
    assert "ann@corp.example" not in left
    assert user_id in left
    assert "Beatrix" in left


async def test_a_purge_that_dies_anywhere_forgets_and_tells_once() -> None:
    before, ann = await gone_wrong()
    uncut, scissors = await before.fork(), Scissors(-1, dies)
    assert isinstance(uncut, TrashWorld)
    uncut.interrupt = scissors
    await uncut.night()
    uncut.interrupt = None
    expected = [(event.action, event.object, event.description) for event in await events(uncut, ann)]

    for place in range(0, scissors.count, max(1, scissors.count // 25)):
        world = await before.fork()
        assert isinstance(world, TrashWorld)
        world.interrupt = Scissors(place, dies)
        try:
            await world.night()
        except Cut:
            world.clock.at += timedelta(minutes=1)
            world.restart()
            await world.night()
        world.interrupt = None
        assert [(event.action, event.object, event.description) for event in await events(world, ann)] == expected, place
        assert "'Ann'" not in told(world), place
