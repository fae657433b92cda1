"""The log is kept for 400 days, changes for 90 (D-35)."""

import asyncio
from datetime import timedelta
from random import Random

from msgspec.structs import replace

from sync_core.directory.events import Event, Happening
from sync_core.retention.expire import CHANGES_KEPT, LOG_KEPT, Retention
from sync_core.retention.messages import Expire
from sync_core.storage import changes, log
from sync_core.storage.repeats import RepeatRows
from sync_core.tally import tally
from tests.runs.world import World

A_DAY = timedelta(days=1)


async def kept() -> tuple[World, Retention]:
    world = World()
    await world.prepare()
    await world.queues.create([Expire.queue])
    return world, Retention(world.context, RepeatRows(world.tables))


async def night(world: World, retention: Retention) -> None:
    await retention.sweep()
    while received := world.queues.receive(Expire.queue):
        for message in received:
            await retention(Expire.model_validate_json(message.body))
            world.queues.delete(message)


async def note(world: World, name: str) -> None:
    event = Event(at=world.clock.now(), action=Happening.USER_UPDATE, actor="test", object=name, object_id="DU1")
    await world.context.log.add(name, 0, [event])


async def test_messages_that_come_twice_and_in_any_order_drop_no_more_and_no_less():
    world, retention = await kept()
    key = await world.connect("staff")
    for name in ("ann", "bea", "cid"):
        world.source.hire(f"{name}@corp.example", "staff")
        await world.sync(key)
    world.clock.at += CHANGES_KEPT - A_DAY
    world.source.hire("dan@corp.example", "staff")
    young = await world.sync(key)
    world.clock.at += 2 * A_DAY

    for dice in map(Random, range(5)):
        await retention.sweep()
        waiting = [message.body for message in world.queues.receive(Expire.queue, limit=32)] * 2
        dice.shuffle(waiting)
        await asyncio.gather(*(retention(Expire.model_validate_json(body)) for body in waiting))

    of_runs = {row.partition for row in world.memory.rows("Changes") if not row.partition.startswith("of-")}
    assert of_runs == {young.run}


async def test_the_log_is_kept_for_400_days_and_goes_by_time_and_by_object() -> None:
    world, retention = await kept()
    await note(world, "first")
    world.clock.at += A_DAY
    await note(world, "second")

    world.clock.at += LOG_KEPT - timedelta(hours=2)
    await night(world, retention)

    assert [one.event.object for one in (await world.context.log.forward(limit=9))[0]] == ["second"]
    assert [one.event.object for one in (await world.context.log.of("DU1", limit=9))[0]] == ["second"]
    world.clock.at += A_DAY
    await night(world, retention)
    assert world.memory.rows(log.TABLE) == []


async def test_changes_of_runs_are_kept_for_90_days() -> None:
    world, retention = await kept()
    key = await world.connect("staff")
    runs: list[str] = []
    for n in range(25):  # more than a message drops
        world.source.hire(f"user{n}@corp.example", "staff")
        runs.append((await world.sync(key)).run)
    world.clock.at += A_DAY
    world.source.hire("ann@corp.example", "staff")
    young = (await world.sync(key)).run
    world.clock.at += CHANGES_KEPT - timedelta(hours=12)

    await night(world, retention)

    assert {row.partition for row in world.memory.rows(changes.TABLE)} == {young, f"of-{key}"}
    assert [one.run async for page in world.context.applied.newest(key) for one in page] == [young]
    assert (await world.context.runs.get(runs[0])).run == runs[0]
    with tally() as requests:
        await night(world, retention)
    assert requests["tables"] < 20  # nothing is looked at twice


async def test_changes_that_the_next_run_needs_stay_until_it_has_put_right_what_theirs_left() -> None:
    world, retention = await kept()
    key = await world.connect("staff")
    world.source.hire("ann@corp.example", "staff")
    dead = (await world.sync(key)).run
    lock, etag = await world.context.locks.read(key)
    await world.context.locks.write(key, replace(lock, unclean=(dead,)), etag)

    world.clock.at += CHANGES_KEPT + A_DAY
    await night(world, retention)
    assert dead in {row.partition for row in world.memory.rows(changes.TABLE)}

    await world.sync(key)
    world.clock.at += A_DAY
    await night(world, retention)
    assert dead not in {row.partition for row in world.memory.rows(changes.TABLE)}
