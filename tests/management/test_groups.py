"""Groups and memberships by hand (B-170..B-175)."""

from collections.abc import Awaitable, Callable

import pytest

from sync_core import ids
from sync_core.directory.edits import GroupEdit
from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.users import Status, User
from sync_core.errors import NotFound, Rejected
from sync_core.management.references import cursor_after
from sync_core.management.versions import Outdated, version_of
from tests.management.hands import Hands, die_anywhere, hands, meanwhile
from tests.runs.picture import check_sound

type Act = Callable[[Hands], Awaitable[object]]


@pytest.fixture
async def here() -> Hands:
    return await hands()


async def group(here: Hands, name: str = "Friends") -> Group:
    return (await here.groups.create(GroupEdit(name=name), by="test"))[0]


async def synced(here: Hands) -> tuple[str, User, Group]:
    """The directory key of a sync that has run, a user and the group that it keeps."""
    here.world.source.hire("ann@corp.example", "staff")
    key = await here.world.connect("staff")
    await here.world.sync(key)
    ((kept, _),) = await here.world.context.groups.all()
    return key, await here.world.user("ann@corp.example"), kept


async def members(here: Hands, group: Group) -> list[str]:
    return [user.username for user in (await here.memberships.page(group.group_id, limit=100, cursor=""))[0]]


async def test_a_group_is_made_changed_and_deleted_and_its_members_stay(here: Hands) -> None:
    made, etag = await here.groups.create(GroupEdit(name=" Friends ", description="of ours", status=GroupStatus.BYPASS), by="test")
    assert (made.name, made.description, made.status, made.sync) == ("Friends", "of ours", GroupStatus.BYPASS, "")
    ann = await here.create("ann")
    await here.memberships.add(made.group_id, ann.user_id, by="test")

    changed, after = await here.groups.update(made.group_id, GroupEdit(name="Family", status=GroupStatus.DISABLED), by="test")
    assert (changed.name, changed.description, changed.status) == ("Family", "of ours", GroupStatus.DISABLED)
    with pytest.raises(Outdated):
        await here.groups.update(made.group_id, GroupEdit(name="x"), [version_of(etag)], by="test")
    with pytest.raises(Outdated):
        await here.groups.delete(made.group_id, [version_of(etag)], by="test")

    await here.groups.delete(made.group_id, [version_of(after)], by="test")
    assert await here.find(ann.user_id) == ann
    await check_sound(here.world)
    with pytest.raises(NotFound):
        await here.groups.delete(made.group_id, by="test")


async def test_groups_of_one_name_are_separate_groups(here: Hands) -> None:  # B-172
    _, _, kept = await synced(here)
    one, other = await group(here, "Staff"), await group(here, "Staff")

    assert len({kept.group_id, one.group_id, other.group_id}) == 3
    assert kept.name == one.name == other.name


@pytest.mark.parametrize("edit", [GroupEdit(name=" "), GroupEdit(name="n" * 257), GroupEdit(name="two\nlines")])
async def test_a_name_that_cannot_be_is_refused(here: Hands, edit: GroupEdit) -> None:
    made = await group(here)
    for attempt in (here.groups.create(edit, by="test"), here.groups.update(made.group_id, edit, by="test")):
        with pytest.raises(Rejected) as refusal:
            await attempt
        assert refusal.value.field == "name"


async def test_of_a_synced_group_only_the_status_changes_and_the_next_run_leaves_it(here: Hands) -> None:  # B-170, B-175
    key, _, kept = await synced(here)

    await here.groups.update(kept.group_id, GroupEdit(status=GroupStatus.DISABLED), by="test")
    for attempt in (here.groups.update(kept.group_id, GroupEdit(name="x"), by="test"), here.groups.delete(kept.group_id, by="test")):
        with pytest.raises(Rejected, match="Acme"):
            await attempt
    here.world.source.group_names["staff"] = "All Staff"
    await here.world.sync(key)

    after, _ = await here.groups.get(kept.group_id)
    assert (after.status, after.name) == (GroupStatus.DISABLED, "All Staff")


async def test_members_of_a_synced_group_and_groups_of_a_synced_user_are_locked(here: Hands) -> None:  # B-170, B-173
    _, ann, kept = await synced(here)
    alone, bea = await group(here), await here.create("bea")

    for group_id, user in ((kept.group_id, ann), (kept.group_id, bea), (alone.group_id, ann)):
        for attempt in (
            here.memberships.add(group_id, user.user_id, by="test"),
            here.memberships.remove(group_id, user.user_id, by="test"),
        ):
            with pytest.raises(Rejected, match="Acme"):
                await attempt
    assert (await members(here, kept), await members(here, alone)) == (["ann@corp.example"], [])
    await check_sound(here.world)


async def test_members_come_and_go_and_doing_it_twice_changes_nothing(here: Hands) -> None:
    made, other, ann = await group(here), await group(here, "Other"), await here.create("ann")
    for _ in range(2):
        await here.memberships.add(made.group_id, ann.user_id, by="test")
    await here.memberships.add(other.group_id, ann.user_id, by="test")
    assert await members(here, made) == ["ann"]
    await check_sound(here.world)
    for _ in range(2):
        await here.memberships.remove(made.group_id, ann.user_id, by="test")
    assert (await members(here, made), await members(here, other)) == ([], ["ann"])
    await check_sound(here.world)
    await here.users.delete(ann.user_id, by="test")
    assert await members(here, other) == []
    await check_sound(here.world)


async def test_a_group_that_a_deleted_sync_kept_is_edited_and_loses_its_former_name_when_it_is_renamed(here: Hands) -> None:  # B-143, B-174
    key, ann, kept = await synced(here)
    await here.delete_sync(key)

    disabled, _ = await here.groups.update(kept.group_id, GroupEdit(status=GroupStatus.DISABLED), by="test")
    assert (disabled.former_sync_name, disabled.sync, disabled.object_id) == ("Acme", "", "")
    renamed, _ = await here.groups.update(kept.group_id, GroupEdit(name="Staff"), by="test")
    assert (renamed.name, renamed.former_sync_name) == ("Staff", "")
    await here.memberships.remove(kept.group_id, ann.user_id, by="test")
    await here.memberships.add(kept.group_id, ann.user_id, by="test")
    await here.groups.delete(kept.group_id, by="test")
    assert (await here.find(ann.user_id)).groups == ()  # pyright: ignore[reportOptionalMemberAccess], it is there


async def test_a_retired_group_is_deleted_with_the_memberships_of_users_in_trash(here: Hands) -> None:  # B-174, D-20
    key, ann, kept = await synced(here)
    here.world.source.hire("bea@corp.example", "sales")
    await here.world.select(key, "sales")
    await here.world.sync(key)
    assert (await here.world.user("ann@corp.example")).status is Status.PENDING_DELETION
    assert await members(here, kept) == ["ann@corp.example"]
    with pytest.raises(Rejected, match="Trash"):
        await here.memberships.remove(kept.group_id, ann.user_id, by="test")

    await here.groups.delete(kept.group_id, by="test")

    assert (await here.world.user("ann@corp.example")).groups == ()
    await check_sound(here.world)


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
async def test_pages_of_members_join_to_all_of_them_in_order_whatever_rows_say(here: Hands, limit: int) -> None:
    made = await group(here)
    users = [await here.create(f"user{number}") for number in range(7)]
    for user in users:
        await here.memberships.add(made.group_id, user.user_id, by="test")
    await here.world.context.members.edit({made.group_id: here.stale_rows(ids.new_user_id(), (await here.create("out")).user_id)})
    read: list[str] = []
    cursor = ""
    while True:
        page, cursor = await here.memberships.page(made.group_id, limit=limit, cursor=cursor)
        assert len(page) <= limit
        read += [user.user_id for user in page]
        if not cursor:
            break
    assert read == sorted(user.user_id for user in users)


async def test_what_is_not_there_is_not_found(here: Hands) -> None:
    made, ann = await group(here), await here.create("ann")
    absent_group, absent_user = ids.new_group_id(), ids.new_user_id()
    for attempt in (
        here.memberships.add(absent_group, ann.user_id, by="test"),
        here.memberships.add(made.group_id, absent_user, by="test"),
        here.memberships.remove("DG/x", ann.user_id, by="test"),
        here.memberships.remove(made.group_id, "~meta", by="test"),
        here.memberships.page(absent_group, limit=1, cursor=""),
        here.groups.get("x"),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(Rejected):
        await here.memberships.page(made.group_id, limit=1, cursor=cursor_after(ann.user_id, "users"))


# At once, and cut

FRIENDS, ANN = "Friends", "ann"


async def friends() -> Hands:
    """A group, ann outside it and bea in it."""
    here = await hands()
    made = await group(here)
    here.made[FRIENDS] = made.group_id
    await here.create(ANN)
    await here.memberships.add(made.group_id, (await here.create("bea")).user_id, by="test")
    return here


async def add(here: Hands) -> object:
    return await here.memberships.add(here.made[FRIENDS], here.made[ANN], by="test")


async def remove(here: Hands) -> object:
    return await here.memberships.remove(here.made[FRIENDS], here.made[ANN], by="test")


async def remove_bea(here: Hands) -> object:
    return await here.memberships.remove(here.made[FRIENDS], here.made["bea"], by="test")


async def delete_group(here: Hands) -> object:
    return await here.groups.delete(here.made[FRIENDS], by="test")


async def delete_ann(here: Hands) -> object:
    return await here.users.delete(here.made[ANN], by="test")


@pytest.mark.parametrize(
    ("act", "other"),
    [
        (add, add),
        (add, remove),
        (remove, add),
        (add, delete_group),
        (delete_group, add),
        (add, delete_ann),
        (delete_ann, add),
        (remove_bea, delete_group),
        (delete_group, delete_group),
    ],
)
async def test_memberships_edited_at_once_end_with_rows_that_say_what_records_say(act: Act, other: Act) -> None:
    for here, mine, theirs in await meanwhile(await friends(), act, other):
        for result in (mine, theirs):
            assert result is None or isinstance(result, NotFound), (mine, theirs)
        await check_sound(here.world)
        groups = {group.group_id for group, _ in await here.world.context.groups.all()}
        assert all(set(user.groups) <= groups for user in await here.world.users())


@pytest.mark.parametrize("act", [add, remove_bea, delete_group, delete_ann])
async def test_whoever_dies_over_a_membership_leaves_it_to_be_done_again(act: Act) -> None:
    for here in await die_anywhere(await friends(), act):
        groups = {group.group_id for group, _ in await here.world.context.groups.all()}
        assert all(set(user.groups) <= groups for user in await here.world.users())
        try:
            await act(here)
        except NotFound:
            assert act in (delete_group, delete_ann)
        left = {"bea"} if act in (add, delete_ann) else set[str]()
        for kept in groups & {here.made[FRIENDS]} if act is not delete_group else ():
            page, _ = await here.memberships.page(kept, limit=10, cursor="")
            assert {user.username for user in page} == left | ({ANN} if act is add else set[str]())


async def test_a_group_is_deleted_whole_although_somebody_died_adding_to_it() -> None:
    for here in await die_anywhere(await friends(), add):
        await delete_group(here)
        assert {user.groups for user in await here.world.users()} == {()}
        await check_sound(here.world)


async def test_a_member_by_hand_that_a_sync_takes_over_leaves_the_group(here: Hands) -> None:  # B-173, D-05
    made, ann = await group(here), await here.create("ann@corp.example")
    await here.memberships.add(made.group_id, ann.user_id, by="test")

    _, taken, kept = await synced_in(here, made)

    assert (taken.user_id, taken.groups) == (ann.user_id, (kept.group_id,))
    assert await members(here, made) == []
    await check_sound(here.world)


async def synced_in(here: Hands, made: Group) -> tuple[str, User, Group]:
    here.world.source.hire("ann@corp.example", "staff")
    key = await here.world.connect("staff")
    await here.world.sync(key)
    (kept,) = [group for group, _ in await here.world.context.groups.all() if group.group_id != made.group_id]
    return key, await here.world.user("ann@corp.example"), kept


async def test_a_membership_added_anywhere_in_a_run_that_takes_the_user_over_ends(here: Hands) -> None:  # B-173, D-16
    made, _ = await group(here), await here.create("ann@corp.example")
    here.made[FRIENDS], here.made[ANN] = made.group_id, here.made["ann@corp.example"]

    async def run(here: Hands) -> object:
        return await synced_in(here, made)

    for world, _, result in await meanwhile(here, run, add):
        assert result is None or isinstance(result, Rejected), result
        assert await members(world, made) == []
        await check_sound(world.world)
