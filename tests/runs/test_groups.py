"""Groups of a sync: made, named, left and retired (D-20, B-170..B-174)."""

from sync_core.directory.groups import api_name
from sync_core.directory.users import Status
from sync_core.runs.messages import Plan
from sync_core.runs.record import Phase, State
from tests.runs.picture import check_sound
from tests.runs.world import World


async def world() -> World:
    made = World()
    await made.prepare()
    return made


async def names_of_groups(here: World) -> set[str]:
    syncs = {sync.directory_key: sync.name for sync in await here.context.syncs.all()}
    return {api_name(group, syncs.get(group.sync, "")) for group, _ in await here.context.groups.all()}


async def members(here: World, group: str) -> set[str]:
    """Usernames, by the member rows of the group with this name."""
    (found,) = (row.group_id for row, _ in await here.context.groups.all() if row.name == group)
    users = {user.user_id: user.username for user in await here.users()}
    return {users[user_id] for user_id in await here.context.members.members(found)}


async def test_groups_take_their_names_from_entra_and_follow_them_under_ids_that_stay():  # D-20, B-171, B-176
    here = await world()
    here.source.hire("ann@corp.example", "staff", "sales")
    here.source.group_names |= {"staff": "All Staff", "sales": "Sales"}
    key = await here.connect("staff", "sales")
    await here.sync(key)
    assert await names_of_groups(here) == {
        'All Staff (from Microsoft Entra ID sync "Acme")',
        'Sales (from Microsoft Entra ID sync "Acme")',
    }
    before = {group.group_id for group, _ in await here.context.groups.all()}

    here.source.group_names["sales"] = "Sales Europe"
    run = await here.sync(key)

    assert 'Sales Europe (from Microsoft Entra ID sync "Acme")' in await names_of_groups(here)
    assert {group.group_id for group, _ in await here.context.groups.all()} == before
    assert run.counts["changes"] == 0


async def test_members_that_the_source_lists_are_direct_members_here():  # B-033
    here = await world()
    here.source.hire("ann@corp.example", "staff", "a-group-inside-staff")
    key = await here.connect("staff")

    await here.sync(key)

    assert await members(here, "Staff") == {"ann@corp.example"}
    assert len(await here.context.groups.all()) == 1


async def test_a_user_is_in_each_selected_group_that_lists_it_and_follows_moves():  # B-032, B-160
    here = await world()
    ann = here.source.hire("ann@corp.example", "staff", "sales")
    here.source.hire("bea@corp.example", "sales", "board")
    key = await here.connect("staff", "sales", "board")
    await here.sync(key)
    assert [await members(here, group) for group in ("Staff", "Sales", "Board")] == [
        {"ann@corp.example"},
        {"ann@corp.example", "bea@corp.example"},
        {"bea@corp.example"},
    ]

    here.source.quit(ann, "staff", "sales")
    here.source.join(ann, "board")
    run = await here.sync(key)

    assert (await here.user("ann@corp.example")).status is Status.ACTIVE
    assert run.counts["users groups"] == 1
    assert [await members(here, group) for group in ("Staff", "Sales", "Board")] == [
        set(),
        {"bea@corp.example"},
        {"ann@corp.example", "bea@corp.example"},
    ]
    await check_sound(here)


async def test_a_group_that_is_not_selected_any_more_is_retired_with_those_who_were_in_no_other():  # B-174, D-20
    here = await world()
    here.source.hire("ann@corp.example", "staff", "sales")
    here.source.hire("bea@corp.example", "sales")
    key = await here.connect("staff", "sales")
    await here.sync(key)

    await here.select(key, "staff")
    run = await here.sync(key)

    assert (run.state, run.counts["users trash"]) == (State.COMPLETED, 1)
    assert (await here.user("bea@corp.example")).status is Status.PENDING_DELETION
    assert await here.group_names(await here.user("ann@corp.example")) == {"Staff"}
    assert await members(here, "Sales") == {"bea@corp.example"}
    assert await names_of_groups(here) == {'Staff (from Microsoft Entra ID sync "Acme")', 'Sales (formerly from "Acme")'}
    await check_sound(here)


async def test_a_group_that_is_not_selected_any_more_is_retired_only_once_all_groups_could_be_read():  # D-20
    here = await world()
    here.source.hire("ann@corp.example", "staff", "sales")
    key = await here.connect("staff", "sales")
    await here.sync(key)
    await here.select(key, "staff")
    here.source.short.add("staff")

    run = await here.sync(key)

    assert run.state is State.INCOMPLETE
    assert 'Sales (from Microsoft Entra ID sync "Acme")' in await names_of_groups(here)
    here.source.short.clear()
    await here.sync(key)
    assert 'Sales (formerly from "Acme")' in await names_of_groups(here)


async def test_a_group_that_is_selected_again_is_another_group():  # D-20: an id for each selection
    here = await world()
    here.source.hire("ann@corp.example", "staff", "sales")
    key = await here.connect("staff", "sales")
    await here.sync(key)
    await here.select(key, "staff")
    await here.sync(key)

    await here.select(key, "staff", "sales")
    await here.sync(key)

    assert await names_of_groups(here) == {
        'Staff (from Microsoft Entra ID sync "Acme")',
        'Sales (from Microsoft Entra ID sync "Acme")',
        'Sales (formerly from "Acme")',
    }
    await check_sound(here)


async def test_a_group_deleted_between_its_reading_and_the_plan_counts_as_gone():  # D-10
    here = await world()
    here.source.hire("ann@corp.example", "staff", "sales")
    key = await here.connect("staff", "sales")
    await here.sync(key)
    run = await here.until(Phase.PLAN, await here.start(key))
    del here.source.members["sales"]

    await here.drain()

    ended = await here.context.runs.get(run.run)
    assert (ended.state, ended.counts["groups"], ended.counts["groups gone"]) == (State.WARNINGS, 1, 1)
    assert ended.reason == "gone from Entra, so their members stay until they are removed or replaced: Sales"
    assert "Sales" in {group.name for group, _ in await here.context.groups.all()}


async def test_a_run_that_finds_nothing_to_do_goes_from_the_plan_to_its_end():
    here = await world()
    here.source.hire("ann@corp.example", "staff", "sales")
    key = await here.connect("staff")
    await here.sync(key)

    run = await here.until(Phase.PLAN, await here.start(key))
    await here.deliver_one(Plan.queue)

    assert (await here.context.runs.get(run.run)).phase is Phase.FINISH


async def test_a_group_that_has_another_name_is_renamed_though_nobody_changes():  # D-20
    here = await world()
    here.source.hire("ann@corp.example", "staff", "sales")
    key = await here.connect("staff")
    await here.sync(key)
    here.source.group_names["staff"] = "Everybody"

    run = await here.sync(key)

    assert run.counts["changes"] == 0
    assert {group.name for group, _ in await here.context.groups.all()} == {"Everybody"}
