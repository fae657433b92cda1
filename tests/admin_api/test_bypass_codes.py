"""Bypass codes: shown once, kept as digests in the user's record, at most 100 a user and 10 a call (E-18)."""

from datetime import timedelta
from typing import Any

import pytest

from sync_core.storage import lookups, users
from tests.admin_api.caller import AdminCaller

FIELDS = {"bypass_code_id", "admin_email", "created", "expiration", "reuse_count", "user"}


@pytest.fixture
async def ann(admin: AdminCaller) -> dict[str, Any]:
    return await admin("add_user", "ann")


async def test_ten_codes_are_made_and_shown_this_once(admin: AdminCaller, ann: dict[str, Any]) -> None:
    codes = await admin("add_user_bypass_codes", ann["user_id"])
    assert len(set(codes)) == 10
    assert all(len(code) == 9 and code.isdecimal() for code in codes)
    listed = await admin("get_user_bypass_codes", ann["user_id"])
    assert len(listed) == 10
    assert all(code.keys() == FIELDS for code in listed)
    assert listed[0] | {"bypass_code_id": "", "admin_email": ""} == {
        "bypass_code_id": "",
        "admin_email": "",
        "created": 1795438800,
        "expiration": None,
        "reuse_count": 1,
        "user": {"user_id": ann["user_id"], "username": "ann"},
    }
    stored = str(admin.api.deployment.tables.rows(users.TABLE))
    assert not any(code in stored or code in str(listed) for code in codes)


async def test_new_codes_take_the_place_of_the_old_unless_these_are_kept(admin: AdminCaller, ann: dict[str, Any]) -> None:
    user_id = ann["user_id"]
    assert await admin("add_user_bypass_codes", user_id, codes=[123456789, 987654321], remaining_uses=0) == ["123456789", "987654321"]
    assert [code["reuse_count"] for code in await admin("get_user_bypass_codes", user_id)] == [None, None]
    await admin("add_user_bypass_codes", user_id, count=3, preserve_existing=True)
    assert len(await admin("get_user_bypass_codes", user_id)) == 5
    await admin("add_user_bypass_codes", user_id, count=2)
    assert len(await admin("get_user_bypass_codes", user_id)) == 2
    assert len(await admin("get_bypass_codes")) == 2
    assert len(admin.api.deployment.tables.rows(lookups.BYPASS_CODES)) == 2


async def test_a_user_has_a_hundred_codes_at_most(admin: AdminCaller, ann: dict[str, Any]) -> None:
    for _ in range(10):
        await admin("add_user_bypass_codes", ann["user_id"], preserve_existing=True)
    status, code, said = await admin.refused("add_user_bypass_codes", ann["user_id"], count=1, preserve_existing=True)
    assert (status, code) == (400, 40002)
    assert "at most 100" in said
    assert len(await admin("get_bypass_codes")) == 100


async def test_codes_expire(admin: AdminCaller, ann: dict[str, Any]) -> None:
    await admin("add_user_bypass_codes", ann["user_id"], count=2, valid_secs=60)
    (code, _) = await admin("get_user_bypass_codes", ann["user_id"])
    assert code["expiration"] == code["created"] + 60
    admin.api.deployment.clock.at += timedelta(seconds=60)
    assert await admin("get_user_bypass_codes", ann["user_id"]) == []
    assert await admin("get_bypass_codes") == []


async def test_a_code_is_found_and_deleted_by_its_id(admin: AdminCaller, ann: dict[str, Any]) -> None:
    await admin("add_user_bypass_codes", ann["user_id"], count=2)
    first, second = await admin("get_bypass_codes")
    path = f"/admin/v1/bypass_codes/{first['bypass_code_id']}"
    assert await admin.send("GET", path) == first
    assert await admin("delete_bypass_code_by_id", first["bypass_code_id"]) == ""
    assert await admin("delete_bypass_code_by_id", first["bypass_code_id"]) == ""
    assert (await admin.refused("json_api_call", "GET", path, {}))[:2] == (404, 40401)
    assert await admin("get_user_bypass_codes", ann["user_id"]) == [second]
    assert await admin("get_bypass_codes", limit=5) == [second]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"count": 11}, "count"),
        ({"count": 0}, "count"),
        ({"codes": "12345"}, "codes"),
        ({"codes": "123456,123456"}, "codes"),
        ({"codes": "123456", "count": "2"}, "count"),
        ({"codes": ",".join(str(10**8 + n) for n in range(11))}, "codes"),
        ({"valid_secs": "-1"}, "valid_secs"),
        ({"reuse_count": "often"}, "reuse_count"),
        ({"preserve_existing": "perhaps"}, "preserve_existing"),
    ],
)
async def test_codes_that_cannot_be_are_refused_by_name(
    admin: AdminCaller, ann: dict[str, Any], fields: dict[str, Any], field: str
) -> None:
    path = f"/admin/v1/users/{ann['user_id']}/bypass_codes"
    status, code, said = await admin.refused("json_api_call", "POST", path, fields)
    assert (status, code) == (400, 40002)
    assert said.startswith(f"{field}: ")
    assert await admin("get_user_bypass_codes", ann["user_id"]) == []


async def test_nobody_in_trash_gets_codes(admin: AdminCaller, ann: dict[str, Any]) -> None:  # D-24
    await admin.send("POST", "/admin/v1/users/bulk_send_to_trash", user_id_list=[ann["user_id"]])
    status, code, said = await admin.refused("add_user_bypass_codes", ann["user_id"])
    assert (status, code) == (400, 40002)
    assert "in Trash and read-only" in said


async def test_codes_go_with_their_user(admin: AdminCaller, ann: dict[str, Any]) -> None:
    await admin("add_user_bypass_codes", ann["user_id"])
    await admin("delete_user", ann["user_id"])
    assert await admin("get_bypass_codes") == []
    assert admin.api.deployment.tables.rows(lookups.BYPASS_CODES) == []
