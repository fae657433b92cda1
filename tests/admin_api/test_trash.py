"""Who is brought back from Trash by hand, and who is not (B-165, D-17, D-27)."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.attributes import Mapping
from sync_core.directory.syncs import SelectedGroup, Sync
from sync_core.directory.users import Hold, Status, User
from sync_core.storage.syncs import SyncRows
from sync_core.storage.trash import TrashRows
from sync_core.storage.users import Edit, UserRows
from tests.admin_api.caller import AdminCaller
from tests.management.deployment import NOW

RESTORE, SEND = "/admin/v1/users/bulk_restore", "/admin/v1/users/bulk_send_to_trash"


async def keep(admin: AdminCaller, user: User) -> User:
    assert await UserRows(admin.api.deployment.tables).amend([Edit(None, user)]) == []
    return user


async def kept_sync(admin: AdminCaller) -> Sync:
    group = SelectedGroup(object_id="3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a", group_id=ids.new_group_id(), name="Staff")
    sync = Sync(
        directory_key=ids.new_directory_key(),
        name="Head office",
        connection_id=ids.new_connection_id(),
        tenant_id="8c0f3a7e-52d1-4b0e-9f0a-6a1d2c3b4e5f",
        groups=(group,),
        mapping=Mapping(),
        created_at=NOW,
    )
    await SyncRows(admin.api.deployment.tables).insert(sync)
    return sync


def trashed(**fields: Any) -> User:
    values: dict[str, Any] = {"username": "ann", "status": Status.PENDING_DELETION, "trashed_at": NOW} | fields
    return User(user_id=ids.new_user_id(), **values)


async def test_whom_a_sync_left_in_trash_only_that_sync_brings_back(admin: AdminCaller) -> None:  # B-165
    sync = await kept_sync(admin)
    user = await keep(admin, trashed(known_as={sync.directory_key: "one"}))
    status, code, said = await admin.refused("json_api_call", "POST", RESTORE, {"user_id_list": [user.user_id]})
    assert (status, code) == (400, 40002)
    assert 'was managed by the sync "Head office"' in said
    assert (await admin("get_user_by_id", user.user_id))["status"] == "pending deletion"


async def test_once_its_sync_is_deleted_a_user_is_brought_back_by_hand(admin: AdminCaller) -> None:  # D-17
    sync = await kept_sync(admin)
    user = await keep(admin, trashed(known_as={sync.directory_key: "one"}))
    rows = SyncRows(admin.api.deployment.tables)
    stored = await rows.read(sync.directory_key)
    assert stored is not None
    await rows.delete(replace(sync, deleted_at=NOW), stored.etag)
    (back,) = await admin.send("POST", RESTORE, user_id_list=[user.user_id])
    assert (back["user_id"], back["status"]) == (user.user_id, "active")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"username": "", "former_username": "ann"}, "another user by now"), ({"status": Status.PURGING}, "being deleted for good")],
)
async def test_who_has_no_name_or_no_record_for_long_stays(admin: AdminCaller, fields: dict[str, Any], reason: str) -> None:  # D-07, D-27
    user = await keep(admin, replace(trashed(), **fields))
    status, code, said = await admin.refused("json_api_call", "POST", RESTORE, {"user_id_list": [user.user_id]})
    assert (status, code) == (400, 40002)
    assert reason in said
    assert (await admin("get_user_by_id", user.user_id))["status"] == "pending deletion"


async def test_one_that_cannot_come_back_keeps_all_from_it(admin: AdminCaller) -> None:
    user, other = await keep(admin, trashed()), await admin("add_user", "bea")
    assert (await admin.refused("json_api_call", "POST", RESTORE, {"user_id_list": [user.user_id, other["user_id"]]}))[:2] == (400, 40002)
    assert (await admin.refused("json_api_call", "POST", RESTORE, {"user_id_list": [user.user_id, "DU2A3B4C5D6E7F2G3H4I"]}))[:2] == (
        404,
        40401,
    )
    assert (await admin("get_user_by_id", user.user_id))["status"] == "pending deletion"


async def test_one_that_a_sync_manages_keeps_all_from_being_sent_there(admin: AdminCaller) -> None:  # B-158
    sync, other = await kept_sync(admin), await admin("add_user", "bea")
    hold = Hold(tenant_id=sync.tenant_id, object_id="one")
    held = await keep(admin, User(user_id=ids.new_user_id(), username="ann", held_by={sync.directory_key: hold}))
    assert (await admin.refused("json_api_call", "POST", SEND, {"user_id_list": [other["user_id"], held.user_id]}))[:2] == (400, 40002)
    assert (await admin("get_user_by_id", other["user_id"]))["status"] == "active"


async def test_whom_a_script_sends_to_trash_the_purge_finds(admin: AdminCaller) -> None:  # D-27, B-161
    user = await admin("add_user", "ann")
    await admin.send("POST", SEND, user_id_list=[user["user_id"]])
    due = NOW + timedelta(days=7)
    (pointer,) = await TrashRows(admin.api.deployment.tables).on(due.date())
    assert (pointer.user_id, pointer.due) == (user["user_id"], due)
