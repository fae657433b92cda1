"""What is held stands until somebody approves it, once, in time, and by name, or discards it (D-12)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from sync_core.directory.brake import Brake
from sync_core.errors import AlreadyRunning, NotFound
from sync_core.management.approvals import Replaced
from sync_core.runs.record import Phase, State
from tests.runs.held import DAY, approvals, approved, held, leave, staffed, trashed
from tests.runs.picture import check_sound, picture

SECOND = timedelta(seconds=1)


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


async def test_nothing_is_decided_about_a_sync_that_is_not_there():
    world, _ = await staffed(3, 0)
    for decide in (approvals(world).approve, approvals(world).discard):
        with pytest.raises(NotFound):
            await decide("DK2A3B4C5D6E7F2G3H4I", "0", by="an admin")
