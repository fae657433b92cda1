"""Groups in both versions, with their users; a user's groups (B-170..B-175, D-20)."""

import warnings
from typing import Any

import pytest

from tests.admin_api.caller import AdminCaller

FIELDS = {
    "group_id", "name", "desc", "status", "directory_key", "push_enabled", "sms_enabled", "voice_enabled", "mobile_otp_enabled",
    "u2f_enabled",
}  # fmt: skip


async def test_a_group_is_made_changed_and_deleted(admin: AdminCaller) -> None:
    made = await admin("create_group", "Contractors", desc="until June", status="bypass", push_enabled=True)
    assert made.keys() == FIELDS
    assert (made["name"], made["desc"], made["status"], made["directory_key"]) == ("Contractors", "until June", "Bypass", None)
    assert await admin("get_groups") == [made]
    assert await admin("get_groups", limit=1) == [made]
    assert await admin("get_groups_generator") == [made]
    assert await admin("get_groups_by_group_ids", [made["group_id"], "DG2A3B4C5D6E7F2G3H4I"]) == [made]
    assert await admin("get_group", made["group_id"], api_version=2) == made
    changed = await admin("modify_group", made["group_id"], name="Guests", status="Disabled")
    assert changed == made | {"name": "Guests", "status": "Disabled"}
    assert await admin("get_group", made["group_id"], api_version=2) == changed
    assert await admin("delete_group", made["group_id"]) == ""
    assert await admin("delete_group", made["group_id"]) == ""
    assert (await admin.refused("get_group", made["group_id"], api_version=2))[:2] == (404, 40401)


async def test_users_enter_and_leave_a_group(admin: AdminCaller) -> None:
    group = await admin("create_group", "Contractors")
    users = sorted([await admin("add_user", name) for name in ("ann", "bea", "cleo")], key=lambda user: user["user_id"])
    for user in users:
        assert await admin("add_user_group", user["user_id"], group["group_id"]) == ""
    listed = [{"user_id": user["user_id"], "username": user["username"]} for user in users]
    assert await admin("get_group_users", group["group_id"]) == listed
    assert await admin("get_group_users", group["group_id"], limit=2, offset=1) == listed[1:]
    assert await admin("get_group_users_iterator", group["group_id"]) == listed
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        assert await admin("get_group", group["group_id"]) == group | {"users": listed}
    first = users[0]["user_id"]
    assert await admin("get_user_groups", first) == [group]
    assert await admin("get_user_groups_iterator", first) == [group]
    assert (await admin("get_user_by_id", first))["groups"] == [group]
    assert await admin("delete_user_group", first, group["group_id"]) == ""
    assert await admin("get_user_groups", first) == []
    assert await admin("get_group_users", group["group_id"]) == listed[1:]


@pytest.mark.parametrize(
    ("fields", "code", "detail"),
    [
        ({}, 40001, "name: "),
        ({"name": "One", "status": "sleepy"}, 40002, "status: "),
        ({"name": "One", "push_enabled": "0"}, 40002, "push_enabled: "),
        ({"name": "n" * 300}, 40002, "name: "),
    ],
)
async def test_a_group_that_cannot_be_is_refused_by_name(admin: AdminCaller, fields: dict[str, Any], code: int, detail: str) -> None:
    status, found, said = await admin.refused("json_api_call", "POST", "/admin/v1/groups", fields)
    assert (status, found) == (400, code)
    assert said.startswith(detail)
    assert await admin("get_groups") == []


async def test_nobody_enters_a_group_that_is_not_there(admin: AdminCaller) -> None:
    user = await admin("add_user", "ann")
    assert (await admin.refused("add_user_group", user["user_id"], "DG2A3B4C5D6E7F2G3H4I"))[:2] == (404, 40401)
    path = f"/admin/v1/users/{user['user_id']}/groups"
    assert (await admin.refused("json_api_call", "POST", path, {}))[:2] == (400, 40001)
    assert await admin("get_user_groups", user["user_id"]) == []
