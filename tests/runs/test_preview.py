"""Previews: what a run would do, found by the same steps, and nothing of it done (D-13)."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_core.directory.brake import MOST, Brake
from sync_core.directory.syncs import SelectedGroup
from sync_core.errors import AlreadyRunning, NotFound, Rejected
from sync_core.runs.record import Phase, RunKind, State
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.runs import story
from tests.runs.fates import Scissors, dies
from tests.runs.picture import check_sound, picture
from tests.runs.previewed import decided, forbid
from tests.runs.test_histories import GROUPS, HAPPENINGS, NAMES, Happening, happen, run
from tests.runs.world import Cut, World
from tests.trash.world import TrashWorld

MANY = settings(max_examples=150 if settings().max_examples < 1000 else 10_000)
DAY = timedelta(hours=24)


async def test_a_preview_tells_what_the_next_run_does_and_writes_nothing_of_it():
    world, key = await story.changing()
    before = world.memory.rows("Users"), world.memory.rows("Outbox")
    world.interrupt = forbid
    preview = await world.preview(key)
    world.interrupt = None

    assert (preview.kind, preview.state, preview.phase) == (RunKind.PREVIEW, State.PREVIEWED, Phase.ENDED)
    assert (world.memory.rows("Users"), world.memory.rows("Outbox")) == before
    assert preview.counts["users trash"] == 3
    assert await decided(world, preview) == await decided(world, await world.sync(key))
    await check_sound(world)


async def test_a_preview_before_the_first_run_tells_who_is_new():
    world, key = await story.begun()
    world.interrupt = forbid
    preview = await world.preview(key)
    world.interrupt = None

    assert await world.users() == []
    assert await world.context.groups.all() == []
    changes, _ = await world.runs.changes(preview.run, limit=1)
    assert ("groups", "", "Staff") in {(field.name, field.before, field.after) for field in changes[0].fields} | {
        (field.name, field.before, field.after)
        for change in (await world.runs.changes(preview.run, limit=99))[0]
        for field in change.fields
    }
    assert await decided(world, preview) == await decided(world, await world.sync(key))


async def test_settings_are_previewed_before_they_are_saved():
    world, key = await story.begun()
    await world.sync(key)
    world.source.hire("max@corp.example", "lab")
    stored = await world.context.syncs.read(key)
    assert stored is not None
    lab = SelectedGroup(object_id="lab", group_id="DG" + "A" * 18, name="Lab")
    staff = next(group for group in stored.sync.groups if group.object_id == "staff")

    world.interrupt = forbid
    preview = await world.preview(key, replace(stored.sync, groups=(staff, lab), version=stored.sync.version + 1))
    world.interrupt = None

    assert preview.counts["users create"] == 1
    assert preview.counts["users trash"] == 4
    assert await world.context.syncs.read(key) == stored
    assert lab.group_id not in {group.group_id for group, _ in await world.context.groups.all()}


async def test_a_preview_shows_what_the_brake_would_hold_and_nothing_stands_held():
    world, key = await story.changing()
    stored = await world.context.syncs.read(key)
    assert stored is not None
    tight = replace(stored.sync, brake=Brake(removals=0, removals_percent=0, renames=MOST))

    preview = await world.preview(key, tight)

    assert preview.state is State.PREVIEWED
    assert preview.reason.startswith("held by the brake: 4 of 10 users would be removed or disabled")
    assert len((await world.runs.held(preview.run, limit=99))[0]) == preview.counts["held"] == 4
    assert await world.context.holds.get(key) is None
    assert await world.context.outbox.all() == []


async def test_a_preview_runs_beside_a_full_run_and_one_at_a_time():  # D-13, D-15
    world, key = await story.changing()
    full = await world.until(Phase.CLAIM, await world.start(key))
    sync = await world.context.syncs.get(key)
    assert sync is not None
    preview = await world.previews.start(sync, "test")

    with pytest.raises(AlreadyRunning, match="a preview is running") as refused:
        await world.previews.start(sync, "another")
    assert refused.value.run == preview.run

    await world.drain()
    assert (await world.context.runs.get(full.run)).state is State.COMPLETED
    assert (await world.context.runs.get(preview.run)).state is State.PREVIEWED
    await check_sound(world)
    assert preview.run not in {past.run for past in (await world.runs.history(key, limit=9))[0]}


async def test_a_preview_of_no_groups_is_refused():
    world, key = await story.begun()
    sync = await world.context.syncs.get(key)
    assert sync is not None
    with pytest.raises(Rejected) as refused:
        await world.previews.start(replace(sync, groups=()), "test")
    assert refused.value.field == "groups"


async def test_a_preview_is_cancelled_and_another_one_made():
    world, key = await story.begun()
    sync = await world.context.syncs.get(key)
    assert sync is not None
    first = await world.until(Phase.PLAN, await world.previews.start(sync, "test"))
    await world.runs.cancel(first.run, "somebody")
    await world.drain()

    assert (await world.context.runs.get(first.run)).state is State.CANCELLED
    assert (await world.preview(key)).state is State.PREVIEWED


async def test_saving_settings_does_not_disturb_a_preview():  # it goes by its own
    world, key = await story.begun()
    sync = await world.context.syncs.get(key)
    assert sync is not None
    preview = await world.until(Phase.PLAN, await world.previews.start(sync, "test"))
    await world.select(key, "staff")
    await world.drain()

    assert (await world.context.runs.get(preview.run)).state is State.PREVIEWED


async def test_a_preview_knows_whom_the_deletion_of_another_sync_releases():  # D-17
    world = World()
    await world.prepare()
    for name in ("ann", "bea"):
        world.source.hire(f"{name}@corp.example", "staff", "sales")
    key, other = await world.connect("staff"), await world.connect("sales", name="Other")
    await world.sync(key)
    await world.sync(other)
    await world.sync(key)
    stored = await world.context.syncs.read(other)
    assert stored is not None
    world.clock.at += timedelta(minutes=1)
    await world.context.syncs.delete(replace(stored.sync, deleted_at=world.clock.now()), stored.etag)

    world.interrupt = forbid
    preview = await world.preview(key)
    world.interrupt = None

    assert preview.counts["users groups"] == 2
    assert await decided(world, preview) == await decided(world, await world.sync(key))


async def test_a_preview_is_there_for_a_day_and_its_rows_are_swept():
    world, key = await story.begun()
    preview = await world.preview(key)
    assert preview.ended_at is not None
    world.clock.at = preview.ended_at + DAY - timedelta(seconds=1)
    await world.previews.sweep()
    assert len((await world.runs.changes(preview.run, limit=99))[0]) == 10

    world.clock.at += timedelta(seconds=1)
    assert (await world.runs.view(preview.run))[0].state is State.EXPIRED
    for listing in (world.runs.changes, world.runs.skips, world.runs.held):
        with pytest.raises(NotFound, match="expired"):
            await listing(preview.run, limit=1)
    await world.previews.sweep()
    assert [row for row in world.memory.rows("Changes") if row.partition == preview.run] == []
    assert (await world.context.runs.get(preview.run)).state is State.EXPIRED
    await world.previews.sweep()


async def test_a_preview_that_was_never_sent_on_its_way_is_sent_by_the_watch():
    world, key = await story.begun()
    sync = await world.context.syncs.get(key)
    assert sync is not None

    async def cut(point: Point, port: Port, method: Method, call: Call) -> None:
        del point, call
        if (port, method) == ("queue", "send"):
            raise Cut

    world.interrupt = cut
    with pytest.raises(Cut):
        await world.previews.start(sync, "test")
    world.interrupt = None
    world.restart()
    (lock,) = (await world.context.previews.taken()).values()
    await world.survive()

    assert (await world.context.runs.get(lock.run)).state is State.PREVIEWED


async def test_a_preview_whose_process_dies_anywhere_ends_and_has_written_nothing():
    before, key = await story.changing()
    expected, scissors = await picture(before), Scissors(-1, dies)
    world = await before.fork()
    world.interrupt = scissors
    told = await decided(world, await world.preview(key))

    for place in range(0, scissors.count, max(1, scissors.count // 40)):
        world = await before.fork()
        world.interrupt = Scissors(place, dies)
        try:
            await world.preview(key)
        except Cut:
            world.restart()
        await world.survive()
        world.interrupt = None
        assert await picture(world) == expected, place
        assert await decided(world, await world.preview(key)) == told, place
        await check_sound(world)


async def previewed_alike(history: list[Happening], limits: Brake) -> None:
    world = TrashWorld()
    await world.prepare()
    for group in GROUPS:
        world.source.members[group] = set()
    for n, name in enumerate(NAMES[:4]):
        world.source.hire(name, GROUPS[n % 3])
    key = await world.connect("staff", "sales")
    for happening in history[:-1]:
        await run(world, key, happening)
    stored = await world.context.syncs.read(key)
    assert stored is not None
    await world.context.syncs.replace(replace(stored.sync, brake=limits), stored.etag, stored.sync)
    for event in history[-1].events:
        if event.kind == "select":
            await world.select(key, *{GROUPS[event.who % 3], GROUPS[event.what % 3]})
        else:
            happen(world.source, event)
    world.interrupt = forbid
    preview = await world.preview(key)
    world.interrupt = None
    assert await decided(world, preview) == await decided(world, await world.sync(key))


LIMITS = st.builds(Brake, removals=st.integers(0, 1), removals_percent=st.just(0), renames=st.integers(0, 2), renames_percent=st.just(0))


@MANY
@given(st.lists(HAPPENINGS, min_size=1, max_size=4), LIMITS)
def test_whatever_has_happened_a_preview_tells_what_the_run_then_does(history: list[Happening], limits: Brake):
    asyncio.run(previewed_alike(history, limits))
