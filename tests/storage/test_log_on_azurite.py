"""The log's rows, runs' applied slices and repeated requests on a real table service."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from sync_core.clock import MovableClock
from sync_core.directory.events import Event, Happening
from sync_core.planning.changes import Change, Kind
from sync_core.storage import applied, changes, log
from sync_core.storage.applied import Applied, AppliedRows
from sync_core.storage.log import LogRows
from sync_core.storage.tables import Tables

START = datetime(2026, 11, 23, 12, 59, 58, 123456, tzinfo=UTC)


def event(at: datetime, name: str) -> Event:
    return Event(at=at, action=Happening.USER_UPDATE, actor="test", object=name, object_id="DU1", description={"email": name})


async def test_events_are_kept_found_rewritten_and_dropped(azure_tables: Tables) -> None:
    await azure_tables.create([log.TABLE])
    clock = MovableClock(START)
    rows = LogRows(azure_tables, clock)
    bulk = [event(START, f"bulk{n}") for n in range(700)]
    later = event(START + timedelta(hours=2), "hand")
    for _ in range(2):
        await rows.add("run-1", 0, bulk, by_object=False)
    await rows.announce("hand1", 0, later)
    clock.at += timedelta(hours=2)
    assert [one.event for one in (await rows.newest(limit=3))[0]] == bulk[:-4:-1]
    await rows.add("hand1", 0, [later])

    found, cursor = await rows.forward(START, limit=600)
    rest, end = await rows.forward(START, limit=600, cursor=cursor)
    assert ([one.event for one in found + rest], end) == ([*bulk, later], "")
    assert [one.event for one in (await rows.newest(limit=2))[0]] == [later, bulk[-1]]
    await rows.forget_object("DU1", lambda one: replace(one, object=""))
    await rows.rewrite("run-1", 0, START, lambda one: replace(one, object=""))
    assert {one.event.object for one in (await rows.forward(limit=900))[0]} == {""}
    assert [one.event.object for one in (await rows.of("DU1", limit=9))[0]] == [""]

    for partition in await rows.partitions_before(START + timedelta(days=1), 9):
        await rows.drop_partition(partition)
    assert await rows.forward(limit=9) == ([], "")
    assert await rows.of("DU1", limit=9) == ([], "")


async def test_applied_slices_are_found_by_their_users(azure_tables: Tables) -> None:
    await azure_tables.create([changes.TABLE])
    rows = AppliedRows(azure_tables)
    users = [f"DU{letter * 18}" for letter in "ABC"]
    slice_ = Applied("DK1", applied.key(START, "run", "part"), START, "test", "run", "plan", "00", 0, users[0], users[-1])
    await rows.add(slice_, [Change(kind=Kind.WRITE, user_id=user_id) for user_id in (users[0], users[-1])])

    assert [one async for page in rows.newest("DK1") for one in page] == [slice_]
    assert [user_id for user_id in users if slice_.may_hold(user_id)] == users
    assert await rows.holds(slice_, users) == [users[0], users[2]]
    await rows.drop_before("DK1", START + timedelta(days=1))
    assert [page async for page in rows.newest("DK1")] == []
