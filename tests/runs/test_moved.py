"""A sync whose connection has moved to another tenant: everybody is new there, unless users are found again by name for one run (D-08)."""

from msgspec.structs import replace

from sync_core.directory.brake import Brake
from sync_core.runs.record import State
from tests.runs.held import approvals
from tests.runs.picture import check_sound
from tests.runs.world import World

ELSEWHERE = "22222222-2222-4222-8222-222222222222"
NAMES = ("ann@corp.example", "bea@corp.example", "cid@corp.example")


async def moved(limits: Brake | None = None) -> tuple[World, str, dict[str, str]]:
    """Three people, synced; then other accounts with their names in another tenant. Their user ids by name."""
    world = World()
    await world.prepare()
    old = [world.source.hire(name, "staff") for name in NAMES]
    key = await world.connect("staff", brake=limits)
    await world.sync(key)
    before = {name: (await world.user(name)).user_id for name in NAMES}
    for object_id in old:
        world.source.delete(object_id)
    for name in NAMES:
        world.source.hire(name, "staff")
    stored = await world.context.syncs.read(key)
    assert stored is not None
    there = replace(stored.sync, tenant_id=ELSEWHERE, version=stored.sync.version + 1)
    await world.context.syncs.replace(there, stored.etag, stored.sync)
    return world, key, before


async def now(world: World) -> dict[str, str]:
    return {name: (await world.user(name)).user_id for name in NAMES}


async def test_in_another_tenant_everybody_is_new_and_those_from_before_go_to_trash():
    world, key, before = await moved()

    run = await world.sync(key)

    assert run.state is State.COMPLETED
    assert (run.counts["users create"], run.counts["users trash"]) == (3, 3)
    assert set((await now(world)).values()).isdisjoint(before.values())
    await check_sound(world)


async def test_for_one_run_users_are_found_again_by_name_and_keep_their_ids():
    world, key, before = await moved()

    run = await world.runs.start(key, "an admin", relink=True)
    await world.drain()

    assert (await world.context.runs.get(run.run)).state is State.COMPLETED
    assert await now(world) == before
    for name in NAMES:
        hold = (await world.user(name)).held_by[key]
        assert (hold.tenant_id, hold.object_id) == (ELSEWHERE, world.source.named(name.partition("@")[0]))
    following = await world.sync(key)
    assert (following.state, following.counts["changes"]) == (State.COMPLETED, 0)
    assert await now(world) == before
    await check_sound(world)


async def test_a_preview_shows_either_way_and_does_neither():
    world, key, before = await moved()
    sync = await world.context.syncs.get(key)
    assert sync is not None

    strict = await world.preview(key)
    run = await world.previews.start(sync, "an admin", relink=True)
    await world.drain()

    assert strict.counts["users trash"] == 3
    assert "users trash" not in (await world.context.runs.get(run.run)).counts
    assert await now(world) == before


async def test_a_move_that_would_remove_everybody_is_held_and_its_approval_links_as_the_run_did():
    world, key, before = await moved(Brake(removals=0, removals_percent=0, renames=0, renames_percent=0))
    world.source.rename("ann", "anna")

    run = await world.runs.start(key, "an admin", relink=True)
    await world.drain()
    assert (await world.context.runs.get(run.run)).state is State.HELD
    held = await approvals(world).held(key)
    assert held is not None
    approved = await approvals(world).approve(key, held.digest, by="an admin")
    await world.drain()

    assert (await world.context.runs.get(approved.run)).relink
    assert (await world.context.runs.get(approved.run)).state is State.COMPLETED
    assert {name: (await world.user(name)).user_id for name in NAMES[1:]} == {name: before[name] for name in NAMES[1:]}


async def test_who_is_found_again_but_held_does_not_go_to_trash_for_its_former_account():
    world, key, before = await moved(Brake(renames=0, renames_percent=0))
    world.source.rename("ann", "ANN")  # the same name, spelled otherwise

    run = await world.runs.start(key, "an admin", relink=True)
    await world.drain()

    assert (await world.context.runs.get(run.run)).state is State.HELD
    assert await now(world) == before
    assert not any(user.in_trash for user in await world.users())
