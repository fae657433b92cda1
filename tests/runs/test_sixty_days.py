"""A life of sixty days, over the ends of months and a year: what pauses, a held run and a refusal do to a streak (B-121..B-132, D-28)."""

import asyncio
from datetime import UTC, datetime, timedelta

from msgspec import structs

from sync_core.directory.lives import Pause
from sync_core.directory.mail import MailKind
from sync_core.errors import Reauthorize, StopRun
from sync_core.runs.record import State
from tests.runs.failing import broken, schedules, staffed, told
from tests.runs.scheduled import DAY, HOUR, life, mails, runs_of, tick
from tests.runs.world import START


async def test_sixty_days_with_pauses_a_held_run_and_a_refusal_count_only_days_of_failing():  # B-121..B-132, D-12, D-28
    """Two hosts tick every hour. The first scheduled run fails at 13:00 of 23 November; two pauses, of four and of six days, move what
    follows on; thirty failing days end on 2 January, over the ends of two months and a year."""
    world, key = await staffed()
    for n in range(20):
        world.source.hire(f"user{n}@corp.example", "staff")
    await world.sync(key)
    day = [START + HOUR + n * DAY for n in range(61)]
    failing = StopRun("Graph does not know this attribute")

    async def go_on(until: datetime) -> None:
        while world.clock.at < until:
            world.clock.at += HOUR
            await asyncio.gather(tick(world), tick(world))
            await world.drain()

    broken(world, failing)
    await go_on(day[4])
    await schedules(world).pause(key, by="an admin")
    await go_on(day[8])
    await schedules(world).resume(key, by="an admin")
    await go_on(day[9])
    assert await told(world) == [(MailKind.SYNC_FAILING, "3")]

    world.source.broken.clear()  # the brake holds fifteen who left, which neither ends the streak nor adds to it
    leavers = [world.source.named(f"user{n}") for n in range(15)]
    for object_id in leavers:
        world.source.quit(object_id)
    await go_on(day[9] + DAY / 2)
    assert (await runs_of(world, key))[-1].state is State.HELD
    broken(world, failing)
    await go_on(day[12])
    assert [days for _, days in await told(world) if days] == ["3", "7"]  # seven days of failing, four of a pause: the eleventh

    broken(world, Reauthorize("the application was removed"))
    await go_on(day[14])
    assert (await life(world, key)).paused_because is Pause.REAUTHORIZATION
    paused_at = (await life(world, key)).paused_at
    assert paused_at is not None
    world.clock.at = paused_at + 6 * DAY
    broken(world, failing)
    await world.context.lives.change(key, lambda now: structs.replace(now, needs_authorization=False))
    await schedules(world).resume(key, by="an admin")
    await go_on(day[60])

    failing_mail, held, refused, last = MailKind.SYNC_FAILING, MailKind.SYNC_HELD, MailKind.REAUTHORIZE, MailKind.SYNC_PAUSED
    assert [mail.kind for mail in await mails(world)] == [failing_mail, held, failing_mail, refused, failing_mail, last]
    slots = {run.run: run.slot for run in await runs_of(world, key)}
    assert [slots[mail.run] for mail in await mails(world) if mail.about.get("days")] == [day[3], day[11], day[24], day[40]]
    paused_at = (await life(world, key)).paused_at
    assert paused_at is not None
    assert timedelta() <= paused_at - day[40] < HOUR
    assert day[40] == datetime(2027, 1, 2, 13, tzinfo=UTC)
    taken = [run.slot for run in await runs_of(world, key) if run.slot is not None]
    assert len(taken) == len(set(taken))
