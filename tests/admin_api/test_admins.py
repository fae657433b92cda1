"""Administrators and their activation links, by the official client (E-12..E-15, B-230..B-236)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from sync_core.directory.admins import Admin, AdminEdit, AdminStatus
from sync_core.directory.mail import Mail
from sync_core.directory.roles import Role
from sync_core.ids import new_id
from sync_core.links import LinkKind, Links
from sync_core.storage import outbox
from sync_core.storage.admins import AdminRows
from sync_core.storage.records import record
from sync_core.tally import TABLES, tally
from tests.admin_api.caller import AdminCaller
from tests.http.calls import Api
from tests.management.deployment import SITE, box, deployed, give_way

PHONE = "+442079460316"


async def made(admin: AdminCaller, name: str = "Ann Lind", email: str = "ann@corp.example", role: str = "User Manager") -> dict[str, Any]:
    return await admin("add_admin", name, email, PHONE, "ignored", role)


async def stands(admin: AdminCaller, **fields: Any) -> Admin:
    """An administrator as something else than this API leaves it."""
    now = admin.api.deployment.clock.now()
    known: dict[str, Any] = {"admin_id": new_id("DE"), "name": "Olga", "email": "olga@corp.example", "created_at": now}
    known |= {"role": Role.OWNER, "status": AdminStatus.ACTIVE}
    stored = Admin(**(known | fields))
    await AdminRows(admin.api.deployment.tables).write(None, stored)
    return stored


def mails(admin: AdminCaller) -> list[Mail]:
    return [record(row, Mail) for row in admin.api.deployment.tables.rows(outbox.TABLE)]


async def test_an_administrator_is_made_listed_and_counted(admin: AdminCaller) -> None:
    ann = await made(admin)
    assert ann | {"admin_id": ""} == {
        "admin_id": "",
        "name": "Ann Lind",
        "email": "ann@corp.example",
        "phone": PHONE,
        "role": "User Manager",
        "status": "Pending Activation",
        "restricted_by_admin_units": False,
        "admin_units": [],
        "last_login": None,
        "created": 1795438800,
        "password_change_required": False,
        "hardtoken": None,
        "subaccount_role": None,
        "directory_key": None,
    }
    assert await admin("get_admin", ann["admin_id"]) == ann
    assert await admin("reset_admin", ann["admin_id"]) == ann
    bea = await made(admin, "Bea", "bea@corp.example", "Owner")
    assert await admin("get_admins_iterator") == await admin("get_admins")
    assert await admin("get_admins") == sorted([ann, bea], key=lambda one: one["admin_id"])
    assert len(await admin("get_admins", limit=1, offset=1)) == 1
    assert (await admin("get_info_summary"))["admin_count"] == 2
    assert await admin("delete_admin", ann["admin_id"]) == ""
    assert await admin("get_admins") == [bea]
    assert (await admin("get_info_summary"))["admin_count"] == 1
    assert mails(admin) == []


async def test_what_is_done_to_administrators_is_logged(admin: AdminCaller) -> None:  # B-181
    ann = await made(admin)
    await admin("update_admin", ann["admin_id"], name="Ann")
    await admin.send("POST", f"/admin/v1/admins/{ann['admin_id']}/activation_link")
    await admin.send("POST", f"/admin/v1/admins/{ann['admin_id']}/activation_link/email")
    await admin.send("DELETE", f"/admin/v1/admins/{ann['admin_id']}/activation_link")
    await admin("delete_admin", ann["admin_id"])
    activation = await admin("activate_admin", "bea@corp.example")
    await admin.send("DELETE", f"/admin/v1/admins/activations/{activation['admin_activation_id']}")
    rows = [row for row in await admin("get_administrator_log") if row["action"].startswith(("admin", "activation"))]
    assert sorted(row["action"] for row in rows) == [
        "activation_create_link",
        "activation_delete_link",
        "activation_send_link",
        "admin_activation_create",
        "admin_activation_delete",
        "admin_create",
        "admin_delete",
        "admin_update",
    ]
    assert {row["username"] for row in rows} == {f"A script ({admin.client.ikey})"}
    assert activation["code"] not in str(rows)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", ("Ann", "not an address", PHONE, "", "Owner")),
        ("email", ("Ann", "@corp.example", PHONE, "", "Owner")),
        ("name", ("Ann\nLind", "ann@corp.example", PHONE, "", "Owner")),
        ("phone", ("Ann", "ann@corp.example", "12", "", "Owner")),
        ("phone", ("Ann", "ann@corp.example", f"{PHONE}x12", "", "Owner")),
        ("role", ("Ann", "ann@corp.example", PHONE, "", "owner")),
        ("role", ("Ann", "ann@corp.example", PHONE, "", "King")),
    ],
)
async def test_values_that_cannot_be_are_refused_by_their_field(admin: AdminCaller, field: str, values: tuple[str, ...]) -> None:  # E-13
    status, code, said = await admin.refused("add_admin", *values)
    assert (status, code) == (400, 40002)
    assert said.startswith(f"{field}: ")
    assert await admin("get_admins") == []


async def test_an_address_belongs_to_one_administrator_or_pending_activation(admin: AdminCaller) -> None:  # E-15
    ann = await made(admin)
    pending = await admin("activate_admin", "bea@corp.example")
    for taken in ("ANN@corp.example", "Bea@Corp.example"):
        assert (await admin.refused("add_admin", "Other", taken, "", "", "Owner"))[:2] == (400, 40003)
        assert (await admin.refused("activate_admin", taken, send_email=True))[:2] == (400, 40003)
    assert mails(admin) == []
    await admin("delete_admin", ann["admin_id"])
    await admin.send("DELETE", f"/admin/v1/admins/activations/{pending['admin_activation_id']}")
    assert (await made(admin))["email"] == "ann@corp.example"
    assert (await made(admin, "Bea", "bea@corp.example"))["email"] == "bea@corp.example"


async def test_of_two_who_want_one_address_at_once_one_gets_it() -> None:  # E-15
    admin = await AdminCaller.of(Api(await deployed(give_way)), Role.OWNER)
    admins = admin.api.services.admin
    edits = [AdminEdit(name=f"Ann {number}", email="ann@corp.example") for number in range(4)]
    results = await asyncio.gather(*(admins.admins.create(edit, by="test") for edit in edits), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AddressInUse"] * 3 + ["Admin"]
    assert len(await admins.admins.all()) == 1


async def test_name_phone_and_role_are_changed_and_status_of_an_active_one(admin: AdminCaller) -> None:  # E-14
    await stands(admin)
    bea = await stands(admin, name="Bea", email="bea@corp.example", role=Role.HELP_DESK)
    changed = await admin("update_admin", bea.admin_id, name="Bea Lind", phone="", role="Billing", status="Disabled")
    assert (changed["name"], changed["phone"], changed["role"], changed["status"]) == ("Bea Lind", "", "Billing", "Disabled")
    assert (await admin("update_admin", bea.admin_id, status="Active"))["status"] == "Active"
    assert await admin("update_admin", bea.admin_id) == changed | {"status": "Active"}


@pytest.mark.parametrize("status", ["Pending Deletion", "Expired", "Pending Activation", "active", "x"])
async def test_other_statuses_are_not_set(admin: AdminCaller, status: str) -> None:  # E-14
    bea = await stands(admin, role=Role.HELP_DESK)
    status_code, code, said = await admin.refused("update_admin", bea.admin_id, status=status)
    assert (status_code, code, said.split(":")[0]) == (400, 40002, "status")


async def test_who_is_not_activated_is_made_active_by_the_link_only(admin: AdminCaller) -> None:  # B-216
    ann = await made(admin)
    for status in ("Active", "Disabled"):
        assert (await admin.refused("update_admin", ann["admin_id"], status=status))[:2] == (400, 40002)


async def test_an_owner_cannot_be_disabled(admin: AdminCaller) -> None:  # E-12
    await stands(admin)
    other = await stands(admin, name="Bea", email="bea@corp.example")
    assert (await admin.refused("update_admin", other.admin_id, status="Disabled"))[2].startswith("status: an Owner")
    assert (await admin.refused("update_admin", other.admin_id, status="Disabled", role="Billing"))[:2] == (400, 40002)


async def test_the_last_active_owner_stays_one(admin: AdminCaller) -> None:
    olga, bea = await stands(admin), await stands(admin, name="Bea", email="bea@corp.example")
    await made(admin, role="Owner")  # not active, so no help
    assert (await admin("update_admin", bea.admin_id, role="Billing"))["role"] == "Billing"
    assert (await admin.refused("update_admin", olga.admin_id, role="Billing"))[2].startswith("role: this is the last active Owner")
    assert (await admin.refused("delete_admin", olga.admin_id))[:2] == (400, 40002)
    assert (await admin("get_admin", olga.admin_id))["role"] == "Owner"
    await admin("update_admin", bea.admin_id, role="Owner")
    assert await admin("delete_admin", olga.admin_id) == ""


async def test_two_owners_who_remove_each_other_at_once_do_not_both() -> None:
    admin = await AdminCaller.of(Api(await deployed(give_way)), Role.OWNER)
    olga, bea = await stands(admin), await stands(admin, name="Bea", email="bea@corp.example")
    admins = admin.api.services.admin.admins
    results = await asyncio.gather(*(admins.delete(one.admin_id, by="test") for one in (olga, bea)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "Rejected"]
    assert len(await admins.all()) == 1


@pytest.mark.parametrize(("field", "value"), [("name", "Other"), ("role", "Billing"), ("status", "Disabled"), ("status", "Active")])
async def test_what_a_sync_manages_of_an_administrator_is_locked(admin: AdminCaller, field: str, value: str) -> None:  # B-230, B-234, B-235
    status = AdminStatus.DISABLED if value == "Active" else AdminStatus.ACTIVE
    managed = await stands(admin, role=Role.HELP_DESK, sync="DK2A3B4C5D6E7F2G3H4I", status=status)
    code, _, said = await admin.refused("update_admin", managed.admin_id, **{field: value})
    assert code == 400
    assert said.startswith(f"{field}: the administrator is managed by the sync DK2A3B4C5D6E7F2G3H4I")
    assert (await admin("update_admin", managed.admin_id, phone=PHONE))["phone"] == PHONE  # B-231
    assert (await admin.refused("delete_admin", managed.admin_id))[:2] == (400, 40002)  # B-236


async def test_who_is_about_to_be_deleted_is_read_only(admin: AdminCaller) -> None:  # B-237
    leaving = await stands(admin, role=Role.HELP_DESK, status=AdminStatus.PENDING_DELETION)
    assert (await admin.refused("update_admin", leaving.admin_id, name="Other"))[:2] == (400, 40002)


async def test_an_activation_has_every_field_and_its_link_says_for_whom(admin: AdminCaller) -> None:  # E-15
    activation = await admin("activate_admin", "ann@corp.example", send_email=True, valid_days=3, admin_role="Billing")
    link = f"https://sync.corp.example/activate/{activation['code']}"
    assert activation == {
        "admin_activation_id": activation["admin_activation_id"],
        "admin_role": "Billing",
        "code": activation["code"],
        "email": "ann@corp.example",
        "email_sent": True,
        "expires": 1795438800 + 3 * 86400,
        "link": link,
        "message": f"Open this link within 3 days to activate your administrator account: {link}",
        "subject": "Activate your administrator account",
        "valid_days": 3,
    }
    links = Links(box(), SITE.public_url)
    assert links.read(LinkKind.ACTIVATION, activation["code"]) == (activation["admin_activation_id"], 1)
    (mail,) = mails(admin)
    assert mail.to_address == "ann@corp.example"
    assert mail.about == {"owner": activation["admin_activation_id"], "generation": "1"}
    assert await admin.send("GET", "/admin/v1/admins/activations") == [activation]
    mark = activation["code"].rpartition(".")[2]
    stored = [row for table in ("Admins", "Outbox", "Log") for row in admin.api.deployment.tables.rows(table)]
    assert mark not in str(stored)
    assert await admin.send("DELETE", f"/admin/v1/admins/activations/{activation['admin_activation_id']}") == ""
    assert await admin.send("GET", "/admin/v1/admins/activations") == mails(admin) == []
    gone = f"/admin/v1/admins/activations/{activation['admin_activation_id']}"
    assert (await admin.refused("json_api_call", "DELETE", gone, {}))[:2] == (404, 40401)


async def test_an_activation_is_for_an_owner_and_seven_days_unless_told_otherwise(admin: AdminCaller) -> None:  # E-15
    activation = await admin("activate_admin", "ann@corp.example")
    assert (activation["admin_role"], activation["valid_days"], activation["email_sent"]) == ("Owner", 7, False)
    assert mails(admin) == []
    for days in (0, 32):
        assert (await admin.refused("activate_admin", "bea@corp.example", valid_days=days))[:2] == (400, 40002)


async def test_an_activation_past_its_time_gives_its_address_back(admin: AdminCaller) -> None:  # E-15
    first = await admin("activate_admin", "ann@corp.example", valid_days=1)
    await admin("activate_admin", "bea@corp.example", valid_days=1)
    admin.api.deployment.clock.at += timedelta(days=1)
    assert await admin.send("GET", "/admin/v1/admins/activations") == []
    second = await admin("activate_admin", "ANN@corp.example")
    assert second["code"] != first["code"]
    assert await admin.send("GET", "/admin/v1/admins/activations") == [second]
    assert (await made(admin, "Bea", "bea@corp.example"))["email"] == "bea@corp.example"


async def test_a_link_of_an_administrator_is_made_mailed_made_anew_and_deleted(admin: AdminCaller) -> None:  # B-217
    ann = await made(admin)
    path = f"/admin/v1/admins/{ann['admin_id']}/activation_link"
    assert (await admin.refused("json_api_call", "DELETE", path, {}))[:2] == (404, 40401)
    assert (await admin.refused("json_api_call", "POST", f"{path}/email", {}))[:2] == (404, 40401)
    first = await admin.send("POST", path)
    assert (first["admin_id"], first["email_sent"], first["valid_days"]) == (ann["admin_id"], False, 7)
    mailed = await admin.send("POST", f"{path}/email")
    assert mailed == first | {"email_sent": True}
    assert await admin.send("POST", f"{path}/email") == mailed
    assert [mail.about["generation"] for mail in mails(admin)] == ["1"]
    second = await admin.send("POST", path)
    assert second["code"] != first["code"]
    assert mails(admin) == []
    admin.api.deployment.clock.at += timedelta(days=7)
    assert (await admin("get_admin", ann["admin_id"]))["status"] == "Expired"  # B-216
    await admin.send("POST", path, valid_days=31)
    assert (await admin("get_admin", ann["admin_id"]))["status"] == "Pending Activation"
    assert await admin.send("DELETE", path) == ""
    olga = await stands(admin)
    assert (await admin.refused("json_api_call", "POST", f"/admin/v1/admins/{olga.admin_id}/activation_link", {}))[:2] == (400, 40002)


async def test_an_administrator_is_made_with_a_mailed_link_where_that_is_asked(admin: AdminCaller) -> None:
    body = {"name": "Ann", "email": "ann@corp.example", "role": "Billing", "send_email": "1", "valid_days": "2"}
    ann = await admin.send("POST", "/admin/v1/admins", **body)
    (mail,) = mails(admin)
    assert mail.about["owner"] == ann["admin_id"]
    assert (await admin.refused("json_api_call", "POST", "/admin/v1/admins", body))[:2] == (400, 40003)
    assert mails(admin) == [mail]
    await admin("delete_admin", ann["admin_id"])
    assert mails(admin) == []


async def test_an_administrator_is_read_in_one_request_and_by_its_address_in_two(admin: AdminCaller) -> None:
    ann = await made(admin)
    rows = AdminRows(admin.api.deployment.tables)
    with tally() as requests:
        assert await rows.admin(ann["admin_id"]) is not None
        assert requests.pop(TABLES) == 1
        found = await rows.with_email("Ann@Corp.example")
        assert found is not None
        assert found.person == await admin.api.services.admin.admins.get(ann["admin_id"])
        assert requests.pop(TABLES) == 3


async def test_a_link_says_nothing_under_another_key_or_for_something_else() -> None:  # D-29
    links = Links(box(), SITE.public_url)
    token = links.token(LinkKind.ACTIVATION, "DA2A3B4C5D6E7F2G3H4I", 3)
    assert token == links.token(LinkKind.ACTIVATION, "DA2A3B4C5D6E7F2G3H4I", 3)
    assert links.read(LinkKind.ACTIVATION, token) == ("DA2A3B4C5D6E7F2G3H4I", 3)
    others = [token[:-1] + ("A" if token[-1] != "A" else "B"), token.replace(".3.", ".4."), token.replace("DA", "DE"), "", "é"]
    for forged in others:
        with pytest.raises(Exception, match="none of this deployment"):
            links.read(LinkKind.ACTIVATION, forged)
    for reader, kind in ((Links(box(b"x"), ""), LinkKind.ACTIVATION), (links, LinkKind.ENROLLMENT)):
        with pytest.raises(Exception, match="none of this deployment"):
            reader.read(kind, token)
