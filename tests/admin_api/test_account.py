"""What the account is, what happened in it, and what this product has not (admin-api.md §5)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sync_core.directory.integrations import Grant
from sync_core.directory.roles import Role
from tests.admin_api.caller import AdminCaller
from tests.admin_api.methods import SETTINGS_CHANGED, SETTINGS_FIXED, SETTINGS_IGNORED, settings
from tests.http.calls import Api
from tests.management.deployment import NOW


async def test_the_summary_counts_users_those_in_trash_and_keys(admin: AdminCaller) -> None:
    for name in ("ann", "bea", "cleo"):
        user = await admin("add_user", name)
    await admin.send("POST", "/admin/v1/users/bulk_send_to_trash", user_id_list=[user["user_id"]])
    assert await admin("get_info_summary") == {
        "admin_count": 0,
        "integration_count": 1,
        "telephony_credits_remaining": 0,
        "user_count": 3,
        "user_pending_deletion_count": 1,
    }


async def test_what_is_shown_of_settings_is_true_here(admin: AdminCaller) -> None:  # E-19, D-26, D-35, D-36
    assert await admin("get_settings") == {
        "pending_deletion_days": 7,
        "inactive_user_expiration": 0,
        "log_retention_days": 400,
        "timezone": "UTC",
        "user_telephony_cost_max": 0,
        "push_enabled": False,
        "sms_enabled": False,
        "voice_enabled": False,
        "mobile_otp_enabled": False,
        "u2f_enabled": False,
    }


async def test_days_in_trash_are_changed_for_whoever_goes_there_from_then_on(admin: AdminCaller) -> None:  # E-19, B-161
    first, second = await admin("add_user", "ann"), await admin("add_user", "bea")
    await admin.send("POST", "/admin/v1/users/bulk_send_to_trash", user_id_list=[first["user_id"]])
    assert (await admin("update_settings", pending_deletion_days=30))["pending_deletion_days"] == 30
    assert (await admin("get_settings"))["pending_deletion_days"] == 30
    await admin.send("POST", "/admin/v1/users/bulk_send_to_trash", user_id_list=[second["user_id"]])
    due = {one.user.user_id: one.deletion_due for one in (await admin.api.services.trash.page(limit=9, cursor=""))[0]}
    assert due == {first["user_id"]: NOW + timedelta(days=7), second["user_id"]: NOW + timedelta(days=30)}
    (told,) = [row for row in await admin("get_administrator_log") if row["action"] == "customer_update"]
    assert (told["username"], json.loads(told["description"])) == (
        f"A script ({admin.client.ikey})",
        {"trash_days": "30", "trash_days before": "7"},
    )


async def test_settings_that_were_read_may_be_said_again(admin: AdminCaller) -> None:
    shown = await admin("get_settings")
    assert await admin("update_settings", **shown) == shown
    assert await admin("update_settings", push_enabled=True, reactivation_url="https://corp.example", timezone="UTC") == shown
    assert [row for row in await admin("get_administrator_log") if row["action"] == "customer_update"] == []


@pytest.mark.parametrize("name", sorted(settings()))
async def test_each_setting_of_the_client_is_changed_fixed_ignored_or_refused_by_name(admin: AdminCaller, name: str) -> None:  # E-19
    before = await admin("get_settings")
    sent = admin.send("POST", "/admin/v1/settings", **{name: "42"})
    if name in SETTINGS_CHANGED:
        assert await sent == before | {name: 42}
    elif name in SETTINGS_IGNORED:
        assert await sent == before
    else:
        sent.close()
        status, code, said = await admin.refused("json_api_call", "POST", "/admin/v1/settings", {name: "42"})
        words = (
            f"it is {SETTINGS_FIXED[name]} here, and cannot be changed" if name in SETTINGS_FIXED else "this directory has no such setting"
        )
        assert (status, code) == (400, 40002)
        assert said.startswith(f"{name}: {words}")
        assert await admin("get_settings") == before


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ({"pending_deletion_days": "0"}, 40002, "pending_deletion_days: it is a whole number from 1 to 90, not '0'"),
        ({"pending_deletion_days": "91"}, 40002, "pending_deletion_days: it is a whole number from 1 to 90, not '91'"),
        ({"pending_deletion_days": "a week"}, 40002, "pending_deletion_days: it is a whole number from 1 to 90, not 'a week'"),
        ({"pending_deletion_days": ""}, 40001, "pending_deletion_days: it is missing"),
        ({}, 40001, "pending_deletion_days: it is missing"),
        ({"account_id": "DA1"}, 40001, "pending_deletion_days: it is missing"),
        (
            {"pending_deletion_days": "3", "lockout_threshold": "10"},
            40002,
            "lockout_threshold: this directory has no such setting: pending_deletion_days can be changed",
        ),
        (
            {"pending_deletion_days": "3", "colour": "red"},
            40002,
            "colour: this directory has no such setting: pending_deletion_days can be changed",
        ),
        ({"pending_deletion_days": "3", "timezone": "Europe/Oslo"}, 40002, "timezone: it is UTC here, and cannot be changed"),
        ({"log_retention_days": "30"}, 40002, "log_retention_days: it is 400 here, and cannot be changed"),
    ],
)
async def test_settings_that_cannot_be_are_refused_by_name_and_nothing_is_changed(
    admin: AdminCaller, given: dict[str, str], code: int, said: str
) -> None:  # E-19
    assert await admin.refused("json_api_call", "POST", "/admin/v1/settings", given) == (400, code, said)
    assert (await admin("get_settings"))["pending_deletion_days"] == 7


async def test_everything_that_was_changed_is_in_the_log_with_the_key_as_actor(admin: AdminCaller) -> None:  # B-181
    user = await admin("add_user", "ann", realname="Ann")
    await admin("update_user", user["user_id"], realname="Ann Lind")
    group = await admin("create_group", "Contractors")
    await admin("add_user_group", user["user_id"], group["group_id"])
    await admin("add_user_bypass_codes", user["user_id"], count=1)
    await admin.send("POST", "/admin/v1/users/bulk_send_to_trash", user_id_list=[user["user_id"]])
    await admin.send("POST", "/admin/v1/users/bulk_restore", user_id_list=[user["user_id"]])
    await admin("delete_group", group["group_id"])
    await admin("delete_user", user["user_id"])
    rows: list[dict[str, Any]] = await admin("get_administrator_log")
    by_action = {row["action"]: row for row in rows}
    wanted = {
        "user_create",
        "user_update",
        "group_create",
        "bypass_create",
        "user_pending_delete",
        "user_restore",
        "group_delete",
        "user_delete",
    }
    assert wanted <= by_action.keys()
    for action in wanted:
        row = by_action[action]
        assert row["username"] == f"A script ({admin.client.ikey})"
        assert row["timestamp"] == 1795438800
        assert row["isotimestamp"] == "2026-11-23T13:00:00+00:00"
        assert row["eventtype"] == "administrator"
    assert by_action["user_create"]["object"] == "ann"
    told = [json.loads(row["description"]) for row in rows if row["action"] == "user_update"]
    assert {"realname": "Ann Lind"} in told


async def test_the_log_is_polled_from_a_second_on(admin: AdminCaller) -> None:
    await admin("add_user", "ann")
    clock = admin.api.deployment.clock
    clock.at += timedelta(seconds=5)
    await admin("add_user", "bea")
    last = int(clock.now().timestamp())
    assert [row["object"] for row in await admin("get_administrator_log", last)] == ["bea"]
    assert await admin("get_administrator_log", last + 1) == []
    made = [row["object"] for row in await admin("get_administrator_log", 0) if row["action"] == "user_create"]
    assert made == ["ann", "bea"]


async def test_activity_is_read_on_by_its_cursor_in_both_orders(admin: AdminCaller) -> None:
    for number in range(5):
        await admin("add_user", f"user {number}")
        admin.api.deployment.clock.at += timedelta(seconds=1)
    window = {"mintime": 0, "maxtime": 2**41, "limit": 2}
    for order, names in (("ts:asc", [0, 1, 2, 3, 4]), ("ts:desc", [4, 3, 2, 1, 0])):
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await admin("get_activity_logs", **window, sort=order, **({"next_offset": cursor} if cursor else {}))
            found += page["items"]
            cursor = page["metadata"]["next_offset"]
            if cursor is None:
                break
        made = [one for one in found if one["action"] == "user_create"]
        assert [one["target"]["name"] for one in made] == [f"user {number}" for number in names]
        assert len({one["activity_id"] for one in found}) == len(found)
    assert made[0]["actor"] == {"details": None, "key": admin.client.ikey, "name": "A script", "type": "api"}
    assert made[0]["target"]["type"] == "user"
    assert made[-1]["ts"] == "2026-11-23T13:00:00.000000+00:00"


@pytest.mark.parametrize("field", [{"sort": "name"}, {"mintime": "today"}, {"next_offset": "1,foreign"}])
async def test_activity_asked_for_in_no_known_way_is_refused(admin: AdminCaller, field: dict[str, str]) -> None:
    assert (await admin.refused("json_api_call", "GET", "/admin/v2/logs/activity", field))[:2] == (400, 40002)


@pytest.mark.parametrize(
    "method",
    [
        "get_administrative_units",
        "get_tokens",
        "get_u2ftokens",
        "get_webauthncredentials",
        "get_desktoptokens",
        "get_tokens_generator",
        "get_desktoptokens_generator",
        "get_u2ftokens_iterator",
        "get_webauthncredentials_iterator",
        "get_administrative_units_iterator",
    ],
)
async def test_devices_that_nobody_has_are_empty_lists(admin: AdminCaller, method: str) -> None:
    assert await admin(method) == []


async def test_no_token_has_a_serial(admin: AdminCaller) -> None:
    assert await admin("get_tokens_by_serial", "t6", "0001") == []


@pytest.mark.parametrize(
    "method",
    [
        "get_user_tokens",
        "get_user_tokens_iterator",
        "get_user_u2ftokens",
        "get_user_u2ftokens_iterator",
        "get_user_webauthncredentials",
        "get_user_webauthncredentials_iterator",
    ],
)
async def test_a_user_has_none_of_them_and_nobody_has_none(admin: AdminCaller, method: str) -> None:
    user = await admin("add_user", "ann")
    assert await admin(method, user["user_id"]) == []
    assert (await admin.refused(method, "DU2A3B4C5D6E7F2G3H4I"))[:2] == (404, 40401)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("get_admin", ["DE2A3B4C5D6E7F2G3H4I"]),
        ("delete_admin", ["DE2A3B4C5D6E7F2G3H4I"]),
        ("reset_admin", ["DE2A3B4C5D6E7F2G3H4I"]),
        ("get_token_by_id", ["DH2A3B4C5D6E7F2G3H4I"]),
        ("get_u2ftoken_by_id", ["one"]),
        ("get_webauthncredential_by_id", ["one"]),
        ("get_desktoptoken_by_id", ["one"]),
        ("delete_token", ["one"]),
        ("delete_user_token", ["DU2A3B4C5D6E7F2G3H4I", "one"]),
        ("update_token", ["one"]),
        ("get_integrations", []),
        ("get_integration", ["DI2A3B4C5D6E7F2G3H4I"]),
        ("get_policies_v2", []),
        ("get_endpoints", []),
        ("get_authentication_log", [2]),
        ("get_telephony_log", []),
        ("get_offline_log", []),
        ("get_registered_devices", []),
        ("get_passport_config", []),
        ("get_info_telephony_credits_used", []),
    ],
)
async def test_what_the_product_has_not_is_not_found_in_the_apis_own_shape(admin: AdminCaller, method: str, arguments: list[str]) -> None:
    assert (await admin.refused(method, *arguments))[:2] == (404, 40401)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("add_hotp6_token", ["1", "2"]),
        ("add_user_token", ["DU2A3B4C5D6E7F2G3H4I", "one"]),
        ("add_desktoptoken", ["one"]),
    ],
)
async def test_what_is_not_kept_here_is_not_made_here(admin: AdminCaller, method: str, arguments: list[str]) -> None:
    assert (await admin.refused(method, *arguments))[:2] == (403, 40301)


async def test_syncs_of_administrators_are_not_found(admin: AdminCaller) -> None:
    path = "/admin/v1/admins/directorysync/DK2A3B4C5D6E7F2G3H4I/syncadmin"
    said = "there is no sync of administrators 'DK2A3B4C5D6E7F2G3H4I': users are synced here, and administrators are kept by hand"
    for given in ({"email": "ann@corp.example"}, {}):
        assert await admin.refused("json_api_call", "POST", path, given) == (404, 40401, said)


async def test_a_method_that_a_path_has_not_is_said(admin: AdminCaller) -> None:
    assert (await admin.refused("json_api_call", "PUT", "/admin/v1/users", {}))[:2] == (405, 40501)


@pytest.mark.parametrize(
    ("grant", "method", "arguments"),
    [
        (Grant.READ_RESOURCE, "get_users", []),
        (Grant.READ_RESOURCE, "get_groups", []),
        (Grant.READ_RESOURCE, "get_bypass_codes", []),
        (Grant.WRITE_RESOURCE, "add_user", ["ann"]),
        (Grant.WRITE_RESOURCE, "create_group", ["One"]),
        (Grant.READ_INFORMATION, "get_info_summary", []),
        (Grant.READ_LOG, "get_administrator_log", []),
        (Grant.READ_LOG, "get_activity_logs", []),
        (Grant.SETTINGS, "get_settings", []),
        (Grant.SETTINGS, "update_settings", [None, None, None, 30]),
        (Grant.ADMINISTRATORS, "get_administrative_units", []),
        (Grant.ADMINISTRATORS, "activate_admin", ["ann@corp.example"]),
        (Grant.WRITE_RESOURCE, "enroll_user", ["ann", "ann@corp.example"]),
    ],
)
async def test_a_key_may_what_its_grants_say_and_nothing_else(api: Api, grant: Grant, method: str, arguments: list[str]) -> None:  # D-34
    holder = await AdminCaller.of(api, Role.READ_ONLY, [grant])
    others = await AdminCaller.of(api, Role.OWNER, [other for other in Grant if other is not grant])
    before = await api.deployment.rows()
    assert (await others.refused(method, *arguments))[:2] == (403, 40301)
    assert await api.deployment.rows() == before
    await holder(method, *arguments)
