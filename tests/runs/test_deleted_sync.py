"""Deleting a sync: nobody and nothing is deleted or disabled, all becomes unmanaged, and shared users pass to the other sync."""

from datetime import timedelta

import pytest

from sync_core.directory.groups import api_name, as_kept
from sync_core.directory.users import Status, User
from sync_core.errors import NotFound
from sync_core.management.syncs import Syncs, make_syncs
from sync_core.planning.settle import live_holds
from sync_core.runs.record import Phase, State
from tests.management.hands import Hands, check_names
from tests.runs.fates import cut_run
from tests.runs.picture import DIRECTORY, check_sound, etags, picture
from tests.runs.world import World

ANN, BEA, CID = "ann@corp.example", "bea@corp.example", "cid@corp.example"


async def shared() -> tuple[World, str, str]:
    """Ann is in Acme's group, bea in both syncs', cid in that of Sales; both have run."""
    here = World()
    await here.prepare()
    here.source.hire(ANN, "staff")
    here.source.hire(BEA, "staff", "sales")
    here.source.hire(CID, "sales")
    acme, sales = await here.connect("staff"), await here.connect("sales", name="Sales")
    for key in (acme, sales):
        await here.sync(key)
    return here, acme, sales


def syncs(here: World) -> Syncs:
    return make_syncs(here.tables, here.context.source, here.clock, here.random.getrandbits)


async def delete(here: World, key: str) -> None:
    here.clock.at += timedelta(minutes=1)
    await syncs(here).delete(key, by="test")


async def holders(here: World, username: str) -> set[str]:
    existing = frozenset(sync.directory_key for sync in await syncs(here).all())
    return set(live_holds(await here.user(username), existing))


async def shown_groups(here: World, user: User) -> set[str]:
    known = await syncs(here).known()
    kept = [as_kept(group, known) for group, _ in await here.context.groups.all() if group.group_id in user.groups]
    return {api_name(group, known[group.sync].name if group.sync else "") for group in kept}


@pytest.mark.parametrize("previewed", [True, False])
async def test_a_run_whose_sync_is_deleted_is_cancelled_and_says_why(previewed: bool):  # D-17
    here, acme, _ = await shared()
    settings = await here.context.syncs.existing(acme)
    run = await here.until(Phase.PLAN, await (here.previews.start(settings, "test") if previewed else here.start(acme)))

    await delete(here, acme)
    await here.drain()

    ended = await here.context.runs.get(run.run)
    assert (ended.state, ended.reason) == (State.CANCELLED, "the sync was deleted while it ran")


async def test_users_and_groups_stay_as_they_are_and_become_unmanaged():  # B-140, B-141, B-143
    here, acme, _ = await shared()
    before = {table: rows for table, rows in etags(here).items() if table in DIRECTORY}

    await delete(here, acme)

    assert etags(here) == before
    assert (await holders(here, ANN), (await here.user(ANN)).status) == (set(), Status.ACTIVE)
    assert await shown_groups(here, await here.user(ANN)) == {'Staff (formerly from "Acme")'}
    hands = Hands(here)
    assert (await hands.rename(await here.user(ANN), "ann")).username == "ann"
    ann = await here.user("ann")
    await hands.users.delete(ann.user_id, by="test")
    assert ann.user_id not in {row.values["user_id"] for row in here.memory.rows("Objects")}


async def test_a_deleted_sync_is_not_found_and_its_name_is_free():  # D-17
    here, acme, _ = await shared()

    await delete(here, acme)

    with pytest.raises(NotFound):
        await syncs(here).delete(acme, by="test")
    with pytest.raises(NotFound):
        await here.runs.start(acme, "test")
    assert await here.connect("staff", name="ACME")


async def test_a_shared_user_passes_to_the_other_sync_at_its_next_run():  # D-17, B-011, B-173
    here, acme, sales = await shared()
    await delete(here, acme)
    assert await holders(here, BEA) == {sales}

    assert (await here.sync(sales)).state is State.COMPLETED

    bea = await here.user(BEA)
    assert set(bea.held_by) == {sales}
    assert await shown_groups(here, bea) == {'Sales (from Microsoft Entra ID sync "Sales")'}
    before = etags(here)
    await here.sync(sales)
    assert etags(here) == before


async def test_a_shared_user_that_is_skipped_then_passes_when_it_is_skipped_no_more():  # D-17, D-04
    here, acme, sales = await shared()
    twin = here.source.hire(BEA, "sales")
    await delete(here, acme)
    await here.sync(sales)
    here.source.delete(twin)

    await here.sync(sales)

    assert set((await here.user(BEA)).held_by) == {sales}


async def test_a_shared_user_that_leaves_the_other_sync_goes_to_trash():  # D-17, B-159
    here, acme, sales = await shared()
    await delete(here, acme)
    here.source.quit(here.source.named("bea"))

    await here.sync(sales)

    assert (await here.user(BEA)).status is Status.PENDING_DELETION
    assert (await here.user(ANN)).status is Status.ACTIVE


@pytest.mark.parametrize("phase", [Phase.READ, Phase.PLAN, Phase.CLAIM, Phase.APPLY])
async def test_a_run_stops_at_its_next_slice_when_its_sync_is_deleted(phase: Phase):  # D-17, D-14
    here, acme, sales = await shared()
    here.source.quit(here.source.named("ann"))
    here.source.accounts[here.source.named("bea")].attributes["displayName"] = "Bea Lind"
    here.source.group_names["staff"] = "All Staff"  # something to claim
    run = await here.until(phase, await here.start(acme))

    await delete(here, acme)
    await here.drain()

    assert (await here.context.runs.get(run.run)).state is State.CANCELLED
    assert await here.context.locks.taken() == {}
    assert (await here.user(ANN)).status is Status.ACTIVE
    await here.sync(sales)
    assert set((await here.user(BEA)).held_by) == {sales}
    await check_names(here)


async def test_a_run_that_dies_anywhere_takes_the_shared_users_over_all_the_same():  # D-17
    here, acme, sales = await shared()
    await delete(here, acme)
    whole = await here.fork()
    await whole.sync(sales)
    expected = await picture(whole)

    for place in range(60):
        world = await here.fork()
        await cut_run(world, sales, place)
        assert await picture(world) == expected, place


async def test_users_of_a_deleted_sync_are_taken_over_by_a_new_one():  # B-010, D-17
    here, acme, sales = await shared()
    before = await here.user(ANN)
    await delete(here, acme)
    here.clock.at += timedelta(minutes=1)
    new = await here.connect("staff", name="New")
    await here.sync(new)

    ann = await here.user(ANN)
    assert (ann.user_id, set(ann.held_by)) == (before.user_id, {new})
    assert set((await here.user(BEA)).held_by) == {new, sales}
    await here.sync(sales)
    assert await shown_groups(here, await here.user(BEA)) == {
        'Sales (from Microsoft Entra ID sync "Sales")',
        'Staff (from Microsoft Entra ID sync "New")',
    }


async def test_whom_a_sync_once_trashed_and_takes_over_as_another_object_is_that_one_only():  # B-010, D-02, D-27
    here, acme, sales = await shared()
    ann = here.source.named("ann")
    here.source.quit(ann, "staff")
    await here.sync(acme)
    here.source.join(ann, "sales")
    await here.sync(sales)  # restores her
    await delete(here, sales)
    here.source.delete(ann)
    again = here.source.hire(ANN, "staff")

    assert (await here.sync(acme)).state is State.COMPLETED

    assert (await here.user(ANN)).objects == {(acme, again), (sales, ann)}
    assert await here.context.objects.many(acme, [ann]) == {}
    await check_sound(here)
