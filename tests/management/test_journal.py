"""Whoever changes something by hand is in the log with it; nothing is changed untold, and nothing is told that did not happen (D-34)."""

from datetime import timedelta
from functools import partial

import pytest

from sync_core.directory.edits import GroupEdit, UserEdit
from sync_core.directory.events import Event, Happening
from sync_core.directory.users import User
from sync_core.errors import Rejected, Transient
from sync_core.management.sign_in import SignIn
from sync_core.management.user_import import UserImport
from sync_core.management.users import make_users
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.management.hands import Hands, die_anywhere, hands

BY = "test"
A_SECOND = timedelta(seconds=1)


@pytest.fixture
async def here() -> Hands:
    return await hands()


async def told(here: Hands) -> list[Event]:
    """What the log says an hour later, oldest first."""
    here.world.clock.at += timedelta(hours=1)
    return [one.event for one in (await here.world.context.log.forward(limit=1000))[0]]


async def test_users_made_changed_and_deleted_are_told_with_what_changed(here: Hands) -> None:
    ann = await here.create("ann", alias1="a")
    here.world.clock.at += A_SECOND
    await here.rename(ann, "ann.lind")
    here.world.clock.at += A_SECOND
    await here.users.delete(ann.user_id, by="somebody")

    made, renamed, deleted = await told(here)

    assert (made.action, made.object, made.object_id, made.actor) == (Happening.USER_CREATE, "ann", ann.user_id, BY)
    assert made.description == {"username": "ann", "alias1": "a"}
    assert (renamed.action, renamed.object, renamed.description) == (Happening.USER_UPDATE, "ann.lind", {"username": "ann.lind"})
    assert (deleted.action, deleted.object, deleted.actor) == (Happening.USER_DELETE, "ann.lind", "somebody")
    of_ann, _ = await here.world.context.log.of(ann.user_id, limit=9)
    assert [one.event for one in of_ann] == [deleted, renamed, made]


async def test_an_edit_that_changes_nothing_or_is_refused_leaves_no_event(here: Hands) -> None:
    ann, _ = await here.create("ann"), await here.create("bea")
    before = await told(here)
    await here.change(ann, UserEdit(username="ann"))
    with pytest.raises(Rejected):
        await here.rename(ann, "bea")

    assert await told(here) == before


async def test_groups_and_their_members_are_told(here: Hands) -> None:  # B-173
    ann = await here.create("ann")
    here.world.clock.at += A_SECOND
    group = await here.create_group("Friends")
    for act in (
        partial(here.memberships.add, group.group_id, ann.user_id),
        partial(here.memberships.add, group.group_id, ann.user_id),
        partial(here.memberships.remove, group.group_id, ann.user_id),
        partial(here.groups.update, group.group_id, GroupEdit(name="Family")),
        partial(here.groups.delete, group.group_id),
    ):
        here.world.clock.at += A_SECOND
        await act(by=BY)

    events = (await told(here))[1:]

    assert [event.action.value for event in events] == ["group_create", "user_update", "user_update", "group_update", "group_delete"]
    assert events[1].description == {"Added To Group": f"Friends ({group.group_id})"}
    assert events[3].description == {"name": "Family"}


async def test_a_lockout_is_told_with_its_reason(here: Hands) -> None:  # B-157
    ann = await here.create("ann")
    sign_in = SignIn(here.world.context.users, None, here.journal)  # pyright: ignore[reportArgumentType]  # views are not asked
    for reason in ("lost their phone", "lost their phone"):
        here.world.clock.at += A_SECOND
        await sign_in.lock_out(ann.user_id, reason, by=BY)
    here.world.clock.at += A_SECOND
    await sign_in.unlock(ann.user_id, by=BY)

    assert [event.description for event in (await told(here))[1:]] == [{"lockout_reason": "lost their phone"}, {"lockout_reason": ""}]


async def test_an_import_is_told_as_one_and_by_its_users(here: Hands) -> None:  # B-079
    importing = UserImport(here.world.tables, lambda over: make_users(over, here.world.clock, here.world.random.getrandbits), here.journal)
    content = b"username,realname\none,One\ntwo,\n"

    await importing(content, dry_run=True, by=BY)
    assert await told(here) == []
    await importing(content, dry_run=False, by=BY)

    events = await told(here)
    assert sorted(event.action.value for event in events) == ["user_create", "user_create", "user_import"]
    assert [event.description for event in events if event.action is Happening.USER_IMPORT] == [{"Users created": "2"}]


async def test_an_edit_of_which_nobody_knows_whether_it_was_made_is_told_so(here: Hands) -> None:
    ann = await here.create("ann")

    def lose_the_answer(point: Point, port: Port, method: Method, call: Call) -> None:
        if (point, port, method, call.name) == ("after", "tables", "transact", "Users"):
            raise Transient("storage went away", retry_after=1)

    here.world.interrupt = lose_the_answer
    with pytest.raises(Transient):
        await here.rename(ann, "ann.lind")
    here.world.interrupt = None

    _, renamed = await told(here)
    assert (renamed.object, renamed.description.keys()) == ("ann.lind", {"username", "Outcome"})


async def test_a_process_that_dies_anywhere_in_an_edit_leaves_no_change_untold(here: Hands) -> None:
    ann = await here.create("ann")

    async def rename(there: Hands) -> User:
        return await there.rename(ann, "ann.lind")

    outcomes = set[str]()
    for there in await die_anywhere(here, rename):
        events = (await told(there))[1:]
        changed = (await there.find(ann.user_id) or ann).username == "ann.lind"
        sure = [event for event in events if "Outcome" not in event.description]
        assert changed or not sure
        assert events or not changed
        outcomes.add("told" if sure else "unknown" if events else "nothing")
    assert outcomes == {"told", "unknown", "nothing"}
