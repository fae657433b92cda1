"""Runs under the brake: what is held stands until somebody approves it, once, in time, and by name (D-12)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from sync_core.directory.brake import Brake
from sync_core.directory.events import Happening
from sync_core.directory.mail import SYNC_CONTACTS, MailKind
from sync_core.directory.users import Status
from sync_core.errors import AlreadyRunning, NotFound
from sync_core.management.approvals import Approvals, Replaced
from sync_core.management.journal import Journal
from sync_core.planning.brake import Since
from sync_core.planning.held import HeldSet
from sync_core.planning.reasons import Reason
from sync_core.runs.record import Phase, State
from tests.management.hands import Hands
from tests.runs.picture import check_sound, picture
from tests.runs.world import World

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


def approvals(world: World) -> Approvals:
    return Approvals(world.context, world.runs, Journal(world.context.log, world.clock, world.random.getrandbits))


async def staffed(people: int = 40, leavers: int = 12) -> tuple[World, str]:
    """So many in "staff", of whom so many have left by now."""
    world = World()
    world.source.page_size = 50
    await world.prepare()
    for number in range(people):
        world.source.hire(f"user{number}@corp.example", "staff")
    key = await world.connect("staff")
    await world.sync(key)
    leave(world, *range(leavers))
    return world, key


def leave(world: World, *numbers: int) -> None:
    for number in numbers:
        world.source.quit(world.source.named(f"user{number}"), "staff")


async def held(world: World, key: str) -> HeldSet:
    found = await approvals(world).held(key)
    assert found is not None
    return found


async def approved(world: World, key: str, digest: str) -> State:
    run = await approvals(world).approve(key, digest, by="an admin")
    await world.drain()
    return (await world.context.runs.get(run.run)).state


async def trashed(world: World) -> int:
    return sum(user.in_trash for user in await world.users())


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


async def test_an_approved_set_is_done_as_if_there_were_no_brake():
    world, key = await staffed()
    other = await world.fork()
    stored = await other.context.syncs.read(key)
    assert stored is not None
    await other.context.syncs.replace(replace(stored.sync, brake=Brake(removals=100)), stored.etag, stored.sync)
    await other.sync(key)
    await world.sync(key)

    assert await approved(world, key, (await held(world, key)).digest) is State.COMPLETED

    assert await picture(world) == await picture(other)
    assert await approvals(world).held(key) is None
    await check_sound(world)


async def test_an_approval_is_used_once():
    world, key = await staffed()
    await world.sync(key)
    digest = (await held(world, key)).digest
    await approved(world, key, digest)
    for number in range(12):
        world.source.join(world.source.named(f"user{number}"), "staff")
    await world.sync(key)
    leave(world, *range(12))

    with pytest.raises(Replaced):
        await approvals(world).approve(key, digest, by="an admin")
    assert (await world.sync(key)).state is State.HELD  # the same people again, and somebody has to say so again
    assert await trashed(world) == 0


async def test_an_approval_passes_whom_it_names_and_nobody_else():
    world, key = await staffed()
    await world.sync(key)
    before = await held(world, key)
    leave(world, 12)

    assert await approved(world, key, before.digest) is State.HELD

    assert await trashed(world) == 12
    after = await held(world, key)
    assert (after.users, after.digest != before.digest) == (1, True)
    with pytest.raises(Replaced):
        await approvals(world).approve(key, before.digest, by="an admin")


async def test_a_set_that_was_replaced_is_not_approved():
    world, key = await staffed()
    await world.sync(key)
    before = await held(world, key)
    leave(world, 12)
    await world.sync(key)

    with pytest.raises(Replaced, match="not held"):
        await approvals(world).approve(key, before.digest, by="an admin")


async def test_an_approval_comes_within_a_day_of_the_newest_run_that_held_the_set():
    world, key = await staffed()
    await world.sync(key)
    world.clock.at += DAY - 2 * SECOND
    await world.sync(key)
    found = await held(world, key)

    world.clock.at = found.held_at + DAY
    with pytest.raises(Replaced, match="24 hours"):
        await approvals(world).approve(key, found.digest, by="an admin")
    world.clock.at -= SECOND
    assert await approved(world, key, found.digest) is State.COMPLETED


async def test_an_approval_whose_run_dies_is_given_again():
    world, key = await staffed()
    await world.sync(key)
    digest = (await held(world, key)).digest
    run = await approvals(world).approve(key, digest, by="an admin")
    await world.until(Phase.PLAN, run)
    await world.runs.cancel(run.run, "somebody")
    await world.drain()

    assert await trashed(world) == 0
    assert await approved(world, key, digest) is State.COMPLETED
    assert await trashed(world) == 12


async def test_while_its_run_goes_on_a_set_is_neither_approved_again_nor_discarded():
    world, key = await staffed()
    await world.sync(key)
    digest = (await held(world, key)).digest
    run = await approvals(world).approve(key, digest, by="an admin")

    for decide in (approvals(world).approve, approvals(world).discard):
        with pytest.raises(AlreadyRunning) as refused:
            await decide(key, digest, by="another")
        assert refused.value.run == run.run


async def test_an_approval_that_another_has_used_meanwhile_starts_nothing():
    world, key = await staffed()
    await world.sync(key)
    digest = (await held(world, key)).digest
    late = await approvals(world).approve(key, digest, by="one who is slow")
    await world.context.holds.change(key, lambda now: replace(now, approved_run="f" * 32) if now is not None else None)

    await world.drain()

    assert (await world.context.runs.get(late.run)).state is State.CANCELLED
    assert await trashed(world) == 0


async def test_a_discarded_set_is_not_approved_and_stands_again_when_it_is_held_again():
    world, key = await staffed()
    await world.sync(key)
    digest = (await held(world, key)).digest
    await approvals(world).discard(key, digest, by="an admin")

    assert await approvals(world).held(key) is None
    with pytest.raises(Replaced):
        await approvals(world).approve(key, digest, by="an admin")
    await world.sync(key)
    assert (await held(world, key)).digest == digest
    assert len(await world.context.outbox.all()) == 1  # once a set


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


async def test_nothing_is_decided_about_a_sync_that_is_not_there():
    world, _ = await staffed(3, 0)
    for decide in (approvals(world).approve, approvals(world).discard):
        with pytest.raises(NotFound):
            await decide("DK2A3B4C5D6E7F2G3H4I", "0", by="an admin")
