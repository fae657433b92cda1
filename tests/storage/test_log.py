"""The log's rows: in order both ways, found without walking through time, and written again without doubles."""

from datetime import UTC, datetime, timedelta

import pytest

from sync_core.clock import MovableClock
from sync_core.directory.events import Event, Happening
from sync_core.errors import Rejected
from sync_core.storage.log import TABLE, Logged, LogRows
from sync_core.storage.memory import MemoryTables
from sync_core.tally import tally

START = datetime(2026, 11, 23, 12, 59, 58, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Deployment:
    def __init__(self) -> None:
        self.tables = MemoryTables()
        self.clock = MovableClock(START)
        self.log = LogRows(self.tables, self.clock)

    def event(self, name: str, after: timedelta = timedelta(), **more: str) -> Event:
        return Event(at=self.clock.at + after, action=Happening.USER_UPDATE, actor="test", object=name, **more)  # pyright: ignore[reportArgumentType]  # texts only

    async def all(self, *, newest: bool = False, limit: int = 3, since: datetime | None = None) -> list[str]:
        """Names of all events, in pages."""
        found: list[Logged] = []
        cursor = ""
        while True:
            read = self.log.newest if newest else self.log.forward
            page, cursor = await read(since=since, limit=limit, cursor=cursor)
            assert len(page) <= limit
            found += page
            if not cursor:
                assert len({one.place for one in found}) == len(found)
                return [one.event.object for one in found]


@pytest.fixture
async def here() -> Deployment:
    deployment = Deployment()
    await deployment.tables.create([TABLE])
    return deployment


async def test_events_are_read_in_the_order_of_time_and_backwards(here: Deployment) -> None:
    for number in range(7):
        await here.log.add(f"source{number}", 0, [here.event(f"{number}a"), here.event(f"{number}b")])
        here.clock.at += SECOND
    there = [f"{number}{letter}" for number in range(7) for letter in "ab"]

    for limit in (1, 3, 100):
        assert await here.all(limit=limit) == there
        assert await here.all(limit=limit, newest=True) == there[::-1]
    assert await here.all(since=START + 4 * SECOND) == there[8:]
    assert await here.all(since=START + 4 * SECOND, newest=True) == there[:7:-1]


async def test_a_year_without_events_costs_no_request(here: Deployment) -> None:  # 400 days are 9,600 hours
    await here.log.add("first", 0, [here.event("first")])
    here.clock.at += timedelta(days=399)
    await here.log.add("last", 0, [here.event("last")])

    with tally() as requests:
        assert await here.all(limit=100) == ["first", "last"]
        assert await here.all(limit=100, newest=True) == ["last", "first"]

    assert requests["tables"] == 2 * (1 + 2 + 2)  # each time the hours that there are, and of each its keys and its rows


async def test_a_thousand_events_of_a_run_are_two_rows_and_adding_them_again_adds_none(here: Deployment) -> None:
    events = [here.event(str(number), object_id=f"DU{number:018d}") for number in range(1000)]
    for _ in range(2):
        await here.log.add("run-01-00", 3, events, by_object=False)
        here.log = LogRows(here.tables, here.clock)

    assert len([row for row in here.tables.rows(TABLE) if row.partition != "hours"]) == 2
    assert await here.all(limit=400) == [event.object for event in events]
    assert await here.all(limit=400, newest=True) == [event.object for event in events[::-1]]


async def test_an_object_s_own_events_are_found_newest_first(here: Deployment) -> None:
    for number in range(5):
        await here.log.add(f"source{number}", 0, [here.event(str(number), object_id="DU1"), here.event("other", object_id="DU2")])
        here.clock.at += timedelta(hours=30)

    first, cursor = await here.log.of("DU1", limit=3)
    rest, end = await here.log.of("DU1", limit=3, cursor=cursor)

    assert [one.event.object for one in first + rest] == ["4", "3", "2", "1", "0"]
    assert end == ""
    assert await here.log.of("DU3", limit=3) == ([], "")
    assert await here.log.of("../hours", limit=3) == ([], "")


async def test_what_was_announced_shows_once_it_is_settled_and_nothing_after_it_is_missed(here: Deployment) -> None:
    announced = here.event("announced")
    await here.log.announce("edit", 0, announced)
    here.clock.at += SECOND
    await here.log.add("later", 0, [here.event("later")])

    assert await here.all() == []  # or a reader that goes on behind "later" would never see it
    assert await here.all(newest=True) == ["later"]
    await here.log.add("edit", 0, [announced])
    assert await here.all() == ["announced", "later"]


async def test_what_was_announced_and_not_done_leaves_nothing(here: Deployment) -> None:
    announced = here.event("announced")
    await here.log.announce("edit", 0, announced)
    await here.log.retract("edit", 0, announced)
    await here.log.retract("edit", 0, announced)

    assert await here.all() == await here.all(newest=True) == []


async def test_a_call_that_died_shows_with_an_unknown_outcome(here: Deployment) -> None:
    await here.log.announce("edit", 0, here.event("announced"))
    here.clock.at += timedelta(minutes=10)

    (one,), _ = await here.log.forward(limit=3)

    assert one.event.description["Outcome"].startswith("not known")


async def test_a_filter_looks_through_a_bounded_part_at_a_time(here: Deployment) -> None:
    for number in range(25):
        await here.log.add(f"run-{number}", 0, [here.event(str(number)) for _ in range(500)], by_object=False)
        here.clock.at += SECOND

    found, cursor = await here.log.forward(limit=10, match=lambda event: event.object == "24")
    assert found == []
    rest, _ = await here.log.forward(limit=10, cursor=cursor, match=lambda event: event.object == "24")
    assert [one.event.object for one in rest] == ["24"] * 10


@pytest.mark.parametrize("cursor", ["x", "9999999999999999-a", "1795454645678901-a'b-000003-00:001", "1795454645678901-a-000003-00:1"])
async def test_a_cursor_that_the_log_did_not_give_is_refused(here: Deployment, cursor: str) -> None:
    with pytest.raises(Rejected):
        await here.log.newest(limit=1, cursor=cursor)
