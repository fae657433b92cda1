"""Users and groups made, changed and deleted over HTTP (B-150..B-175, D-24, D-34)."""

from typing import Any

import httpx
import pytest

from sync_core import ids
from sync_core.directory.groups import Group
from sync_core.directory.roles import Role
from sync_core.directory.syncs import Sync
from sync_core.directory.users import Hold, Status, User
from sync_core.storage.groups import GroupRows
from sync_core.storage.users import Edit, UserRows
from tests.http.calls import Api
from tests.http.problem import problem
from tests.management.source import TENANT, guid

USERS, GROUPS, IMPORT = "/api/v1/users", "/api/v1/groups", "/api/v1/users/import"
CSV = {"Content-Type": "text/csv; charset=utf-8"}


async def made(caller: httpx.AsyncClient, path: str = USERS, **body: object) -> dict[str, Any]:
    answer = await caller.post(path, json=body or {"username": "ann"})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def held(api: Api, sync: Sync, status: Status = Status.ACTIVE) -> str:
    hold = Hold(tenant_id=TENANT, object_id=guid(5))
    user = User(user_id=ids.new_user_id(), username="synced@corp.example", status=status, held_by={sync.directory_key: hold})
    await UserRows(api.deployment.tables).amend([Edit(None, user)])
    return f"{USERS}/{user.user_id}"


async def test_a_user_is_made_read_changed_and_deleted(caller: httpx.AsyncClient) -> None:
    body = {"username": "ann", "realname": "Ann", "aliases": {"1": "a", "2": "b"}, "status": "bypass", "notes": "n"}
    answer = await caller.post(USERS, json=body)
    assert answer.status_code == 201
    location, etag = answer.headers["location"], answer.headers["etag"]
    read = await caller.get(location)
    assert (read.json(), read.headers["etag"]) == (answer.json(), etag)
    assert answer.json().items() >= body.items()

    patch = {"realname": None, "aliases": {"1": None, "3": "c"}, "status": "active"}
    changed = await caller.patch(location, json=patch, headers={"If-Match": etag})
    assert changed.status_code == 200
    expected = {"realname": "", "aliases": {"2": "b", "3": "c"}, "status": "active", "notes": "n"}
    assert changed.json().items() >= expected.items()
    assert changed.headers["etag"] != etag
    assert (await caller.patch(location, json={"aliases": None})).json()["aliases"] == {}

    assert (await caller.delete(location)).status_code == 204
    problem(await caller.get(location), 404, 40401)
    problem(await caller.delete(location), 404, 40401)


async def test_a_merge_patch_may_be_sent_under_its_own_media_type(caller: httpx.AsyncClient) -> None:  # RFC 7396
    user = await made(caller)
    headers = {"Content-Type": "application/merge-patch+json"}
    answer = await caller.patch(f"{USERS}/{user['user_id']}", content=b'{"notes": "n"}', headers=headers)
    assert (answer.status_code, answer.json()["notes"]) == (200, "n")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_what_somebody_else_changed_meanwhile_is_left(caller: httpx.AsyncClient, sync: Sync, method: str) -> None:
    user, group = await made(caller), await made(caller, GROUPS, name="Friends")
    for path, patch in (
        (f"{USERS}/{user['user_id']}", {"notes": "n"}),
        (f"{GROUPS}/{group['group_id']}", {"description": "d"}),
    ):
        seen = (await caller.get(path)).headers["etag"]
        now = (await caller.patch(path, json=patch)).headers["etag"]
        body: dict[str, Any] = {"json": {"status": "disabled"}} if method == "PATCH" else {}
        for stale in (seen, f"W/{now}", '"x", "y"'):
            problem(await caller.request(method, path, headers={"If-Match": stale}, **body), 412, 41201)
        assert problem(await caller.request(method, path, headers={"If-Match": "x"}, **body), 400, 40002)["field"] == "If-Match"
        assert (await caller.get(path)).headers["etag"] == now
        assert (await caller.request(method, path, headers={"If-Match": f'"x", {now}'}, **body)).is_success
    assert (await caller.get(f"/api/v1/syncs/{sync.directory_key}")).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "username"),
        ({"username": " "}, "username"),
        ({"username": 7}, "username"),
        ({"username": "n" * 257}, "username"),
        ({"username": "x", "aliases": {"9": "a"}}, "aliases"),
        ({"username": "x", "aliases": {"1": "a\nb"}}, "aliases.1"),
        ({"username": "x", "aliases": ["a"]}, "aliases"),
        ({"username": "x", "status": "pending deletion"}, "status"),
        ({"username": "x", "groups": []}, "groups"),
        ({"username": "x", "notes": "n" * 513}, "notes"),
    ],
)
async def test_a_user_that_cannot_be_is_refused_by_its_field(caller: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    assert problem(await caller.post(USERS, json=body), 400, 40002)["field"] == field
    assert (await caller.get(USERS)).json()["items"] == []


@pytest.mark.parametrize(
    ("patch", "field"), [({"username": None}, "username"), ({"status": None}, "status"), ({"user_id": "x"}, "user_id")]
)
async def test_a_patch_that_cannot_be_is_refused_by_its_field(caller: httpx.AsyncClient, patch: dict[str, Any], field: str) -> None:
    user = await made(caller)
    assert problem(await caller.patch(f"{USERS}/{user['user_id']}", json=patch), 400, 40002)["field"] == field
    assert (await caller.get(f"{USERS}/{user['user_id']}")).json() == user


async def test_a_name_that_is_in_use_is_refused_with_whose_it_is(caller: httpx.AsyncClient) -> None:  # D-03, E-17
    ann, bea = await made(caller), await made(caller, username="bea")
    for answer in (
        await caller.post(USERS, json={"username": "cid", "aliases": {"4": "ANN"}}),
        await caller.patch(f"{USERS}/{bea['user_id']}", json={"aliases": {"4": "Ann"}}),
    ):
        body = problem(answer, 409, 40903)
        assert body["field"] == "aliases.4"
        assert ann["user_id"] in body["detail"]


async def test_a_synced_user_is_refused_by_field_and_sync(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # B-150..B-153, B-158
    path = await held(api, sync)
    for patch, field in (({"email": "x"}, "email"), ({"status": "disabled"}, "status"), ({"notes": "n", "realname": "x"}, "realname")):
        body = problem(await caller.patch(path, json=patch), 400, 40002)
        assert body["field"] == field
        assert '"Head office"' in body["detail"]
    assert '"Head office"' in problem(await caller.delete(path), 400, 40002)["detail"]
    changed = (await caller.patch(path, json={"status": "bypass", "notes": "n", "aliases": {"1": "a"}})).json()
    assert (changed["status"], changed["notes"], changed["aliases"]) == ("bypass", "n", {"1": "a"})


async def test_a_user_in_trash_is_read_only(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # D-24
    path = await held(api, sync, Status.PENDING_DELETION)
    for answer in (await caller.patch(path, json={"notes": "n"}), await caller.delete(path)):
        assert "Trash" in problem(answer, 400, 40002)["detail"]


async def test_a_group_and_its_members_by_hand(caller: httpx.AsyncClient) -> None:
    answer = await caller.post(GROUPS, json={"name": "Friends", "description": "of ours"})
    assert answer.status_code == 201
    path, group = answer.headers["location"], answer.json()
    assert (group["name"], group["base_name"], group["status"], group["directory_key"]) == ("Friends", "Friends", "active", None)
    users = [await made(caller, username=f"user{number}") for number in range(3)]
    for user in users:
        assert (await caller.put(f"{path}/members/{user['user_id']}")).status_code == 204
    listed = sorted(({"user_id": user["user_id"], "username": user["username"]} for user in users), key=lambda user: user["user_id"])
    first = (await caller.get(f"{path}/members", params={"limit": 2})).json()
    second = (await caller.get(f"{path}/members", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert first["items"] + second["items"] == listed
    assert second["next_cursor"] is None
    assert (await caller.get(f"{USERS}/{users[0]['user_id']}")).json()["groups"] == [group["group_id"]]

    assert (await caller.delete(f"{path}/members/{users[0]['user_id']}")).status_code == 204
    changed = await caller.patch(path, json={"name": "Family", "description": None, "status": "bypass"})
    assert (changed.json()["name"], changed.json()["description"], changed.json()["status"]) == ("Family", "", "bypass")
    assert (await caller.delete(path)).status_code == 204
    problem(await caller.get(f"{path}/members"), 404, 40401)
    assert (await caller.get(f"{USERS}/{users[1]['user_id']}")).json()["groups"] == []


async def test_a_synced_group_takes_a_status_and_nothing_else(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # B-170, B-175
    kept = Group(group_id=sync.groups[0].group_id, name="Staff", sync=sync.directory_key, object_id=guid(0))
    await GroupRows(api.deployment.tables).insert(kept)
    path, user = f"{GROUPS}/{kept.group_id}", await made(caller)

    assert (await caller.patch(path, json={"status": "disabled"})).json()["status"] == "disabled"
    for answer, field in (
        (await caller.patch(path, json={"name": "x"}), "name"),
        (await caller.put(f"{path}/members/{user['user_id']}"), "members"),
        (await caller.delete(f"{path}/members/{user['user_id']}"), "members"),
    ):
        body = problem(answer, 400, 40002)
        assert body["field"] == field
        assert '"Head office"' in body["detail"]
    problem(await caller.delete(path), 400, 40002)


async def test_a_managed_user_is_not_mixed_into_a_group_by_hand(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # B-173
    user, group = await held(api, sync), await made(caller, GROUPS, name="Friends")
    answer = await caller.put(f"{GROUPS}/{group['group_id']}/members/{user.rpartition('/')[2]}")
    assert problem(answer, 400, 40002)["field"] == "groups"


async def test_a_deleted_sync_leaves_its_users_and_groups_as_they_are(
    api: Api, caller: httpx.AsyncClient, sync: Sync
) -> None:  # B-140, B-143
    user, path = await held(api, sync), f"/api/v1/syncs/{sync.directory_key}"
    kept = Group(group_id=sync.groups[0].group_id, name="Staff", sync=sync.directory_key, object_id=guid(0))
    await GroupRows(api.deployment.tables).insert(kept)
    etag = (await caller.get(path)).headers["etag"]
    problem(await caller.delete(path, headers={"If-Match": '"another"'}), 412, 41201)

    assert (await caller.delete(path, headers={"If-Match": etag})).status_code == 204

    problem(await caller.get(path), 404, 40401)
    problem(await caller.delete(path), 404, 40401)
    assert (await caller.get("/api/v1/syncs")).json()["items"] == []
    group = (await caller.get(f"{GROUPS}/{kept.group_id}")).json()
    assert (group["name"], group["directory_key"], group["object_id"]) == ('Staff (formerly from "Head office")', None, None)
    assert (await caller.get(GROUPS)).json()["items"] == [group]
    assert (await caller.get(user)).json()["syncs"] == []
    assert (await caller.patch(user, json={"username": "free"})).json()["username"] == "free"
    assert (await caller.delete(user)).status_code == 204


async def test_a_csv_file_is_told_and_then_imported(caller: httpx.AsyncClient) -> None:  # B-079
    await made(caller)
    content = b"username,email,alias1\nann,ann@corp.example,\nbea,,ann\ncid,,c\n"
    told = (await caller.post(IMPORT, content=content, headers=CSV, params={"dry_run": "true"})).json()
    assert told["dry_run"] is True
    assert len((await caller.get(USERS)).json()["items"]) == 1
    done = (await caller.post(IMPORT, content=content, headers=CSV)).json()
    for lines in (told["lines"], done["lines"]):
        assert [(line["line"], line["outcome"]) for line in lines] == [(2, "updated"), (3, "refused"), (4, "created")]
        assert lines[0]["fields"] == ["email"]
        assert "ann belongs to ann (DU" in lines[1]["reason"]
    assert {user["username"] for user in (await caller.get(USERS)).json()["items"]} == {"ann", "cid"}


async def test_a_file_that_is_no_csv_or_too_large_is_refused(caller: httpx.AsyncClient) -> None:
    problem(await caller.post(IMPORT, content=b"name\nann\n", headers=CSV), 400, 40002)
    assert problem(await caller.post(IMPORT, json={"username": "ann"}), 400, 40002)["field"] == "Content-Type"
    problem(await caller.post(IMPORT, content=b"username\n" + b" " * 1024 * 1024, headers=CSV), 413, 41301)
    assert (await caller.get(USERS)).json()["items"] == []


WRITES = [
    ("POST", USERS),
    ("POST", IMPORT),
    ("PATCH", f"{USERS}/DU2A3B4C5D6E7F2G3H4I"),
    ("DELETE", f"{USERS}/DU2A3B4C5D6E7F2G3H4I"),
    ("POST", GROUPS),
    ("PATCH", f"{GROUPS}/DG2A3B4C5D6E7F2G3H4I"),
    ("DELETE", f"{GROUPS}/DG2A3B4C5D6E7F2G3H4I"),
    ("PUT", f"{GROUPS}/DG2A3B4C5D6E7F2G3H4I/members/DU2A3B4C5D6E7F2G3H4I"),
    ("DELETE", f"{GROUPS}/DG2A3B4C5D6E7F2G3H4I/members/DU2A3B4C5D6E7F2G3H4I"),
    ("DELETE", "/api/v1/syncs/DK2A3B4C5D6E7F2G3H4I"),
]


@pytest.mark.parametrize("role", [Role.HELP_DESK, Role.READ_ONLY, Role.APPLICATION_MANAGER])
@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_role_that_may_not_manage_users_changes_nothing(api: Api, role: Role, method: str, path: str) -> None:  # B-250, D-34
    answer = await api.client.request(method, path, json={}, auth=await api.caller(role))
    assert "Owner, Administrator, User Manager" in problem(answer, 403, 40301)["detail"]


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path in WRITES if "DU2" in path or "DG2" in path or "DK2" in path])
async def test_what_is_not_there_is_not_changed(caller: httpx.AsyncClient, method: str, path: str) -> None:
    body: dict[str, Any] = {"json": {"status": "active"}} if method == "PATCH" else {}
    problem(await caller.request(method, path, **body), 404, 40401)
