"""An individual sync: whom it finds, what becomes of each, and what it leaves alone (B-110..B-118)."""

import asyncio
from datetime import timedelta

import pytest

from sync_core.directory.attributes import Mapping
from sync_core.directory.users import Status
from sync_core.errors import NotFound, Rejected, Transient
from sync_core.individual.sync import IndividualSync, Synced
from sync_core.planning.outcomes import Became, Outcome
from sync_core.runs.record import RunKind, State
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.management.hands import Hands
from tests.runs.picture import check_sound, etags
from tests.runs.world import World

ANN, BEA = "ann@corp.example", "bea@corp.example"


async def synced(world: World, key: str, *names: str) -> dict[str, Outcome]:
    """By name."""
    return {outcome.name: outcome for outcome in (await run(world, key, *names)).outcomes}


async def run(world: World, key: str, *names: str) -> Synced:
    world.clock.at += timedelta(seconds=1)
    return await IndividualSync(world.context).of_names(key, list(names), "test")


@pytest.fixture
async def world() -> World:
    world = World()
    await world.prepare()
    world.source.hire(ANN, "staff")
    return world


@pytest.fixture
async def key(world: World) -> str:
    return await world.connect("staff", "sales")


async def test_whoever_is_new_is_created_with_the_groups_that_it_enters(world: World, key: str):  # B-113, before any full run
    told = await synced(world, key, ANN)

    assert told[ANN].became is Became.CREATED
    user = await world.user(ANN)
    assert (user.user_id, [(group.name) for group, _ in await world.context.groups.all()]) == (told[ANN].user_id, ["Staff"])
    await check_sound(world)


async def test_a_full_run_after_it_writes_nothing_more_of_that_user(world: World, key: str):  # the fingerprint is the same
    await world.sync(key)
    await synced(world, key, ANN)
    before = etags(world)

    assert (await world.sync(key)).counts.get("changes") == 0
    assert etags(world) == before


async def test_each_name_is_answered_once_in_the_order_asked(world: World, key: str):  # B-110
    told = await IndividualSync(world.context).of_names(key, f" {BEA},, {ANN} ,{ANN.upper()},", "test")
    assert [(one.name, one.became) for one in told.outcomes] == [(BEA, Became.NOT_FOUND), (ANN, Became.CREATED)]


@pytest.mark.parametrize("names", [",".join(f"u{n}@corp.example" for n in range(51)), [f"u{n}@corp.example" for n in range(51)], " , ", []])
async def test_51_names_or_none_are_refused(world: World, key: str, names: str | list[str]):  # B-110
    before = etags(world)
    with pytest.raises(Rejected) as refused:
        await IndividualSync(world.context).of_names(key, names, "test")
    assert (refused.value.field, etags(world)) == ("names", before)


async def test_50_names_are_at_most_8_requests_and_one_is_two(world: World, key: str):  # 2 + 2·⌈n/20⌉
    everybody = [f"u{n}@corp.example" for n in range(50)]
    for name in everybody:
        world.source.hire(name, "staff")

    assert (await run(world, key, *everybody)).run.requests["graph"] == 6
    assert (await run(world, key, *everybody)).run.requests["graph"] == 6
    for name in everybody:  # each is found by its former name, and leaves a group: by id, with its groups, and the group itself
        world.source.rename(name.partition("@")[0], f"renamed-{name.partition('@')[0]}")
    world.source.quit(world.source.named("renamed-u7"), "staff")
    assert (await run(world, key, *everybody)).run.requests["graph"] == 8
    assert (await run(world, key, ANN)).run.requests["graph"] == 2


async def test_attributes_and_groups_follow_the_source_and_the_username_stays(world: World, key: str):  # B-114, D-02
    await world.sync(key)
    before = await world.user(ANN)
    world.source.rename("ann", "anna")
    world.source.accounts[before.held_by[key].object_id].attributes["displayName"] = "Anna"
    world.source.join(before.held_by[key].object_id, "sales")

    told = (await synced(world, key, "anna@corp.example"))["anna@corp.example"]

    after = await world.user(ANN)
    assert (after.user_id, after.realname, len(after.groups)) == (before.user_id, "Anna", 2)
    assert (told.became, [field.name for field in told.fields]) == (Became.UPDATED, ["realname", "groups"])
    assert "anna@corp.example" in told.reason
    await world.sync(key)
    assert (await world.user("anna@corp.example")).user_id == before.user_id
    await check_sound(world)


async def test_somebody_is_found_by_its_name_here_when_entra_calls_it_otherwise(world: World, key: str):  # D-02
    await world.sync(key)
    world.source.rename("ann", "anna")
    assert (await synced(world, key, ANN))[ANN].became is Became.UNCHANGED


async def test_who_is_no_member_and_not_managed_is_left_alone(world: World, key: str):  # B-112
    world.source.hire(BEA, "elsewhere")
    made = await Hands(world).create(BEA)
    before = etags(world)

    assert (await synced(world, key, BEA))[BEA].became is Became.NOT_A_MEMBER
    assert etags(world) == before
    assert (await world.user(BEA)).user_id == made.user_id


async def test_an_unmanaged_user_of_that_name_is_taken_over(world: World, key: str):  # B-010, D-05
    there = await Hands(world).create(ANN)
    told = (await synced(world, key, ANN))[ANN]
    assert (told.became, told.actions[0], told.user_id) == (Became.UPDATED, "takeover", there.user_id)
    await check_sound(world)


async def test_somebody_disabled_in_entra_is_disabled_and_enabled_again_with_the_account(world: World, key: str):  # B-154, B-155
    await world.sync(key)
    account = world.source.accounts[world.source.named("ann")]
    account.enabled = False
    assert (await synced(world, key, ANN))[ANN].became is Became.DISABLED
    assert (await world.user(ANN)).status is Status.DISABLED
    account.enabled = True
    assert (await synced(world, key, ANN))[ANN].became is Became.ENABLED


@pytest.mark.parametrize("fate", ["quit", "delete"])
async def test_who_left_every_selected_group_or_entra_goes_to_trash_and_comes_back(world: World, key: str, fate: str):  # B-115, B-159, D-07
    await world.sync(key)
    before, object_id = await world.user(ANN), world.source.named("ann")
    account = world.source.accounts[object_id]
    world.source.quit(object_id) if fate == "quit" else world.source.delete(object_id)

    assert (await synced(world, key, ANN))[ANN].became is Became.TRASHED
    await check_sound(world)
    world.source.accounts[object_id] = account
    world.source.join(object_id, "staff")
    told = (await synced(world, key, ANN))[ANN]

    assert (told.became, told.user_id) == (Became.RESTORED, before.user_id)
    await check_sound(world)


async def test_who_is_in_another_selected_group_stays(world: World, key: str):  # B-160
    world.source.join(world.source.named("ann"), "sales")
    await world.sync(key)
    world.source.quit(world.source.named("ann"), "staff")
    assert (await synced(world, key, ANN))[ANN].actions == ("groups",)


async def test_nobody_leaves_a_group_that_is_gone_or_hides_its_members(world: World, key: str):  # D-10
    world.source.hire(BEA, "sales")
    await world.sync(key)
    world.source.members["sales"].clear()
    world.source.hidden = {"sales"}
    assert (await synced(world, key, BEA))[BEA].became is Became.SKIPPED
    del world.source.members["sales"]
    assert "kept" in (await synced(world, key, BEA))[BEA].reason
    assert not (await world.user(BEA)).in_trash


async def test_an_account_made_again_under_the_same_name_is_another_user(world: World, key: str):  # D-02
    await world.sync(key)
    before = await world.user(ANN)
    world.source.delete(before.held_by[key].object_id)
    world.source.hire(ANN, "staff")

    told = (await synced(world, key, ANN))[ANN]

    assert (told.became, told.user_id != before.user_id) == (Became.CREATED, True)
    assert {user.user_id: user.in_trash for user in await world.users()} == {before.user_id: True, told.user_id: False}
    await check_sound(world)


async def test_with_normalization_the_whole_name_is_asked_for(world: World):  # B-066
    key = await world.connect("staff", mapping=Mapping(normalize=True))
    told = await synced(world, key, "ann", ANN, "ann@other.example")
    assert [one.became for one in told.values()] == [Became.NOT_FOUND, Became.CREATED, Became.NOT_FOUND]
    assert told[ANN].username == "ann"
    told = await synced(world, key, "ann@other.example", ANN)
    assert [one.became for one in told.values()] == [Became.NOT_FOUND, Became.UNCHANGED]


async def test_with_another_source_exactly_its_value_is_asked_for(world: World):  # B-111, B-013
    key = await world.connect("staff", mapping=Mapping(username="employeeId"))
    for number, name in (("7", "cid"), ("8", "dan"), ("8", "dora")):
        world.source.hire(f"{name}@corp.example", "staff", employeeId=number)
    told = await synced(world, key, "7", "8", "cid@corp.example")
    assert [one.became for one in told.values()] == [Became.CREATED, Became.SKIPPED, Became.NOT_FOUND]


async def test_a_name_that_the_last_full_run_knew_to_be_shared_is_refused(world: World):  # D-04
    key = await world.connect("staff", mapping=Mapping(aliases={"1": "employeeId"}))
    world.source.hire(BEA, "staff", employeeId="7")
    world.source.accounts[world.source.named("ann")].attributes["employeeId"] = "7"
    await world.sync(key)

    assert BEA in (await synced(world, key, ANN))[ANN].reason
    assert await world.users() == []
    world.source.accounts[world.source.named("ann")].attributes["employeeId"] = "9"
    assert (await synced(world, key, ANN))[ANN].became is Became.CREATED


async def test_a_name_of_another_user_here_is_refused(world: World, key: str):  # D-04
    await world.sync(key)
    world.source.rename("ann", "anna")
    world.source.hire(ANN, "staff")
    told = (await synced(world, key, ANN))[ANN]
    assert (told.became, ANN in told.reason) == (Became.SKIPPED, True)
    await world.sync(key)
    assert {user.username for user in await world.users()} == {ANN, "anna@corp.example"}


async def test_a_busy_source_is_told_at_once_and_nothing_is_changed(world: World, key: str):  # D-10
    await world.sync(key)
    world.source.delete(world.source.named("ann"))
    world.source.away, before = Transient("busy", retry_after=7), etags(world)
    with pytest.raises(Transient):
        await synced(world, key, ANN)
    assert etags(world) == before


async def test_it_stands_in_the_history_with_its_answers(world: World, key: str):  # D-21
    told = await run(world, key, ANN, BEA)

    (past,) = (await world.runs.history(key, limit=9))[0]
    assert (past.run, past.kind, past.state, past.counts["created"]) == (told.run.run, RunKind.INDIVIDUAL, State.COMPLETED, 1)
    assert await IndividualSync(world.context).outcomes(past.run) == told.outcomes
    assert [change.username for change in (await world.runs.changes(past.run, limit=9))[0]] == [ANN]
    events = [logged.event for logged in (await world.context.log.forward(limit=99))[0]]
    happened = ["azure_sync_by_user_begin", "azure_sync_by_user_finish", "group_create", "user_create"]
    assert sorted(event.action for event in events) == happened
    assert {event.run for event in events} == {past.run}


async def test_this_user_is_synced_by_its_id_and_not_where_names_are_normalized(world: World, key: str):  # B-116, B-067
    await world.sync(key)
    user, one = await world.user(ANN), IndividualSync(world.context)
    world.source.delete(user.held_by[key].object_id)

    (told,) = await one.of_user(user.user_id, "test")

    assert told.outcomes[0].became is Became.TRASHED
    normalizing = await world.connect("staff", name="Other", mapping=Mapping(normalize=True))
    world.source.hire(BEA, "staff")
    bea = (await synced(world, normalizing, BEA))[BEA].user_id
    with pytest.raises(Rejected, match="normalizes"):
        await one.of_user(bea, "test")
    with pytest.raises(NotFound):
        await one.of_user("DU222222222222222222", "test")


async def test_the_records_of_few_users_are_written_side_by_side_in_whichever_partitions(world: World, key: str):  # B-110
    people = [f"user{n}@corp.example" for n in range(50)]
    for name in people:
        world.source.hire(name, "staff")
    writing, most = 0, 0

    async def side_by_side(point: Point, port: Port, method: Method, call: Call) -> None:
        nonlocal writing, most
        del port
        if (method, call.name) == ("transact", "Users"):
            writing += 1 if point == "before" else -1
            most = max(most, writing)
            await asyncio.sleep(0)

    world.interrupt = side_by_side
    await synced(world, key, *people)

    assert most == len({user.user_id[2] for user in await world.users()}) > 8
