"""The account of a run in the log: who was changed how, under one reference code, told once whatever dies (B-181, D-21, E-05)."""

from sync_core.directory.events import REFERENCE, Happening
from sync_core.runs.record import Phase, State
from sync_core.storage.log import TABLE
from tests.runs import story
from tests.runs.fates import Scissors, fails
from tests.runs.told import told
from tests.runs.world import World


async def test_a_run_that_changes_much_tells_each_user_s_change_once_under_its_code():  # B-181, D-21
    world, key = await story.changing()
    run = await world.sync(key)

    events = await told(world, run)

    assert {event.told[REFERENCE] for event in events} == {run.run}
    assert {event.actor for event in events} == {"test"}
    by_user = {event.object: event for event in events if event.action.value.startswith("user_")}
    assert by_user["kim@corp.example"].action is Happening.USER_CREATE
    assert by_user["kim@corp.example"].description["groups"] == "Sales, Staff"
    assert by_user["eve@corp.example"].action is Happening.USER_PENDING_DELETE
    assert by_user["hal@corp.example"].description["status"] == "disabled"
    assert by_user["fay@corp.example"].description["realname"] == "Fay Lind"
    assert by_user["jon@corp.example"].action is Happening.USER_PENDING_DELETE
    groups = [(event.action, event.description) for event in events if event.action.value.startswith("group_")]
    assert (Happening.GROUP_UPDATE, {"name": "Sales Team"}) in groups
    assert len([event for event in events if event.object == "ann@corp.example"]) == 1


async def test_a_run_ends_with_its_figures():  # E-05
    world, key = await story.changing()
    run = await world.sync(key)

    end = next(event for event in await told(world, run) if event.action is Happening.SYNC_FINISH)

    assert (end.object, end.object_id, end.at) == ("Acme", key, run.ended_at)
    figures = {name: int(figure) for name, figure in end.description.items() if name.startswith("Users")}
    assert figures == {
        "Users Processed": len(set[str]().union(*(world.source.members[group] for group in ("staff", "sales")))),
        "Users Added": 2,  # kim, and the new gus
        "Users Removed": 3,  # eve, the old gus, jon
        "Users Modified": run.counts["changes"] - 5,
        "Users Skipped": 0,
        "Users Held": 0,
    }


async def test_a_run_that_changes_nothing_tells_its_begin_and_its_end_only():
    world, key = await story.changing()
    await world.sync(key)
    quiet = await world.sync(key)

    assert [event.action for event in await told(world, quiet)] == [Happening.SYNC_BEGIN, Happening.SYNC_FINISH]


async def test_somebody_taken_over_and_somebody_skipped_are_told():  # B-010, B-181, D-04
    world = World()
    await world.prepare()
    key = await world.connect("staff")
    ann = world.source.hire("ann@corp.example", "staff")
    await world.sync(key)
    world.source.hire("Ann@corp.example", "staff")
    other = await world.connect("staff", name="Other")

    skipping, joining = await world.sync(key), await world.sync(other)

    skips = [event for event in await told(world, skipping) if event.action is Happening.SYNC_SKIP]
    assert {event.description["Reason"] for event in skips} == {"a username or alias belongs to several users of the source"}
    assert ann in {event.description["Entra Object Id"] for event in skips}
    assert joining.state is State.WARNINGS


async def test_a_run_that_was_cancelled_or_failed_says_why():  # B-104
    world, key = await story.begun()
    cancelled = await world.start(key)
    await world.until(Phase.PLAN, cancelled)
    await world.runs.cancel(cancelled.run, "somebody")
    await world.drain()
    failed = await world.start(key)
    await world.until(Phase.PLAN, failed)
    world.interrupt = Scissors(0, fails)
    await world.drain()
    world.interrupt = None

    begin, end = await told(world, cancelled)
    assert (begin.action, end.action) == (Happening.SYNC_BEGIN, Happening.SYNC_CANCEL)
    assert "somebody" in end.description["Reason"]
    assert [(event.action, event.description.get("Reason")) for event in (await told(world, failed))[1:]] == [
        (Happening.SYNC_FAIL, "out of order")
    ]


async def test_a_thousand_users_are_two_rows_of_the_log():
    world = World()
    await world.prepare()
    world.source.page_size = 999
    for n in range(1000):
        world.source.hire(f"user{n}@corp.example", "staff")
    run = await world.sync(await world.connect("staff"))

    assert len([event for event in await told(world, run) if event.action is Happening.USER_CREATE]) == 1000
    assert (
        len([row for row in world.memory.rows(TABLE) if row.partition != "hours"]) == 2 + 2
    )  # the run's begin and end, which are at one moment here; the group's
