"""Phones of users over HTTP, the sources that a sync imports them from, and the count of users without a device."""

from typing import Any

import httpx
import pytest

from sync_core import ids
from sync_core.directory.phones import Phone, Slot
from sync_core.directory.roles import Role
from sync_core.directory.syncs import Sync
from sync_core.directory.users import Hold, User
from sync_core.storage.users import Edit, UserRows
from tests.http.calls import Api
from tests.http.problem import problem
from tests.management.source import TENANT, guid

USERS, SYNCS = "/api/v1/users", "/api/v1/syncs"


@pytest.fixture
async def path(caller: httpx.AsyncClient) -> str:
    """The phones of a user that no sync manages."""
    answer = await caller.post(USERS, json={"username": "ann"})
    return f"{USERS}/{answer.json()['user_id']}/phones"


async def imported(api: Api, sync: Sync) -> tuple[str, Phone]:
    """The phones of a user whose only one this sync has brought."""
    hold = Hold(tenant_id=TENANT, object_id=guid(5))
    phone = Phone(phone_id=ids.new_phone_id(), number="+442079460316", slot=Slot.PRIMARY, sync=sync.directory_key)
    user = User(user_id=ids.new_user_id(), username="synced@corp.example", phones=(phone,), held_by={sync.directory_key: hold})
    await UserRows(api.deployment.tables).amend([Edit(None, user)])
    return f"{USERS}/{user.user_id}/phones", phone


async def test_a_phone_is_added_read_changed_and_deleted(caller: httpx.AsyncClient, path: str) -> None:
    answer = await caller.post(path, json={"number": "734-555-9870 x12", "name": "desk"})
    assert answer.status_code == 201
    location, phone = answer.headers["location"], answer.json()
    expected = {"number": "+17345559870", "extension": "12", "name": "desk", "type": "Landline", "platform": "Generic Smartphone"}
    assert phone.items() >= (expected | {"activated": False, "directory_key": None, "slot": None}).items()
    read = await caller.get(location)
    assert (read.json(), read.headers["etag"]) == (phone, answer.headers["etag"])
    assert (await caller.get(path)).json() == {"items": [phone]}

    patch = {"number": "+44 20 7946 0316", "name": None, "type": "Mobile", "predelay": "5"}
    changed = await caller.patch(location, json=patch, headers={"If-Match": read.headers["etag"]})
    assert changed.status_code == 200
    after = {"number": "+442079460316", "extension": "", "name": "", "type": "Mobile", "predelay": "5"}
    assert changed.json() == phone | after

    problem(await caller.delete(location, headers={"If-Match": read.headers["etag"]}), 412, 41201)
    assert (await caller.delete(location)).status_code == 204
    problem(await caller.get(location), 404, 40401)
    problem(await caller.patch(location, json={"name": "x"}), 404, 40401)
    assert (await caller.get(path)).json() == {"items": []}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"number": "none"}, "number"),
        ({"number": "0" * 65}, "number"),
        ({"number": 7345559870}, "number"),
        ({"extension": "1"}, "extension"),
        ({"type": "Fax"}, "type"),
        ({"name": "n" * 129}, "name"),
        ({"predelay": "soon"}, "predelay"),
        ({"activated": True}, "activated"),
    ],
)
async def test_a_phone_that_cannot_be_is_refused_by_its_field(
    caller: httpx.AsyncClient, path: str, body: dict[str, Any], field: str
) -> None:
    assert problem(await caller.post(path, json=body), 400, 40002)["field"] == field
    assert (await caller.get(path)).json() == {"items": []}


@pytest.mark.parametrize("user_id", ["DU2A3B4C5D6E7F2G3H4I", "nobody", "x"])
async def test_the_phones_of_nobody_are_not_found(caller: httpx.AsyncClient, user_id: str) -> None:
    problem(await caller.get(f"{USERS}/{user_id}/phones"), 404, 40401)
    problem(await caller.post(f"{USERS}/{user_id}/phones", json={}), 404, 40401)


async def test_whoever_may_only_read_changes_no_phone(api: Api, path: str) -> None:  # D-34
    api.client.auth = await api.caller(Role.READ_ONLY)
    assert (await api.client.get(path)).status_code == 200
    problem(await api.client.post(path, json={"number": "734-555-9870"}), 403, 40301)


async def test_an_imported_phone_cannot_be_changed_and_says_whose_it_is(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # B-076
    await caller.patch(f"{SYNCS}/{sync.directory_key}", json={"mapping": {"phones": {}}})
    path, phone = await imported(api, sync)

    (shown,) = (await caller.get(path)).json()["items"]
    assert (shown["directory_key"], shown["slot"]) == (sync.directory_key, "primary")
    refusal = problem(await caller.patch(f"{path}/{phone.phone_id}", json={"name": "mine"}), 400, 40002)
    assert (refusal["field"], "Head office" in refusal["detail"]) == ("phones", True)
    problem(await caller.delete(f"{path}/{phone.phone_id}"), 400, 40002)


async def test_a_phone_of_a_deleted_sync_is_nobodys_but_its_users(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # B-142
    path, phone = await imported(api, sync)
    await caller.delete(f"{SYNCS}/{sync.directory_key}")

    (shown,) = (await caller.get(path)).json()["items"]
    assert (shown["directory_key"], shown["slot"]) == (None, None)
    assert (await caller.delete(f"{path}/{phone.phone_id}")).status_code == 204


async def test_importing_phones_is_switched_on_changed_and_switched_off(caller: httpx.AsyncClient, sync: Sync) -> None:  # B-070, B-071
    path = f"{SYNCS}/{sync.directory_key}"

    async def saved(phones: object) -> object:
        answer = await caller.patch(path, json={"mapping": {"phones": phones}})
        assert answer.status_code == 200, answer.text
        return answer.json()["mapping"]["phones"]

    assert (await caller.get(path)).json()["mapping"]["phones"] is None
    assert await saved({}) == {"primary": "businessPhones", "secondary": "mobilePhone"}
    assert await saved({"secondary": ""}) == {"primary": "businessPhones", "secondary": ""}
    assert await saved({"primary": "mobilePhone"}) == {"primary": "mobilePhone", "secondary": ""}
    assert await saved({"secondary": None}) == {"primary": "mobilePhone", "secondary": "mobilePhone"}
    assert await saved(None) is None


@pytest.mark.parametrize("phones", [{"primary": ""}, {"primary": "manager"}, {"primary": "mail", "secondary": "manager"}])
async def test_a_source_that_cannot_be_is_refused_by_its_place(
    caller: httpx.AsyncClient, sync: Sync, connection_id: str, phones: dict[str, str]
) -> None:  # B-071
    field = "mapping.phones.secondary" if len(phones) > 1 else "mapping.phones.primary"
    body = {"connection_id": connection_id, "groups": [guid(0)], "name": "Another", "mapping": {"phones": phones}}

    assert problem(await caller.post(SYNCS, json=body), 400, 40002)["field"] == field
    patch = {"mapping": {"phones": phones}}
    assert problem(await caller.patch(f"{SYNCS}/{sync.directory_key}", json=patch), 400, 40002)["field"] == field


async def test_a_sync_is_made_with_phones(caller: httpx.AsyncClient, connection_id: str) -> None:  # B-071
    body = {"connection_id": connection_id, "groups": [guid(0)], "mapping": {"phones": {"secondary": ""}}, "name": "Another"}

    made = (await caller.post(SYNCS, json=body)).json()

    assert made["mapping"]["phones"] == {"primary": "businessPhones", "secondary": ""}


async def test_users_are_counted_and_those_without_a_device(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # B-078
    for n, status in enumerate(("active", "active", "bypass", "disabled")):
        await caller.post(USERS, json={"username": f"user{n}", "status": status})
    path, phone = await imported(api, sync)
    rows = UserRows(api.deployment.tables)
    summary = (await caller.get("/api/v1/summary")).json()
    assert summary == {"users": 5, "users_by_status": {"active": 3, "bypass": 1, "disabled": 1}, "users_without_device": 3}

    def activated(user: User) -> User:
        return User(user_id=user.user_id, username=user.username, phones=(Phone(phone_id=phone.phone_id, activated=True),))

    await rows.change(path.split("/")[4], activated)
    assert (await caller.get("/api/v1/summary")).json()["users_without_device"] == 2
