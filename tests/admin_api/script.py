"""An administrator's script that calls all that the Admin API serves, and checks every answer, field by field (admin-api.md §4, §5).

It runs over any way to the API: in memory, over plain HTTP, over TLS. What it makes it takes away again.
"""

import warnings
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from starlette.routing import compile_path

from sync_core.directory.users import Status
from tests.admin_api.answers import ANSWERS, ANSWERS_BY_PATH, check
from triggers.http.admin.app import SERVED

NUMBER, SECOND_NUMBER = "+442079460316", "+442079460317"
NOBODY = "DU2A3B4C5D6E7F2G3H4I"


class Way(Protocol):
    """A way to the API: calls a method of the official client and reads its generators to the end."""

    async def __call__(self, method: str, *values: Any, **named: Any) -> Any: ...

    @property
    def client(self) -> Any: ...


@dataclass
class Admin:
    """Calls over a way, each answer checked against the shape that it shall have; and which methods and paths were called."""

    way: Way
    called: set[str] = field(default_factory=set[str])
    asked: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Methods and paths as they are served."""

    def __post_init__(self) -> None:
        passed_on = self.way.client.api_call

        def noted(method: str, path: str, params: Any) -> Any:
            self.asked.add((method, served_path(method, path)))
            return passed_on(method, path, params)

        self.way.client.api_call = noted

    async def __call__(self, method: str, *values: Any, **named: Any) -> Any:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # the client's own, of version 1 of groups
            answer = await self.way(method, *values, **named)
        check(answer, ANSWERS[method])
        self.called.add(method)
        return answer

    async def send(self, method: str, path: str, **parameters: Any) -> Any:
        answer = await self.way("json_api_call", method, path, parameters)
        check(answer, ANSWERS_BY_PATH[method, served_path(method, path)])
        return answer


def served_path(method: str, path: str) -> str:
    """The path as it is served: /admin/v1/users/{user_id}; the first that fits, as the router has it."""
    for one in SERVED:
        if one.method == method and compile_path(one.path)[0].fullmatch(path.removeprefix("/admin")):
            return "/admin" + one.path
    return path


async def work_through(admin: Admin, mark: str) -> None:
    """All but what needs a sync. `mark` goes into every name, so that the script can run beside others."""
    user = await users(admin, mark)
    await many_users(admin, mark)
    await groups(admin, user, mark)
    await phones(admin, user)
    await bypass_codes(admin, user)
    await devices(admin, user)
    await administrators(admin, mark)
    await account(admin, user)
    assert await admin("delete_user", user["user_id"]) == ""
    assert user["user_id"] not in {one["user_id"] for one in await admin("get_users")}


def user_made(made: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """All of a user of whom these fields were given; its id and when it was made are the directory's."""
    aliases: dict[str, str] = fields.get("aliases", {})
    nothing = {"last_login", "last_directory_sync", "directory_key", "external_id", "lockout_reason"}
    lists = {"groups", "phones", "tokens", "u2ftokens", "webauthncredentials", "desktop_tokens", "desktoptokens"}
    return {
        "user_id": made["user_id"],
        "created": made["created"],
        **dict.fromkeys(("realname", "firstname", "lastname", "email", "notes"), ""),
        **{f"alias{position}": aliases.get(f"alias{position}") for position in range(1, 5)},
        "aliases": aliases,
        "status": Status.ACTIVE.value,
        "is_enrolled": False,
        "enable_auto_prompt": True,
        "custom_attributes": {},
        **dict.fromkeys(nothing),
        **{name: list[Any]() for name in lists},
        **fields,
    }


async def users(admin: Admin, mark: str) -> dict[str, Any]:  # E-17
    name, email = f"ann.{mark}@corp.example", f"ann.{mark}@mail.example"
    fields = {"realname": "Ann Lind", "firstname": "Ann", "lastname": "Lind", "email": email, "status": "bypass", "notes": "third floor"}
    aliases, custom = {"alias1": f"a.{mark}", "alias5": f"b.{mark}"}, {"floor": "3"}
    made = await admin("add_user", name, **fields, aliases={"alias5": f"b.{mark}"}, alias1=f"a.{mark}", custom_attribute_map=custom)
    assert made == user_made(made, username=name, **fields, aliases=aliases, custom_attributes=custom)
    user = await admin("update_user", made["user_id"], realname="Ann Berg", status="active", alias1="", alias2=f"c.{mark}")
    aliases = {"alias2": f"c.{mark}", "alias5": f"b.{mark}"}
    assert user == made | {"realname": "Ann Berg", "status": "active", "alias1": None, "alias2": f"c.{mark}", "aliases": aliases}
    user_id = user["user_id"]
    assert await admin("get_user_by_id", user_id) == user
    for found in (
        await admin("get_users_by_name", name.upper()),
        await admin("get_users_by_name", f"c.{mark}"),
        await admin("get_user_by_email", email.upper()),
        await admin("get_users_by_names", ["nobody", name, f"b.{mark}"]),
        await admin("get_users_by_ids", [user_id, NOBODY]),
    ):
        assert found == [user]
    everybody = await admin("get_users")
    assert user in everybody
    assert everybody == sorted(everybody, key=lambda one: one["user_id"]) == await admin("get_users_iterator")
    assert await admin("get_users", limit=1, offset=0) == everybody[:1]
    return user


async def many_users(admin: Admin, mark: str) -> None:  # E-10, E-16
    wanted = [{"username": f"bea.{mark}", "realname": "Bea"}, {"username": f"cleo.{mark}", "notes": "new"}]
    made = await admin.send("POST", "/admin/v1/users/bulk_create", users=wanted)
    assert made == [user_made(one, **fields) for one, fields in zip(made, wanted, strict=True)]
    user_ids = [one["user_id"] for one in made]
    sent = await admin.send("POST", "/admin/v1/users/bulk_send_to_trash", user_id_list=user_ids)
    assert sent == [one | {"status": "pending deletion"} for one in made]
    assert await admin("get_users_by_ids", user_ids) == sorted(sent, key=lambda one: one["user_id"])
    assert await admin.send("POST", "/admin/v1/users/bulk_restore", user_id_list=user_ids) == made
    code = await admin("enroll_user", f"dora.{mark}", f"dora.{mark}@mail.example", valid_secs=3600)
    (enrolled,) = await admin("get_users_by_name", f"dora.{mark}")
    assert enrolled == user_made(enrolled, username=f"dora.{mark}", email=f"dora.{mark}@mail.example")
    assert code.startswith(f"{enrolled['user_id']}.")
    for user_id in (*user_ids, enrolled["user_id"]):
        assert await admin("delete_user", user_id) == ""
    assert await admin("get_users_by_ids", user_ids) == []


async def groups(admin: Admin, user: dict[str, Any], mark: str) -> None:  # B-170..B-175
    made = await admin("create_group", f"Scripts {mark}", desc="made by one", status="bypass", push_enabled=True)
    factors = dict.fromkeys(("push_enabled", "sms_enabled", "voice_enabled", "mobile_otp_enabled", "u2f_enabled"), True)
    told = {"name": f"Scripts {mark}", "desc": "made by one", "status": "Bypass", "directory_key": None}
    assert made == {"group_id": made["group_id"], **told, **factors}
    group = await admin("modify_group", made["group_id"], name=f"Renamed {mark}", status="active")
    assert group == made | {"name": f"Renamed {mark}", "status": "Active"}
    group_id, user_id = group["group_id"], user["user_id"]
    every = await admin("get_groups")
    assert group in every
    assert every == await admin("get_groups_generator")
    assert await admin("get_groups_by_group_ids", [group_id]) == [group]
    assert await admin("add_user_group", user_id, group_id) == ""
    assert await admin("get_user_groups", user_id) == await admin("get_user_groups_iterator", user_id) == [group]
    assert await admin("get_user_by_id", user_id) == user | {"groups": [group]}
    reference = {"user_id": user_id, "username": user["username"]}
    assert await admin("get_group_users", group_id) == await admin("get_group_users_iterator", group_id) == [reference]
    assert await admin("get_group", group_id, api_version=2) == group
    assert await admin("get_group", group_id) == group | {"users": [reference]}
    assert await admin("delete_user_group", user_id, group_id) == ""
    assert await admin("get_group_users", group_id) == []
    assert await admin("delete_group", group_id) == ""
    assert await admin("get_groups_by_group_ids", [group_id]) == []


async def phones(admin: Admin, user: dict[str, Any]) -> None:  # B-076
    made = await admin("add_phone", number=NUMBER, name="desk", type="Mobile", platform="Apple iOS", predelay="1", postdelay="2")
    told = {"number": NUMBER, "name": "desk", "type": "Mobile", "platform": "Apple iOS", "predelay": "1", "postdelay": "2"}
    state = {"activated": False, "sms_passcodes_sent": False, "capabilities": ["sms", "phone"], "directory_key": None}
    unknown = ("extension", "model", "encrypted", "fingerprint", "screenlock", "tampered", "last_seen")
    assert made == {"phone_id": made["phone_id"], "users": [], **told, **state, **dict.fromkeys(unknown, "")}
    loose = await admin("update_phone", made["phone_id"], name="other", number=SECOND_NUMBER)
    assert loose == made | {"name": "other", "number": SECOND_NUMBER}
    phone_id, user_id = loose["phone_id"], user["user_id"]
    assert await admin("add_user_phone", user_id, phone_id) == ""
    own = {name: value for name, value in loose.items() if name != "users"}
    assert await admin("get_user_phones", user_id) == await admin("get_user_phones_iterator", user_id) == [own]
    phone = await admin("get_phone_by_id", phone_id)
    assert phone == loose | {"users": [user | {"phones": [own]}]}
    assert await admin("get_phones_by_number", SECOND_NUMBER) == [phone]
    every = await admin("get_phones")
    assert phone in every
    assert every == await admin("get_phones_generator")
    assert await admin("delete_user_phone", user_id, phone_id) == ""
    assert await admin("get_phone_by_id", phone_id) == loose
    assert await admin("delete_phone", phone_id) == ""
    assert await admin("get_phones_by_number", SECOND_NUMBER) == []


async def bypass_codes(admin: Admin, user: dict[str, Any]) -> None:  # E-18
    user_id = user["user_id"]
    assert len(await admin("add_user_bypass_codes", user_id, count=2, valid_secs=3600, remaining_uses=3)) == 2
    codes = await admin("get_user_bypass_codes", user_id)
    assert codes == await admin("get_user_bypass_codes_iterator", user_id)
    for code in codes:
        created = code["created"]
        told = {"created": created, "expiration": created + 3600, "reuse_count": 3, "admin_email": code["admin_email"]}
        owner = {"user_id": user_id, "username": user["username"]}
        assert code == {"bypass_code_id": code["bypass_code_id"], **told, "user": owner}
        assert await admin.send("GET", f"/admin/v1/bypass_codes/{code['bypass_code_id']}") == code
    every = await admin("get_bypass_codes")
    assert every == await admin("get_bypass_codes_generator")
    assert all(code in every for code in codes)
    assert await admin("delete_bypass_code_by_id", codes[0]["bypass_code_id"]) == ""
    assert await admin("get_user_bypass_codes", user_id) == codes[1:]
    assert await admin("delete_bypass_code_by_id", codes[1]["bypass_code_id"]) == ""


async def devices(admin: Admin, user: dict[str, Any]) -> None:
    """Of the kinds that nobody has."""
    for kind, beside in (("tokens", "generator"), ("desktoptokens", "generator"), ("u2ftokens", "iterator")):
        assert await admin(f"get_{kind}") == await admin(f"get_{kind}_{beside}") == []
    assert await admin("get_webauthncredentials") == await admin("get_webauthncredentials_iterator") == []
    assert await admin("get_administrative_units") == await admin("get_administrative_units_iterator") == []
    assert await admin("get_tokens_by_serial", "t6", "0001") == []
    for kind in ("tokens", "u2ftokens", "webauthncredentials"):
        assert await admin(f"get_user_{kind}", user["user_id"]) == await admin(f"get_user_{kind}_iterator", user["user_id"]) == []


async def administrators(admin: Admin, mark: str) -> None:  # E-12..E-15
    email = f"ann.{mark}@corp.example"
    made = await admin("add_admin", "Ann", email, NUMBER, "ignored", "Help Desk")
    nothing = dict.fromkeys(("last_login", "hardtoken", "subaccount_role", "directory_key"))
    told = {"name": "Ann", "email": email, "phone": NUMBER, "role": "Help Desk", "status": "Pending Activation"}
    flags: dict[str, Any] = {"restricted_by_admin_units": False, "admin_units": [], "password_change_required": False}
    assert made == {"admin_id": made["admin_id"], "created": made["created"], **told, **flags, **nothing}
    one = await admin("update_admin", made["admin_id"], name="Ann Lind", role="Billing", phone=SECOND_NUMBER)
    assert one == made | {"name": "Ann Lind", "role": "Billing", "phone": SECOND_NUMBER}
    admin_id = one["admin_id"]
    assert await admin("get_admin", admin_id) == await admin("reset_admin", admin_id) == one
    every = await admin("get_admins")
    assert one in every
    assert every == await admin("get_admins_iterator")
    link = await admin.send("POST", f"/admin/v1/admins/{admin_id}/activation_link")
    wanted = {"admin_id": admin_id, "email": email, "admin_role": "Billing", "valid_days": 7, "email_sent": False}
    assert {name: link[name] for name in wanted} == wanted
    assert await admin.send("POST", f"/admin/v1/admins/{admin_id}/activation_link/email") == link | {"email_sent": True}
    assert await admin.send("DELETE", f"/admin/v1/admins/{admin_id}/activation_link") == ""
    await activations(admin, f"bea.{mark}@corp.example")
    assert await admin("delete_admin", admin_id) == ""
    assert one not in await admin("get_admins")


async def activations(admin: Admin, email: str) -> None:
    made = await admin("activate_admin", email, send_email=True, valid_days=3, admin_role="User Manager")
    wanted = {"email": email, "valid_days": 3, "admin_role": "User Manager", "email_sent": True}
    assert {name: made[name] for name in wanted} == wanted
    assert made["link"].endswith(f"/activate/{made['code']}")
    assert made["link"] in made["message"]
    assert made in await admin.send("GET", "/admin/v1/admins/activations")
    assert await admin.send("DELETE", f"/admin/v1/admins/activations/{made['admin_activation_id']}") == ""
    assert made not in await admin.send("GET", "/admin/v1/admins/activations")


async def account(admin: Admin, user: dict[str, Any]) -> None:  # B-181
    summary = await admin("get_info_summary")
    assert summary["user_count"] == len(await admin("get_users"))
    assert summary["admin_count"] == len(await admin("get_admins"))
    assert summary["integration_count"] >= 1
    settings = await admin("get_settings")
    assert await admin("update_settings", pending_deletion_days=8) == settings | {"pending_deletion_days": 8}
    assert await admin("update_settings", pending_deletion_days=7) == settings == await admin("get_settings")
    log = [row for row in await admin("get_administrator_log", user["created"]) if row["object"] == user["username"]]
    assert {"user_create", "user_update", "bypass_create"} <= {row["action"] for row in log}
    assert all(row["username"].endswith(f"({admin.way.client.ikey})") for row in log)
    window = {"mintime": user["created"] * 1000, "maxtime": 2**41}
    page = await admin("get_activity_logs", **window, sort="ts:asc", limit=2)
    assert len(page["items"]) == 2
    after = await admin("get_activity_logs", **window, sort="ts:asc", limit=2, next_offset=page["metadata"]["next_offset"])
    seen = [cast("str", one["activity_id"]) for one in (*page["items"], *after["items"])]
    assert len(set(seen)) == 4


async def syncs(admin: Admin, directory_key: str, username: str) -> None:  # B-110, B-117
    listed = await admin.send("GET", "/admin/v1/users/directorysync")
    (sync,) = [one for one in listed if one["directory_key"] == directory_key]
    assert await admin.send("GET", f"/admin/v1/users/directorysync/{directory_key}") == sync
    answer = await admin("sync_user", username, directory_key)
    assert await admin("get_users_by_name", username) == [answer["user"]]
    assert (answer["user"]["directory_key"], answer["user"]["username"]) == (directory_key, username)
    assert answer["message"].startswith(f"{username}: ")
