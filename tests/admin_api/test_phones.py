"""Phones through the official client: of a user, of nobody, of all (B-076, D-23)."""

from typing import Any

import pytest

from sync_core import ids
from sync_core.directory.lookups import pointers
from sync_core.directory.phones import Phone, Slot
from sync_core.directory.users import Hold, User
from sync_core.storage.lookups import Lookups
from sync_core.storage.users import Edit, UserRows
from tests.admin_api.caller import AdminCaller
from tests.management.source import TENANT, guid

FIELDS = {
    "phone_id", "number", "extension", "name", "type", "platform", "activated", "sms_passcodes_sent", "predelay", "postdelay", "model",
    "capabilities", "encrypted", "fingerprint", "screenlock", "tampered", "last_seen", "directory_key",
}  # fmt: skip
NUMBER = "+442079460316"


async def test_a_phone_is_made_changed_and_deleted(admin: AdminCaller) -> None:
    made = await admin("add_phone", number="+44 20 7946 0316", name="desk", type="Landline", extension="12", predelay="5")
    assert made.keys() == FIELDS | {"users"}
    expected: dict[str, Any] = {
        "number": NUMBER,
        "extension": "12",
        "name": "desk",
        "type": "Landline",
        "predelay": "5",
        "users": [],
        "activated": False,
    }
    assert {field: made[field] for field in expected} == expected
    phone_id = made["phone_id"]
    assert phone_id.startswith("DP")
    assert await admin("get_phone_by_id", phone_id) == made
    assert await admin("get_phones_by_number", NUMBER) == [made]
    assert await admin("get_phones_by_number", NUMBER, "12") == [made]
    assert await admin("get_phones_by_number", NUMBER, "13") == []
    assert await admin("get_phones_by_number", "nobody's") == []
    assert await admin("get_phones") == [made]
    assert await admin("get_phones_generator") == [made]
    changed = await admin("update_phone", phone_id, name="old desk", type="mobile")
    assert changed == made | {"name": "old desk", "type": "Mobile"}
    assert await admin("delete_phone", phone_id) == ""
    assert await admin("delete_phone", phone_id) == ""
    assert (await admin.refused("get_phone_by_id", phone_id))[:2] == (404, 40401)
    assert await admin("get_phones") == []


async def test_a_phone_is_given_to_a_user_and_taken_again(admin: AdminCaller) -> None:
    user = await admin("add_user", "ann")
    phone = await admin("add_phone", number=NUMBER)
    assert await admin("add_user_phone", user["user_id"], phone["phone_id"]) == ""
    (of_user,) = await admin("get_user_phones", user["user_id"])
    assert of_user.keys() == FIELDS
    assert of_user["number"] == NUMBER
    assert await admin("get_user_phones_iterator", user["user_id"]) == [of_user]
    assert (await admin("get_user_by_id", user["user_id"]))["phones"] == [of_user]
    (listed,) = await admin("get_phones")
    assert [one["username"] for one in listed["users"]] == ["ann"]
    other = await admin("add_user", "bea")
    assert (await admin.refused("add_user_phone", other["user_id"], phone["phone_id"]))[:2] == (400, 40002)
    assert await admin("delete_user_phone", user["user_id"], phone["phone_id"]) == ""
    assert await admin("get_user_phones", user["user_id"]) == []
    assert (await admin("get_phone_by_id", phone["phone_id"]))["users"] == []


async def test_a_phone_that_a_deleted_sync_brought_names_it_no_more(admin: AdminCaller) -> None:  # B-142, D-17
    phone = Phone(phone_id=ids.new_phone_id(), number=NUMBER, slot=Slot.PRIMARY, sync=ids.new_directory_key())
    hold = Hold(tenant_id=TENANT, object_id=guid(5))
    user = User(user_id=ids.new_user_id(), username="ann", phones=(phone,), held_by={phone.sync: hold})
    tables = admin.api.deployment.tables
    await UserRows(tables).amend([Edit(None, user)])
    await Lookups(tables, UserRows(tables)).promise(pointers(user))

    (of_user,) = await admin("get_user_phones", user.user_id)
    read = await admin("get_phone_by_id", phone.phone_id)
    (listed,) = await admin("get_phones")
    (found,) = await admin("get_phones_by_number", NUMBER)

    assert [shown["directory_key"] for shown in (of_user, read, listed, found)] == [None] * 4


async def test_phones_are_paged(admin: AdminCaller) -> None:
    made = sorted([(await admin("add_phone", name=f"phone {number}"))["phone_id"] for number in range(7)])
    admin.client.paging_limit = 3
    assert [phone["phone_id"] for phone in await admin("get_phones")] == made
    assert [phone["phone_id"] for phone in await admin("get_phones", limit=2, offset=3)] == made[3:5]
    assert await admin("get_phones", limit=2, offset=9) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"number": "not a number"}, "number"),
        ({"type": "Telegraph"}, "type"),
        ({"extension": "12"}, "extension"),
        ({"number": NUMBER, "predelay": "soon"}, "predelay"),
        ({"name": "n" * 200}, "name"),
    ],
)
async def test_a_phone_that_cannot_be_is_refused_by_name(admin: AdminCaller, fields: dict[str, Any], field: str) -> None:
    status, code, said = await admin.refused("json_api_call", "POST", "/admin/v1/phones", fields)
    assert (status, code) == (400, 40002)
    assert said.startswith(f"{field}: ")
    assert await admin("get_phones") == []


@pytest.mark.parametrize("method", ["create_activation_url", "send_sms_activation_to_phone", "send_sms_installation"])
async def test_phones_are_not_activated_here(admin: AdminCaller, method: str) -> None:
    phone = await admin("add_phone", number=NUMBER)
    assert (await admin.refused(method, phone["phone_id"]))[:2] == (403, 40301)
