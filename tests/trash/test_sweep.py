"""Which days the sweep reads, what it sends, and that no day is forgotten."""

from datetime import timedelta

from sync_core.directory.users import User
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.trash.messages import Purge
from sync_core.trash.sweep import BATCH
from tests.trash.world import A_WEEK, TrashWorld, left

A_DAY = timedelta(days=1)


class Days:
    """The partitions of Trash that were read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del port
        if point == "before" and method == "query":
            assert call.name == "Trash"
            self.read.append(call.partition)


async def read_by(here: TrashWorld) -> list[str]:
    here.interrupt = days = Days()
    await here.sweep()
    here.interrupt = None
    return days.read


async def test_a_sweep_reads_the_days_since_the_last_one_and_none_ahead():
    here, _, _ = await left()
    await here.sweep()
    for _ in range(3):
        here.clock.at += A_DAY
        assert await read_by(here) == [f"{here.clock.at - A_DAY:%Y%m%d}", f"{here.clock.at:%Y%m%d}"]


async def test_a_sweep_that_did_not_run_for_ten_days_catches_up():  # B-163
    here, key, (ann,) = await left("ann")
    await here.sweep()
    here.clock.at += 3 * A_DAY
    here.source.quit(here.source.named("bea"))
    await here.sync(key)
    bea = await here.user("bea@corp.example")
    here.clock.at += 14 * A_DAY

    assert len(await read_by(here)) == 18
    await here.drain()

    assert here.traces(ann) == here.traces(bea) == []


async def test_the_first_sweep_of_all_finds_whoever_is_due():
    here, _, (ann,) = await left("ann")
    here.clock.at += 30 * A_DAY

    await here.night()

    assert here.traces(ann) == []


async def test_a_day_whose_messages_were_lost_is_read_again():
    here, _, (ann,) = await left("ann")
    here.clock.at += A_WEEK
    day = f"{here.clock.at:%Y%m%d}"
    await here.sweep()
    for message in here.queues.receive(Purge.queue):
        here.queues.delete(message)
    here.clock.at += 9 * A_DAY

    assert day in await read_by(here)
    await here.drain()

    assert here.traces(ann) == []
    here.clock.at += A_DAY
    assert day in await read_by(here)  # it was not empty when it was read last
    here.clock.at += A_DAY
    assert day not in await read_by(here)


async def test_who_is_due_later_that_day_waits_for_the_next_sweep():  # D-27
    here, _, (ann,) = await left("ann")
    here.clock.at = (here.clock.at + A_WEEK).replace(hour=2, minute=30)
    await here.sweep()
    assert here.queues.bodies(Purge.queue) == []

    here.clock.at += A_DAY
    await here.night()

    assert here.traces(ann) == []


async def test_many_go_in_batches():
    here = TrashWorld()
    await here.prepare()
    at = here.clock.at
    made = sorted(f"DU{n:0>18}".replace("0", "A").replace("1", "B").replace("8", "C").replace("9", "D") for n in range(2 * BATCH + 1))
    await here.context.trash.point(User(user_id=user_id, username="", trashed_at=at) for user_id in made)
    here.clock.at += A_WEEK

    await here.sweep()

    messages = [Purge.model_validate_json(body) for body in here.queues.bodies(Purge.queue)]
    assert [len(message.user_ids) for message in messages] == [BATCH, BATCH, 1]
    assert sorted(user_id for message in messages for user_id in message.user_ids) == made
    await here.drain()
    assert here.in_trash() == []  # pointers to nobody
