"""A run asks the source, and storage, for exactly what it needs; and shows how much that was."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from math import ceil

import pytest

from sync_core.runs.course import Course
from sync_core.runs.messages import Plan
from sync_core.runs.record import Phase, State
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.tally import GRAPH, QUEUE, TABLES
from tests.runs.world import LIMITLESS, Cut, World


async def staffed(people: int, *, page_size: int = 3) -> tuple[World, str]:
    """So many in "staff", and every third of them in "sales" too."""
    world = World()
    world.source.page_size = page_size
    await world.prepare()
    for n in range(people):
        world.source.hire(f"user{n}@corp.example", "staff", *(("sales",) if n % 3 == 0 else ()))
    return world, await world.connect("staff", "sales", brake=LIMITLESS)


def pages(world: World) -> int:
    return sum(ceil(len(members) / world.source.page_size) for members in world.source.members.values())


@pytest.mark.parametrize("absent", [0, 1, 10, 11, 25])
async def test_graph_is_asked_for_pages_groups_and_tenths_of_the_absent(absent: int):  # architecture: Graph
    world, key = await staffed(40)
    await world.sync(key)
    for n in range(absent):
        world.source.quit(world.source.named(f"user{n}"))
    world.source.asked.clear()

    run = await world.sync(key)

    assert run.counts.get("users trash", 0) == absent
    expected = Counter(page=pages(world), batch=1 + ceil(absent / 10))  # one for the names of all groups
    assert world.source.asked == +expected
    assert run.requests[GRAPH] == expected.total()


async def test_a_plan_sent_again_asks_only_for_the_absent_without_an_answer():  # D-11
    world, key = await staffed(260)
    await world.sync(key)
    for n in range(250):
        world.source.quit(world.source.named(f"user{n}"))
    run = await world.until(Phase.PLAN, await world.start(key))
    world.source.asked.clear()
    world.interrupt = dies_writing("answer-000001")
    with pytest.raises(Cut):
        await world.deliver_one(Plan.queue)
    world.interrupt = None
    _, kept = await world.context.staging.answers(run.run)
    asked = world.source.asked["batch"]
    assert 0 < len(kept) < 250

    world.restart()
    await world.drain()

    assert world.source.asked["batch"] - asked == ceil((250 - len(kept)) / 10)
    assert (await world.context.runs.get(run.run)).counts["users trash"] == 250


async def test_of_the_pages_that_an_earlier_delivery_read_only_the_first_is_read_again():
    world, key = await staffed(30)
    await world.until(Phase.READ, await world.start(key))
    world.interrupt = dies_writing("page-000-01-00004")
    with pytest.raises(Cut):
        await world.deliver_one()
    world.interrupt = None
    world.restart()

    await world.drain()

    assert world.source.asked["page"] == pages(world) + 2  # the first, which is there: so the chain goes on behind the one that was lost


def dies_writing(row: str):
    def interrupt(point: Point, port: Port, method: Method, call: Call) -> None:
        del port, method
        if point == "before" and call.key == row and call.operations:
            raise Cut

    return interrupt


def most_requests(world: World) -> int:
    """To storage, of a run that changes nothing among some thousand users: as many as its steps have reasons for."""
    lengths = [ceil(len(members) / world.source.page_size) for members in world.source.members.values()]
    begin = 10
    read = 2 + sum(6 + pages + pages // 10 + 4 * (ceil(pages / 40) - 1) for pages in lengths)  # a sign each 10 pages, a message each 40
    plan = 18 + 16 + sum(ceil(pages / 20) for pages in lengths)  # the index is in 16 parts of up to 1,000 rows; 20 pages at a time
    claim = 13 + len(lengths)
    finish = 13 + ceil((sum(lengths) + 30) / 100)  # what was staged goes 100 rows at a time
    return begin + read + plan + claim + finish


@pytest.mark.parametrize(("people", "page_size"), [(1, 999), (300, 999), (3000, 999), (600, 20), (600, 5)])
async def test_a_run_that_changes_nothing_asks_storage_no_more_than_it_has_to(people: int, page_size: int):
    world, key = await staffed(people, page_size=page_size)
    await world.sync(key)
    counted: Counter[str] = Counter()
    run = await world.start(key)

    def count(point: Point, port: Port, method: Method, call: Call) -> None:
        del method, call
        counted.update([port] if point == "before" else [])

    world.interrupt = count
    await world.drain()
    world.interrupt = None

    ended = await world.context.runs.get(run.run)
    assert (ended.state, ended.counts["changes"]) == (State.COMPLETED, 0)
    assert counted[TABLES] <= most_requests(world)
    signs_and_finish = counted[TABLES] - ended.requests[TABLES]
    assert 0 < signs_and_finish <= 22 + pages(world) // 40
    assert ended.requests[QUEUE] == counted[QUEUE]


async def test_two_who_move_a_run_on_at_once_send_its_next_messages_once():
    world, key = await staffed(3)
    run = await world.until(Phase.READ, await world.start(key))
    both = asyncio.Barrier(2)
    met = 0

    def meet(point: Point, port: Port, method: Method, call: Call) -> Awaitable[None] | None:
        nonlocal met
        if (point, port, method, call.name) != ("before", "tables", "write", "Runs") or met == 2:
            return None
        met += 1
        return until_both()

    async def until_both() -> None:
        await both.wait()

    world.interrupt = meet
    moved = await asyncio.gather(*(Course(world.context).advance(run, Phase.PLAN) for _ in range(2)))
    world.interrupt = None

    assert [after is None for after in sorted(moved, key=bool)] == [True, False]
    assert len(world.queues.receive(Plan.queue, limit=32)) == 1
