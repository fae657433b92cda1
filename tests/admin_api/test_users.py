"""Users through the official client: read, made, changed, deleted (admin-api.md §4, §5)."""

import json
from typing import Any

import pytest

from tests.admin_api.caller import AdminCaller

FIELDS = {
    "user_id", "username", "alias1", "alias2", "alias3", "alias4", "aliases", "realname", "firstname", "lastname", "email", "status",
    "notes", "is_enrolled", "enable_auto_prompt", "created", "last_login", "last_directory_sync", "directory_key", "external_id",
    "lockout_reason", "groups", "phones", "tokens", "u2ftokens", "webauthncredentials", "desktop_tokens", "desktoptokens",
    "custom_attributes",
}  # fmt: skip


async def test_a_user_is_made_with_every_field_and_read_back_the_same_by_every_way(admin: AdminCaller) -> None:  # E-17
    made = await admin(
        "add_user",
        "ann@corp.example",
        realname="Ann Lind",
        firstname="Ann",
        lastname="Lind",
        email="ann@mail.example",
        status="bypass",
        notes="third floor",
        alias1="ann",
        aliases={"alias5": "a.lind"},
    )
    assert made.keys() == FIELDS
    expected: dict[str, Any] = {
        "username": "ann@corp.example",
        "realname": "Ann Lind",
        "firstname": "Ann",
        "lastname": "Lind",
        "email": "ann@mail.example",
        "status": "bypass",
        "notes": "third floor",
        "alias1": "ann",
        "alias2": None,
        "aliases": {"alias1": "ann", "alias5": "a.lind"},
        "created": 1795438800,
        "groups": [],
        "phones": [],
        "is_enrolled": False,
        "external_id": None,
        "directory_key": None,
        "lockout_reason": None,
        "last_directory_sync": None,
    }
    assert {field: made[field] for field in expected} == expected
    user_id = made["user_id"]
    assert await admin("get_user_by_id", user_id) == made
    assert await admin("get_users_by_name", "ANN@corp.example") == [made]
    assert await admin("get_users_by_name", "a.lind") == [made]
    assert await admin("get_users_by_names", ["nobody", "ann", "a.lind"]) == [made]
    assert await admin("get_users_by_ids", [user_id, "DU2A3B4C5D6E7F2G3H4I", "no id"]) == [made]
    assert await admin("get_users") == [made]
    assert await admin("get_users_iterator") == [made]
    assert await admin("get_users_by_name", "nobody") == []


async def test_what_is_not_given_stays_and_what_is_given_empty_goes(admin: AdminCaller) -> None:  # E-17
    made = await admin("add_user", "ann", realname="Ann", alias1="a1", alias2="a2", notes="here")
    changed = await admin("update_user", made["user_id"], realname="Ann Lind", alias1="", aliases={"alias8": "a8"})
    assert changed == made | {
        "realname": "Ann Lind",
        "alias1": None,
        "aliases": {"alias2": "a2", "alias8": "a8"},
    }


async def test_custom_attributes_are_kept_changed_and_told_in_the_log(admin: AdminCaller) -> None:  # B-181
    made = await admin("add_user", "ann", firstname="Ann", custom_attribute_map={"floor": "3", "badge_no": "ö 7"})
    assert made["custom_attributes"] == {"badge_no": "ö 7", "floor": "3"}
    path = f"/admin/v1/users/{made['user_id']}"
    changed = await admin.send("POST", path, firstname="Anna", **{"custom_attributes.floor": "4", "custom_attributes.badge_no": ""})
    assert changed == made | {"firstname": "Anna", "custom_attributes": {"floor": "4"}}
    assert await admin("get_user_by_id", made["user_id"]) == changed
    told = [json.loads(row["description"]) for row in await admin("get_administrator_log") if row["action"] == "user_update"]
    assert told == [{"firstname": "Anna", "custom_attributes.floor": "4", "custom_attributes.badge_no": ""}]
    await admin.send("POST", path, custom_attributes={"seat": "12"})
    assert (await admin("get_user_by_id", made["user_id"]))["custom_attributes"] == {"floor": "4", "seat": "12"}


@pytest.mark.parametrize("version", [2, 4, 5])
async def test_every_version_of_the_signature_says_the_same(admin: AdminCaller, version: int) -> None:
    admin.client.sig_version = version
    aliases: Any = {"alias1": "a1", "alias2": "ö & co"} if version > 2 else "alias1=a1&alias2=%C3%B6%20%26%20co"
    made = await admin("add_user", "ann lind+1@corp.example", realname="Änn / L%", aliases=aliases)
    assert (made["username"], made["realname"], made["alias2"]) == ("ann lind+1@corp.example", "Änn / L%", "ö & co")
    assert await admin("get_users_by_name", "ann lind+1@corp.example") == [made]
    assert await admin("get_users") == [made]
    assert (await admin("update_user", made["user_id"], notes="a=b&c"))["notes"] == "a=b&c"
    assert await admin("delete_user", made["user_id"]) == ""
    assert await admin("get_users") == []


async def test_who_is_deleted_is_gone_at_once_and_who_was_is_no_fault(admin: AdminCaller) -> None:  # E-11
    made = await admin("add_user", "ann")
    assert await admin("delete_user", made["user_id"]) == ""
    assert await admin("delete_user", made["user_id"]) == ""
    assert await admin.refused("get_user_by_id", made["user_id"]) == (404, 40401, f"there is no user '{made['user_id']}'")
    assert await admin("get_users") == []


@pytest.mark.parametrize(
    ("fields", "code", "detail"),
    [
        ({}, 40001, "username: "),
        ({"username": ""}, 40001, "username: "),
        ({"username": "one", "status": "locked out"}, 40002, "status: "),
        ({"username": "one", "alias9": "x", "aliases": {"alias9": "x"}}, 40002, "aliases: "),
        ({"username": ["one"], "aliases": "alias1"}, 40002, "aliases: "),
        ({"username": {"a": 1}}, 40002, "username: "),
        ({"username": "n" * 300}, 40002, "username: "),
        ({"username": "taken"}, 40003, "username: "),
        ({"username": "one", "alias2": "TAKEN"}, 40003, "alias2: "),
        ({"username": "one", "custom_attributes.the floor": "3"}, 40002, "custom_attributes: "),
        ({"username": "one", "custom_attributes.": "3"}, 40002, "custom_attributes: "),
        ({"username": "one", "custom_attributes": "floor"}, 40002, "custom_attributes: "),
        ({"username": "one", "custom_attributes.floor": "3" * 257}, 40002, "custom_attributes.floor: "),
        ({"username": "one", "custom_attributes.floor": ["3", {"a": 1}]}, 40002, "custom_attributes.floor: "),
        ({"username": "one", "custom_attributes": {f"n{n}": "x" for n in range(51)}}, 40002, "custom_attributes: "),
    ],
)
async def test_what_cannot_be_is_refused_by_name_and_changes_nothing(
    admin: AdminCaller, fields: dict[str, Any], code: int, detail: str
) -> None:
    await admin("add_user", "taken")
    before = await admin("get_users")
    status, found, said = await admin.refused("json_api_call", "POST", "/admin/v1/users", fields)
    assert (status, found) == (400, code)
    assert said.startswith(detail)
    assert await admin("get_users") == before


async def test_many_are_made_at_once_or_none(admin: AdminCaller) -> None:  # E-10
    users = '[{"username": "ann", "realname": "Ann"}, {"username": "bea", "alias1": "b"}]'
    made = await admin.send("POST", "/admin/v1/users/bulk_create", users=users)
    assert [user["username"] for user in made] == ["ann", "bea"]
    before = await admin("get_users")
    for wrong in (
        '[{"username": "new"}, {"username": "ann"}]',
        '[{"username": "new"}, {"username": "NEW"}]',
        '[{"username": "new"}, {}]',
        "{}",
    ):
        status, code, _ = await admin.refused("json_api_call", "POST", "/admin/v1/users/bulk_create", {"users": wrong})
        assert (status, code // 100) == (400, 400)
        assert await admin("get_users") == before


async def test_a_user_by_hand_goes_to_trash_is_read_only_there_and_comes_back(admin: AdminCaller) -> None:  # E-10, D-24, D-17
    made = await admin("add_user", "ann", alias1="a1")
    user_id, ids = made["user_id"], f'["{made["user_id"]}"]'
    (sent,) = await admin.send("POST", "/admin/v1/users/bulk_send_to_trash", user_id_list=ids)
    assert sent == made | {"status": "pending deletion"}
    assert await admin.send("POST", "/admin/v1/users/bulk_send_to_trash", user_id_list=ids) == [sent]
    status, code, said = await admin.refused("update_user", user_id, realname="Other")
    assert (status, code) == (400, 40002)
    assert "is in Trash and read-only" in said
    assert (await admin("get_users")) == [sent]
    assert await admin.send("POST", "/admin/v1/users/bulk_restore", user_id_list=ids) == [made]
    assert (await admin.refused("json_api_call", "POST", "/admin/v1/users/bulk_restore", {"user_id_list": ids}))[:2] == (400, 40002)
