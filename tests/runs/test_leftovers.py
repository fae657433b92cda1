"""What races and deaths leave beside the records, and who clears it away (architecture: "The record is the truth")."""

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.names import digest
from sync_core.errors import StopRun
from sync_core.runs.messages import Apply
from sync_core.runs.record import Phase, State
from sync_core.storage import members, names, objects, users
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.storage.tables import Insert
from tests.management.hands import Hands
from tests.runs.picture import check_sound
from tests.runs.world import LIMITLESS, World

ANN = "ann@corp.example"


async def staffed(*people: str) -> tuple[World, str]:
    world = World()
    await world.prepare()
    for name in people:
        world.source.hire(name, "staff")
    key = await world.connect("staff")
    await world.sync(key)
    return world, key


async def test_the_row_of_an_object_whose_user_is_another_ones_goes_in_the_run_that_meets_it():  # D-06, D-11
    world, key = await staffed(ANN)
    ann = world.source.named("ann")
    row = (await world.context.objects.many(key, [ann]))[ann][0]
    stray = objects.to_row(key, replace(row, object_id="of-nobody"))
    await world.tables.write(objects.TABLE, Insert(stray))
    world.source.accounts[ann].attributes["displayName"] = "Ann Lind"  # so the run writes the user for its own object's sake

    run = await world.sync(key)

    assert run.state is State.COMPLETED
    assert await world.context.objects.many(key, ["of-nobody"]) == {}
    assert (await world.user(ANN)).realname == "Ann Lind"
    await check_sound(world)


async def both_make(world: World, low: str, high: str) -> None:
    """The lower key's run claims first, so the other one takes up its user; but writes it before, by another name."""
    first = await world.until(Phase.APPLY, await world.start(low))
    waiting = world.queues.receive(Apply.queue)
    second = await world.start(high)
    await world.until(Phase.FINISH, second)
    for message in waiting:
        await world.handle(message.queue, message.body)
        world.queues.delete(message)
    await world.drain()
    assert (await world.context.runs.get(first.run)).state is State.COMPLETED


@pytest.mark.parametrize("leaves", [True, False])
async def test_a_name_that_another_syncs_run_wrote_over_goes_with_the_next_one(leaves: bool):  # B-011, D-06
    world = World()
    await world.prepare()
    ann = world.source.hire(ANN, "staff", "sales", mailNickname="ann")
    by_nickname = Mapping(username="mailNickname")
    low, high = sorted([await world.connect("staff"), await world.connect("staff", name="Sales")])
    stored = await world.context.syncs.read(high)
    assert stored is not None
    selected = replace(stored.sync, mapping=by_nickname)
    await world.context.syncs.replace(selected, stored.etag)
    await both_make(world, low, high)
    await world.select(high, "sales")
    assert [names.from_row(row).name for row in world.memory.rows(names.TABLE)] == [ANN, "ann"]
    (user,) = await world.users()
    assert list(user.name_digests.values()) == [ANN]

    if leaves:
        world.source.quit(ann, "sales")
    else:
        world.source.accounts[ann].attributes["mailNickname"] = "anna"
    assert (await world.sync(high)).state is State.COMPLETED

    assert digest("ann") not in {row.key for row in world.memory.rows(names.TABLE)}
    assert (await world.sync(low)).state is State.COMPLETED  # which had only claimed ann
    await check_sound(world)


async def test_a_run_that_failed_writes_no_record_any_more():  # architecture: the fence
    world = World()
    await world.prepare()
    world.source.hire(ANN, "staff")
    key = await world.connect("staff")
    run = await world.until(Phase.APPLY, await world.start(key))
    (message,) = world.queues.receive(Apply.queue)
    world.queues.delete(message)

    async def overtaken(point: Point, port: Port, method: Method, call: Call) -> None:
        del port
        if (point, method, call.name) == ("before", "transact", users.TABLE):
            world.interrupt = None
            await world.steps.poisoned(Apply.model_validate_json(message.body))
            await world.drain()
            assert (await world.context.runs.get(run.run)).state is State.FAILED

    world.interrupt = overtaken
    await world.handle(message.queue, message.body)

    assert world.interrupt is None
    assert await world.users() == []


async def test_a_takeover_that_fails_before_the_member_rows_leaves_nobody_in_those_of_unmanaged_groups():  # B-010, B-173
    world = World()
    await world.prepare()
    hands = Hands(world)
    ann, group = await hands.create(ANN), await hands.create_group("By hand")
    await hands.memberships.add(group.group_id, ann.user_id, by="test")
    world.source.hire(ANN, "staff")
    key = await world.connect("staff", brake=LIMITLESS)

    def fails(point: Point, port: Port, method: Method, call: Call) -> None:
        del port, method
        if (point, call.name) == ("before", members.TABLE) and call.operations:
            raise StopRun("out of order")

    world.interrupt = fails
    await world.sync(key)
    world.interrupt = None
    assert (await world.user(ANN)).held_by
    assert await world.context.members.members(group.group_id) == [ann.user_id]

    assert (await world.sync(key)).state is State.COMPLETED

    assert await world.context.members.members(group.group_id) == []
    await check_sound(world)


async def test_a_name_given_by_hand_while_a_takeover_goes_on_is_free_again_when_that_writes_its_own():  # B-010, D-05
    world = World()
    await world.prepare()
    hands = Hands(world)
    ann = await hands.create(ANN)
    world.source.hire(ANN, "staff")
    key = await world.connect("staff", brake=LIMITLESS)
    run = await world.start(key)

    async def claims(point: Point, port: Port, method: Method, call: Call) -> None:
        del port
        if (point, method, call.name) == ("before", "transact", users.TABLE):
            world.interrupt = None
            await world.until(Phase.APPLY, run)

    world.interrupt = claims
    await hands.rename(ann, "fay")
    await world.drain()

    assert (await world.context.runs.get(run.run)).state is State.COMPLETED
    assert (await world.user(ANN)).user_id == ann.user_id
    assert [names.from_row(row).name for row in world.memory.rows(names.TABLE)] == [ANN]
    await check_sound(world)


async def test_who_left_before_a_dead_run_had_made_it_leaves_no_pointer():  # D-11, architecture: the record is the truth
    world = World()
    await world.prepare()
    ann = world.source.hire("ann@corp.example", "staff", mail="ann.lind@corp.example")
    world.source.hire("bea@corp.example", "staff")
    key = await world.connect("staff", brake=LIMITLESS)

    def fails(point: Point, port: Port, method: Method, call: Call) -> None:
        del port, method
        if (point, call.name) == ("before", users.TABLE) and len(call.operations) > 1:  # records, no fence
            raise StopRun("out of order")

    world.interrupt = fails
    assert (await world.sync(key)).state is State.FAILED
    world.interrupt = None
    assert world.memory.rows("Emails")
    world.source.delete(ann)

    assert (await world.sync(key)).state is State.COMPLETED

    await check_sound(world)
