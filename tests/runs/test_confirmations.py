"""Takeovers that would enable somebody who is disabled here: skipped until an administrator confirms this user (D-05, B-010)."""

import pytest
from msgspec.structs import replace

from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.names import digest
from sync_core.directory.users import Status, User
from sync_core.errors import NotFound, Rejected
from sync_core.planning.claims import Claim
from sync_core.planning.reasons import Reason, Skip
from sync_core.runs.record import State
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.storage.members import Edits
from sync_core.storage.users import Edit
from sync_core.tally import TABLES, tally
from tests.runs.held import approvals
from tests.runs.picture import check_sound
from tests.runs.world import World

ANN, CLOSED = "DUAAAAAAAAAAAAAAAAAA", "DGAAAAAAAAAAAAAAAAAA"


async def met(*, status: Status = Status.DISABLED, closed_group: bool = False) -> tuple[World, str, str]:
    """Ann, by hand, disabled here; and an account in Entra with her name: the world, the sync, and the account's object id."""
    world = World()
    await world.prepare()
    ann = User(user_id=ANN, username="ann@corp.example", status=status, groups=(CLOSED,) if closed_group else ())
    await world.context.users.amend([Edit(None, ann)])
    await world.context.names.put(digest(ann.username), Claim(ann.username, ANN, ""), "")
    if closed_group:
        await world.context.groups.insert(Group(group_id=CLOSED, name="Closed", status=GroupStatus.DISABLED))
        await world.context.members.edit({CLOSED: Edits({ANN})})
    object_id = world.source.hire("ann@corp.example", "staff")
    return world, await world.connect("staff"), object_id


async def skipped(world: World, run: str) -> list[Skip]:
    return (await world.runs.skips(run, limit=99))[0]


@pytest.mark.parametrize("closed_group", [False, True])
async def test_who_is_disabled_here_is_taken_over_only_once_that_is_confirmed(closed_group: bool):
    world, key, object_id = await met(status=Status.ACTIVE if closed_group else Status.DISABLED, closed_group=closed_group)
    first = await world.sync(key)
    assert [(skip.reason, skip.takes) for skip in await skipped(world, first.run)] == [(Reason.DISABLED_HERE, ANN)]
    assert (await world.user("ann@corp.example")).held_by == {}

    confirmed = await approvals(world).confirm(first.run, object_id, by="an admin")
    run = await world.sync(key)

    assert (confirmed.user_id, confirmed.by) == (ANN, "an admin")
    ann = await world.user("ann@corp.example")
    assert (run.state, ann.user_id, ann.status) == (State.COMPLETED, ANN, Status.ACTIVE)
    assert await world.group_names(ann) == {"Staff"}
    await check_sound(world)


async def test_who_is_confirmed_is_found_among_thousands_left_out_in_three_requests():
    world, key, _ = await met()
    run = await world.sync(key)
    verdict = await world.context.changes.verdict(run.run, run.plan_attempt)
    (skip,) = await skipped(world, run.run)
    assert verdict is not None
    crowd = [replace(skip, object_id=f"object {number:04d}") for number in range(5000)]
    await world.context.changes.add_skips(run.run, verdict.plan, crowd)

    with tally() as requests:
        assert await world.runs.skip_of(run.run, "object 4999") == crowd[-1]

    assert requests[TABLES] == 3
    assert await world.runs.skip_of(run.run, "object 5000") is None


async def test_a_confirmation_on_a_preview_is_used_by_the_run_and_gone_then():
    world, key, object_id = await met()
    preview = await world.preview(key)
    await approvals(world).confirm(preview.run, object_id, by="an admin")

    again = await world.preview(key)  # shows what the word did, and does not use it up
    assert await skipped(world, again.run) == []
    assert again.counts["users takeover"] == 1
    assert (await world.sync(key)).counts["users takeover"] == 1
    assert await world.context.confirmations.all(key) == {}


async def test_a_confirmation_waits_for_a_run_that_uses_it():
    world, key, object_id = await met()
    first = await world.sync(key)
    await approvals(world).confirm(first.run, object_id, by="an admin")
    world.source.quit(object_id, "staff")
    world.source.hire("bea@corp.example", "staff")
    await world.sync(key)
    assert object_id in await world.context.confirmations.all(key)

    world.source.join(object_id, "staff")
    await world.sync(key)

    assert (await world.user("ann@corp.example")).user_id == ANN
    assert await world.context.confirmations.all(key) == {}


async def test_a_confirmation_names_one_user_and_no_other():
    world, key, object_id = await met()
    first = await world.sync(key)
    await approvals(world).confirm(first.run, object_id, by="an admin")
    confirmation = (await world.context.confirmations.all(key))[object_id]
    await world.context.confirmations.add(key, replace(confirmation, user_id="DUBBBBBBBBBBBBBBBBBB"))

    run = await world.sync(key)

    assert [skip.reason for skip in await skipped(world, run.run)] == [Reason.DISABLED_HERE]


async def test_only_such_a_skip_is_confirmed():
    world, key, _ = await met(status=Status.ACTIVE)
    nameless = world.source.hire("", "staff")
    run = await world.sync(key)

    with pytest.raises(Rejected, match="nothing to confirm: the username attribute is empty"):
        await approvals(world).confirm(run.run, nameless, by="an admin")
    with pytest.raises(NotFound):
        await approvals(world).confirm(run.run, "3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a", by="an admin")
    with pytest.raises(NotFound):
        await approvals(world).confirm("f" * 32, nameless, by="an admin")
    assert await world.context.confirmations.all(key) == {}


async def test_no_row_of_confirmations_is_read_where_nobody_could_need_one():
    world, key, _ = await met(status=Status.ACTIVE)
    read: list[str] = []

    async def note(point: Point, port: Port, method: Method, call: Call) -> None:
        del point, port, method
        read.append(call.partition)

    world.interrupt = note
    await world.sync(key)
    assert not any(partition.startswith("confirmed-") for partition in read)
