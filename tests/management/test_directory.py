"""Users and groups, read a page at a time in the order of their ids."""

import random

import pytest

from sync_core import ids
from sync_core.directory.attributes import Mapping
from sync_core.directory.groups import Group
from sync_core.directory.users import User
from sync_core.errors import NotFound, Rejected
from sync_core.management.directory import GROUPS, USERS
from sync_core.management.references import cursor_after
from sync_core.management.syncs import NewSync
from sync_core.storage.groups import GroupRows
from sync_core.storage.users import Edit, UserRows
from tests.management.deployment import Deployment


async def with_users(deployment: Deployment, count: int) -> list[str]:
    bits = random.Random(7).getrandbits
    made = sorted(ids.new_user_id(bits) for _ in range(count))
    users = [User(user_id=user_id, username=f"{user_id}@corp.example") for user_id in made]
    await UserRows(deployment.tables).amend([Edit(None, user) for user in users])
    return made


@pytest.mark.parametrize("limit", [1, 7, 40, 300])
async def test_pages_of_users_join_to_all_of_them_in_order(deployment: Deployment, limit: int) -> None:
    made = await with_users(deployment, 40)
    read: list[str] = []
    cursor = ""
    while True:
        users, cursor = await deployment.services.directory.users(limit=limit, cursor=cursor)
        assert len(users) <= limit
        read += [user.user_id for user in users]
        if not cursor:
            break
    assert read == made


async def test_a_cursor_continues_after_its_user_even_when_that_is_gone(deployment: Deployment) -> None:
    made = await with_users(deployment, 10)
    between = made[4][:-1] + "Z"
    users, _ = await deployment.services.directory.users(limit=300, cursor=cursor_after(between, USERS))
    assert [user.user_id for user in users] == [user_id for user_id in made if user_id > between]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "_",
        "!!!!",
        cursor_after("DG2A3B4C5D6E7F2G3H4I", GROUPS),
        cursor_after("DU2A3B4C5D6E7F2G3H4I", GROUPS),
        cursor_after("DU~", USERS),
        cursor_after("DU/2A3B4C5D6E7F2G3H4", USERS),
    ],
)
async def test_a_cursor_that_no_list_gave_is_refused(deployment: Deployment, cursor: str) -> None:
    with pytest.raises(Rejected) as refused:
        await deployment.services.directory.users(limit=10, cursor=cursor)
    assert refused.value.field == "cursor"


@pytest.mark.parametrize("reference", ["", "DU", "~meta", "DU~", "DG2A3B4C5D6E7F2G3H4I", "DU2A3B4C5D6E7F2G3H4I"])
async def test_what_names_no_user_is_not_found(deployment: Deployment, reference: str) -> None:
    await with_users(deployment, 3)
    with pytest.raises(NotFound):
        await deployment.services.directory.user(reference)


async def test_a_group_is_shown_with_the_present_name_of_its_sync(deployment: Deployment) -> None:  # D-20
    deployment.source.add_groups(1)
    connection = await deployment.connected()
    sync = await deployment.services.syncs.create(
        NewSync(connection.connection_id, tuple(deployment.source.groups), Mapping(), "Head office"), by="test"
    )
    chosen = sync.groups[0]
    await GroupRows(deployment.tables).insert(Group(group_id=chosen.group_id, name="Staff", sync=sync.directory_key))
    group, name = await deployment.services.directory.group(chosen.group_id)
    assert (group.name, name) == ("Staff", 'Staff (from Microsoft Entra ID sync "Head office")')


async def test_pages_of_groups_join_to_all_of_them_in_order(deployment: Deployment) -> None:
    rows = GroupRows(deployment.tables)
    made = sorted(ids.new_group_id() for _ in range(7))
    for group_id in made:
        await rows.insert(Group(group_id=group_id, name="Hand-made"))
    first, cursor = await deployment.services.directory.groups(limit=4, cursor="")
    second, end = await deployment.services.directory.groups(limit=4, cursor=cursor)
    assert [group.group_id for group, _ in first + second] == made
    assert end == ""
    assert first[0][1] == "Hand-made"
