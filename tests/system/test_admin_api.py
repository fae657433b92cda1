"""The Admin API end to end: the official client, unchanged, against the function host, over plain HTTP and over TLS; and a shell."""

import asyncio
import json
import subprocess
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duo_client  # pyright: ignore[reportMissingTypeStubs], it has none
import httpx
import pytest

from local.install import NODE as NODE_FOLDER
from local.install import VENV
from tests.system.driver import Driver
from tests.system.tls import behind_tls

pytestmark = pytest.mark.asyncio(loop_scope="module")
official: Any = duo_client


def client(driver: Driver, **options: Any) -> Any:
    port = httpx.URL(driver.system.base_url).port
    return official.Admin(driver.system.ikey, driver.system.skey, "127.0.0.1", **({"ca_certs": "HTTP", "port": port} | options))


async def call[R](method: Callable[..., R], *values: Any, **named: Any) -> Any:
    """A method of the client, its generators read to the end."""

    def called() -> Any:
        found: Any = method(*values, **named)
        return list(found) if hasattr(found, "__next__") else found

    return await asyncio.to_thread(called)


async def refused(method: Callable[..., Any], *values: Any, **named: Any) -> tuple[int, int, str]:
    with pytest.raises(RuntimeError) as refusal:
        await call(method, *values, **named)
    error: Any = refusal.value
    return error.status, error.data["code"], error.data["message_detail"]


async def synced(driver: Driver) -> dict[str, Any]:
    """A user that a sync manages, as the tenant has it; the first call syncs two groups."""
    groups = sorted((group for group in await driver.groups() if group["members"] > 20), key=lambda group: group["members"])[:2]
    if not driver.directory_key:
        await driver.connect([group["id"] for group in groups])
        assert (await driver.run())["state"] == "completed"
    return (await driver.control.get("/users", params={"group": groups[0]["id"], "limit": 1})).json()[0]


async def test_a_synced_user_is_shown_with_every_field(driver: Driver) -> None:  # E-17, E-20
    entra = await synced(driver)
    admin = client(driver)
    (user,) = await call(admin.get_users_by_name, entra["userPrincipalName"].upper())
    expected: dict[str, Any] = {
        "username": entra["userPrincipalName"],
        "realname": entra["displayName"],
        "email": entra["mail"],
        "status": "active",
        "external_id": entra["id"],
        "directory_key": driver.directory_key,
        "aliases": {},
        "alias1": None,
        "notes": "",
        "is_enrolled": False,
        "lockout_reason": None,
        "last_login": None,
    }
    assert {field: user[field] for field in expected} == expected
    assert user["user_id"].startswith("DU")
    assert abs(user["created"] - user["last_directory_sync"]) < 60
    (sync,) = await call(admin.json_api_call, "GET", "/admin/v1/users/directorysync", {})
    assert (sync["directory_key"], sync["directory_type"]) == (driver.directory_key, "azure")
    assert user["groups"]
    assert all(group["name"].endswith(f' (from Microsoft Entra ID sync "{sync["name"]}")') for group in user["groups"])
    assert await call(admin.get_user_by_id, user["user_id"]) == user
    assert user in await call(admin.get_user_by_email, entra["mail"])


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", "other"), ("realname", "Other"), ("email", "other@mail.example"), ("status", "disabled")],
)
async def test_what_a_sync_writes_is_refused_by_its_name(driver: Driver, field: str, value: str) -> None:  # B-150, B-153
    admin = client(driver)
    (user,) = await call(admin.get_users_by_name, (await synced(driver))["userPrincipalName"])
    status, code, said = await refused(admin.update_user, user["user_id"], **{field: value})
    assert (status, code) == (400, 40002)
    assert said.startswith(f"{field}: ")
    assert await call(admin.get_user_by_id, user["user_id"]) == user


async def test_what_no_sync_writes_may_be_changed_of_a_synced_user(driver: Driver) -> None:  # B-151, B-152, B-158, B-170
    admin = client(driver)
    (user,) = await call(admin.get_users_by_name, (await synced(driver))["userPrincipalName"])
    changed = await call(admin.update_user, user["user_id"], status="bypass", notes="by hand", alias3="third")
    assert changed == user | {"status": "bypass", "notes": "by hand", "alias3": "third", "aliases": {"alias3": "third"}}
    assert await call(admin.update_user, user["user_id"], status="active", notes="", alias3="") == user
    own, (group, *_) = await call(admin.create_group, "By hand"), user["groups"]
    assert (await refused(admin.delete_user, user["user_id"]))[:2] == (400, 40002)
    assert (await refused(admin.add_user_group, user["user_id"], own["group_id"]))[2].startswith("groups: ")
    assert (await refused(admin.delete_user_group, user["user_id"], group["group_id"]))[2].startswith("members: ")
    assert (await refused(admin.modify_group, group["group_id"], name="Mine"))[2].startswith("name: ")
    assert (await refused(admin.delete_group, group["group_id"]))[:2] == (400, 40002)
    assert (await call(admin.modify_group, group["group_id"], status="active"))["status"] == "Active"  # B-175
    bulk = {"user_id_list": f'["{user["user_id"]}"]'}
    assert (await refused(admin.json_api_call, "POST", "/admin/v1/users/bulk_send_to_trash", bulk))[:2] == (400, 40002)
    await call(admin.delete_group, own["group_id"])


async def test_walks_through_all_users_are_complete_and_without_doubles_while_a_sync_runs(driver: Driver) -> None:
    admin = client(driver)
    await synced(driver)
    before = {user["user_id"] for user in await driver.all("/api/v1/users")}
    (group, *_) = (await driver.get(f"/api/v1/syncs/{driver.directory_key}"))["groups"]
    for number in range(30):
        body = {"name": f"Newcomer {number}", "groups": [group["object_id"]]}
        (await driver.control.post("/users", json=body)).raise_for_status()
    admin.paging_limit = 10
    pages = moments_of_calls(admin)
    started = (await driver.api.post(f"/api/v1/syncs/{driver.directory_key}/runs")).raise_for_status()
    ending = asyncio.create_task(driver.ended(started.headers["Location"]))
    walks: list[list[str]] = []
    while not walks or not ending.done():
        walks.append([user["user_id"] for user in await call(admin.get_users)])
    run = await ending
    begun, ended = (datetime.fromisoformat(run[moment]) for moment in ("queued_at", "ended_at"))
    assert run["state"] == "completed"
    assert sum(begun < asked and answered < ended for asked, answered in pages) >= 3, (begun, ended, pages)
    assert {len(found) - len(set(found)) for found in walks} == {0}
    assert all(before <= set(found) for found in walks)
    after = {user["user_id"] for user in await driver.all("/api/v1/users")}
    assert {user["user_id"] for user in await call(admin.get_users)} == after
    assert len(after) == len(before) + 30


def moments_of_calls(admin: Any) -> list[tuple[datetime, datetime]]:
    """When each call of the client from now on was sent, and when it was answered."""
    moments: list[tuple[datetime, datetime]] = []
    passed_on = admin.api_call

    def timed(*values: Any, **named: Any) -> Any:
        asked = datetime.now(UTC)
        answer = passed_on(*values, **named)
        moments.append((asked, datetime.now(UTC)))
        return answer

    admin.api_call = timed
    return moments


async def test_one_user_is_synced_at_once(driver: Driver) -> None:  # B-110, B-117
    admin = client(driver)
    entra = await synced(driver)
    (await driver.control.patch(f"/users/{entra['id']}", json={"displayName": "New Name"})).raise_for_status()
    answer = await call(admin.sync_user, entra["userPrincipalName"], driver.directory_key)
    assert answer["user"]["realname"] == "New Name"
    assert "updated" in answer["message"]
    assert await call(admin.get_user_by_id, answer["user"]["user_id"]) == answer["user"]
    unknown = await refused(admin.sync_user, "nobody@corp.example", driver.directory_key)
    assert unknown[:2] == (400, 40002)
    assert unknown[2].startswith("username: ")
    assert (await refused(admin.sync_user, entra["userPrincipalName"], "DK2A3B4C5D6E7F2G3H4I"))[:2] == (404, 40401)


async def test_every_group_has_its_users(driver: Driver) -> None:
    admin = client(driver)
    await synced(driver)
    groups = await call(admin.get_groups)
    assert groups == await call(admin.get_groups_generator)
    for group in groups:
        users = await call(admin.get_group_users, group["group_id"])
        assert [user["user_id"] for user in users] == [
            member["user_id"] for member in await driver.all(f"/api/v1/groups/{group['group_id']}/members")
        ]
        assert await call(admin.get_group, group["group_id"], api_version=2) == group
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            assert await call(admin.get_group, group["group_id"]) == group | {"users": users}


@pytest.mark.parametrize(
    ("change", "code"),
    [({"skey": "x" * 40}, 40103), ({"ikey": "DI2A3B4C5D6E7F2G3H4I"}, 40103), ({"ikey": "nobody"}, 40102)],
)
async def test_who_signs_wrongly_is_told_in_the_apis_shape(driver: Driver, change: dict[str, Any], code: int) -> None:
    admin = client(driver)
    for name, value in change.items():
        setattr(admin, name, value)
    assert (await refused(admin.get_users))[:2] == (401, code)


@pytest.mark.parametrize("version", [2, 4, 5])
async def test_every_version_of_the_signature_gets_in(driver: Driver, version: int) -> None:
    admin = client(driver, sig_version=version)
    user = await call(admin.add_user, f"v{version} + ö@corp.example", realname="50 % & more")
    assert await call(admin.get_users_by_name, user["username"]) == [user]
    assert await call(admin.delete_user, user["user_id"]) == ""


@pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS is deprecated:DeprecationWarning")  # the client's own
async def test_the_official_client_comes_over_tls(driver: Driver, tmp_path: Path) -> None:
    async with behind_tls(driver.system.base_url, tmp_path) as (port, authority):
        admin = client(driver, port=port, ca_certs=str(authority))
        admin.host = "localhost"
        summary = await call(admin.get_info_summary)
        assert summary["user_count"] == len(await call(admin.get_users))
        made = await call(admin.create_group, "Over TLS")
        assert await call(admin.delete_group, made["group_id"]) == ""
        admin.skey = "x" * 40
        assert (await refused(admin.get_users))[:2] == (401, 40103)


SHELL = r"""
set -eu
encode() { printf %s "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ \(..\)/%\1/g' | tr a-f A-F; }
date=$(date -u '+%a, %d %b %Y %H:%M:%S -0000')
method=POST path=/admin/v1/users
if [ "$version" = 2 ]; then
  body="notes=a%2Bb&username=$(encode "$username")"
  canonical=$(printf '%s\n%s\n%s\n%s\n%s' "$date" "$method" "$host" "$path" "notes=a%2Bb&username=$username")
  type=application/x-www-form-urlencoded
else
  body="{\"username\":\"$username\",\"notes\":\"a+b\"}"
  nothing=$(printf '' | openssl dgst -sha512 | sed 's/.* //')
  digest=$(printf %s "$body" | openssl dgst -sha512 | sed 's/.* //')
  canonical=$(printf '%s\n%s\n%s\n%s\n\n%s\n%s' "$date" "$method" "$host" "$path" "$digest" "$nothing")
  type=application/json
fi
signature=$(printf %s "$canonical" | openssl dgst -sha512 -hmac "$skey" | sed 's/.* //')
curl -sS -X "$method" -H "Date: $date" -H "Content-Type: $type" -u "$ikey:$signature" --data "$body" "$base$path"
"""


@pytest.mark.parametrize("version", ["2", "5"])
async def test_a_few_lines_of_shell_sign_and_are_accepted(driver: Driver, version: str) -> None:
    username = f"shell{version}"
    variables = {"version": version, "username": username, "base": driver.system.base_url, "host": "127.0.0.1"}
    keys = {"ikey": driver.system.ikey, "skey": driver.system.skey}
    shell = ["env", "-i", "PATH=/usr/bin:/bin", *(f"{name}={value}" for name, value in (variables | keys).items()), "sh", "-c", SHELL]
    done = await asyncio.to_thread(subprocess.run, shell, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    (made,) = await call(client(driver).get_users_by_name, username)
    assert made["notes"] == "a+b", done.stdout
    await call(client(driver).delete_user, made["user_id"])


NODE = r"""
const http = require('http')
const https = require('https')
const { Client } = require('@duosecurity/duo_api')
const { ikey, skey, port, version, username } = process.env
// The client knows TLS on port 443 only; its signature is of the host it was given all the same.
https.request = (options, answered) => http.request({ ...options, host: '127.0.0.1', port }, answered)
const client = new Client(ikey, skey, 'localhost', Number(version))
const call = (method, path, params) => new Promise((resolve) => client.jsonApiCall(method, path, params, resolve))
async function main () {
  const made = await call('POST', '/admin/v1/users', { username, notes: "a+b & c=d (e)!*'", email: 'n@corp.example' })
  const id = made.response.user_id
  const found = await call('GET', '/admin/v1/users', { username, limit: '1' })
  console.log(JSON.stringify({ made, found, gone: await call('DELETE', '/admin/v1/users/' + id, {}) }))
}
main()
"""


@pytest.mark.parametrize("version", ["2", "5"])
async def test_duos_client_for_node_signs_and_is_accepted(driver: Driver, version: str) -> None:
    username = f"node {version} + é"
    variables = {"version": version, "username": username, "port": str(httpx.URL(driver.system.base_url).port)}
    keys = {"ikey": driver.system.ikey, "skey": driver.system.skey, "NODE_PATH": str(NODE_FOLDER / "node_modules")}
    node = [str(VENV / "bin" / "node"), "-e", NODE]
    done = await asyncio.to_thread(subprocess.run, node, env=variables | keys, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["made"]["response"]["username"], said["made"]["response"]["notes"]) == (username, "a+b & c=d (e)!*'")
    assert said["found"]["response"] == [said["made"]["response"]]
    assert said["gone"] == {"stat": "OK", "response": ""}


async def test_a_body_too_long_is_refused_in_the_apis_shape(driver: Driver) -> None:
    answer = await driver.api.post("/admin/v1/users", json={"username": "n" * 2_000_000})
    assert (answer.status_code, answer.json()["stat"], answer.json()["code"]) == (413, "FAIL", 41301)
