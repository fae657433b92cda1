"""Runs under the brake: what is over a limit is held, shown, and told of once; everything else goes on (D-12)."""

from msgspec.structs import replace

from sync_core.directory.events import Happening
from sync_core.directory.mail import SYNC_CONTACTS, MailKind
from sync_core.directory.users import Status
from sync_core.planning.brake import Since
from sync_core.planning.reasons import Reason
from sync_core.runs.record import Phase, State
from tests.management.hands import Hands
from tests.runs.held import approvals, approved, held, leave, staffed, trashed
from tests.runs.picture import check_sound
from tests.runs.world import World


async def test_a_run_over_a_limit_ends_as_held_and_frees_its_sync():
    world, key = await staffed()
    world.source.hire("new@corp.example", "staff")

    run = await world.sync(key)

    assert run.state is State.HELD
    assert run.reason == "held by the brake: 12 of 40 users would be removed or disabled: over 10, and over 20 % or 500"
    assert (run.counts["held"], await trashed(world)) == (12, 0)
    assert (await world.user("new@corp.example")).status is Status.ACTIVE
    assert await world.runs.running(key) == ""
    await check_sound(world)


async def test_what_is_held_is_listed_with_its_reasons():
    world, key = await staffed()
    run = await world.sync(key)
    listed: list[str] = []
    cursor = ""
    while True:
        part, cursor = await world.runs.held(run.run, limit=5, cursor=cursor)
        listed += [change.object_id for change in part]
        assert {(change.actions, change.detail) for change in part} == {(("trash",), "would go to Trash")}
        if not cursor:
            break
    assert listed == sorted(world.source.named(f"user{number}") for number in range(12))
    skips, _ = await world.runs.skips(run.run, limit=100)
    assert {skip.object_id for skip in skips if skip.reason is Reason.HELD} == set(listed)


async def test_the_contacts_are_told_once_a_set():
    world, key = await staffed()
    first = await world.sync(key)
    await world.sync(key)
    leave(world, 12)
    third = await world.sync(key)

    told = [mail for mail in await world.context.outbox.all() if mail.kind is MailKind.SYNC_HELD]

    assert {mail.run for mail in told} == {first.run, third.run}
    assert {mail.to_roles for mail in told} == {SYNC_CONTACTS}
    assert {mail.about["users"] for mail in told} == {"12", "13"}
    logged, _ = await world.context.log.newest(limit=99)
    assert {one.event.run for one in logged if one.event.action is Happening.SYNC_HOLD} == {first.run, third.run}


async def test_another_set_shows_what_is_new_in_it_and_what_is_gone():
    world, key = await staffed()
    await world.sync(key)
    leave(world, 12)
    world.source.join(world.source.named("user0"), "staff")

    run = await world.sync(key)

    changes, _ = await world.runs.held(run.run, limit=100)
    assert {world.source.accounts[c.object_id].attributes["displayName"]: c.since for c in changes if c.since is not Since.STILL} == {
        "User12": Since.NEW,
        "User0": Since.GONE,
    }
    found = await held(world, key)
    assert (found.users, found.new, found.gone) == (12, 1, 1)


async def test_a_set_stands_until_a_run_ends_without_the_brake():
    world, key = await staffed()
    await world.sync(key)
    world.source.short.add("staff")
    assert (await world.sync(key)).state is State.INCOMPLETE  # who left is not known: nothing is proved
    assert (await held(world, key)).users == 12
    world.source.short.clear()
    for number in range(12):
        world.source.join(world.source.named(f"user{number}"), "staff")

    assert (await world.sync(key)).state is State.COMPLETED
    assert await approvals(world).held(key) is None


async def test_a_group_selected_no_more_is_retired_only_when_its_losses_are_approved():  # D-20, B-174
    world = World()
    await world.prepare()
    for number in range(12):
        world.source.hire(f"user{number}@corp.example", "staff", "sales")
    key = await world.connect("staff", "sales")
    await world.sync(key)
    await world.select(key, "staff")

    assert (await world.sync(key)).state is State.HELD
    assert {group.sync for group, _ in await world.context.groups.all()} == {key}
    assert await world.group_names(await world.user("user3@corp.example")) == {"Staff", "Sales"}

    assert await approved(world, key, (await held(world, key)).digest) is State.COMPLETED
    assert sorted(group.sync for group, _ in await world.context.groups.all()) == ["", key]
    await check_sound(world)


async def test_what_a_run_left_that_died_is_put_right_although_the_next_one_is_held():
    world, key = await staffed(leavers=0)
    leave(world, 0, 1)
    run = await world.until(Phase.APPLY, await world.start(key))
    await world.context.runs.change(run.run, lambda now: replace(now, phase=Phase.FINISH, outcome=State.FAILED, state=State.FINISHING))
    await world.steps._course.dispatch(await world.context.runs.get(run.run))  # pyright: ignore[reportPrivateUsage]
    await world.drain()
    leave(world, *range(2, 14))

    assert (await world.sync(key)).state is State.HELD
    await check_sound(world)
    assert await approved(world, key, (await held(world, key)).digest) is State.COMPLETED
    await check_sound(world)


async def test_a_first_run_that_claimed_only_leaves_nobody_whom_the_sync_holds():  # D-12, B-104
    world = World()
    world.source.page_size = 50
    await world.prepare()
    hands = Hands(world)
    for number in range(12):
        world.source.hire(f"user{number}@corp.example", "staff")
        await hands.create(f"user{number}@corp.example")
    key = await world.connect("staff")
    first = await world.until(Phase.APPLY, await world.start(key))
    await world.runs.cancel(first.run, "the help desk")
    await world.drain()

    run = await world.sync(key)

    assert (run.state, run.counts["users takeover"]) == (State.COMPLETED, 12)
    await check_sound(world)
