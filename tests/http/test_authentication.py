"""Who may call: signed, by a known key, lately, in a role that may (admin-api.md §1, D-34)."""

import base64
from typing import Any

import azure.functions as func
import duo_client  # pyright: ignore[reportMissingTypeStubs], it has none
import httpx
import pytest

from sync_core import ids
from sync_core.directory.roles import Role
from tests.http.calls import HOST, Api, Signed
from tests.http.problem import problem
from triggers.http.app import create_app

USERS = "/api/v1/users"
official: Any = duo_client


@pytest.mark.parametrize("path", [USERS, "/api/v1/syncs/DK2A3B4C5D6E7F2G3H4I", "/api/v1/nowhere", "/api/other", "/api/v1/openapi.json"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_an_unsigned_call_learns_nothing_but_that_it_must_sign(api: Api, method: str, path: str) -> None:
    answer = await api.client.request(method, path, content=b"{" if method == "POST" else None)
    problem(answer, 401, 40101)
    assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_a_signed_call_is_answered(caller: httpx.AsyncClient) -> None:
    answer = await caller.get(USERS)
    assert (answer.status_code, answer.json()) == (200, {"items": [], "next_cursor": None})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_the_whole_path_may_be_signed_too(api: Api) -> None:
    key = await api.services.integrations.create("A script", Role.OWNER)
    answer = await api.client.get(USERS, auth=Signed(*key, api.date, mount="/api"))
    assert answer.status_code == 200


async def test_a_call_behind_a_gateway_is_signed_for_its_public_host(api: Api) -> None:
    key = await api.services.integrations.create("A script", Role.OWNER)
    public = Signed(*key, api.date, host="directory.corp.example")
    problem(await api.client.get(USERS, auth=public), 401, 40103)
    api.put(public_hosts=("directory.corp.example",))
    assert (await api.client.get(USERS, auth=public)).status_code == 200


async def test_an_unknown_key_a_wrong_secret_and_a_changed_query_get_the_same_answer(api: Api) -> None:
    ikey, skey = await api.services.integrations.create("A script", Role.OWNER)
    answers = [
        await api.client.get(USERS, auth=Signed(ids.new_integration_key(), skey, api.date)),
        await api.client.get(USERS, auth=Signed(ikey, skey[::-1], api.date)),
    ]
    signed = next(Signed(ikey, skey, api.date).auth_flow(api.client.build_request("GET", USERS + "?limit=1")))
    answers.append(await api.client.get(USERS + "?limit=2", headers=signed.headers))
    bodies = [problem(answer, 401, 40103) for answer in answers]
    assert bodies[0] == bodies[1] == bodies[2]


async def test_a_changed_body_is_refused_and_changes_nothing(api: Api) -> None:
    key = await api.services.integrations.create("A script", Role.OWNER)
    made = api.client.build_request("POST", "/api/v1/connections", json={"tenant_id": "one"})
    signed = next(Signed(*key, api.date).auth_flow(made))
    before = await api.deployment.rows()
    problem(
        await api.client.post("/api/v1/connections", json={"tenant_id": "two"}, headers={"Authorization": signed.headers["Authorization"]}),
        401,
        40104,
    )
    answer = await api.client.post("/api/v1/connections", content=b'{"tenant_id":"two"}', headers=dict(signed.headers))
    problem(answer, 401, 40103)
    assert await api.deployment.rows() == before


@pytest.mark.parametrize(
    ("date", "code"),
    [("Mon, 23 Nov 2026 12:54:59 -0000", 40105), ("Mon, 23 Nov 2026 13:05:01 -0000", 40105), ("yesterday", 40104), ("", 40104)],
)
async def test_a_date_that_is_old_or_none_is_refused(api: Api, date: str, code: int) -> None:
    key = await api.services.integrations.create("A script", Role.OWNER)
    problem(await api.client.get(USERS, auth=Signed(*key, date)), 401, code)


async def test_a_date_may_come_as_x_duo_date(api: Api) -> None:
    key = await api.services.integrations.create("A script", Role.OWNER)
    signed = next(Signed(*key, api.date).auth_flow(api.client.build_request("GET", USERS)))
    headers = {"Authorization": signed.headers["Authorization"], "X-Duo-Date": api.date, "Date": "Mon, 23 Nov 2020 13:00:00 -0000"}
    assert (await api.client.get(USERS, headers=headers)).status_code == 200


@pytest.mark.parametrize("authorization", ["Basic", "Basic e30=", "Bearer x", "Basic " + base64.b64encode(b"DI:\xff").decode(), "é"])
async def test_credentials_that_cannot_be_read_are_refused(api: Api, authorization: str) -> None:
    problem(await api.client.get(USERS, headers={b"Authorization": authorization.encode()}), 401, 40101)


READ_ROLES = [Role.HELP_DESK, Role.READ_ONLY, Role.SECURITY_ANALYST]
CALLS = [("POST", "/api/v1/connections"), ("POST", "/api/v1/syncs"), ("POST", "/api/v1/syncs/DK2A3B4C5D6E7F2G3H4I/runs")]


@pytest.mark.parametrize("role", READ_ROLES)
@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_a_role_that_may_only_read_sets_up_and_runs_nothing(api: Api, role: Role, method: str, path: str) -> None:  # B-006
    auth = await api.caller(role)
    before = await api.deployment.rows()
    body = problem(await api.client.request(method, path, json={}, auth=auth), 403, 40301)
    assert "Owner, Administrator, User Manager" in body["detail"]
    assert await api.deployment.rows() == before
    assert (await api.client.get("/api/v1/syncs", auth=auth)).status_code == 200


class Capture:
    """A connection that keeps what the official client would send."""

    def __init__(self) -> None:
        self.sent: tuple[str, str, Any, dict[bytes, bytes]] = ("", "", None, {})

    def request(self, method: str, uri: str, body: Any, headers: dict[bytes, bytes]) -> None:
        self.sent = (method, uri, body, headers)

    def getresponse(self) -> "Capture":
        return self

    status = 200

    def read(self) -> bytes:
        return b"{}"

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("method", "params"),
    [("GET", {}), ("GET", {"limit": "5", "cursor": ""}), ("POST", {"name": "Straße", "tenant_id": "8c0f3a7e-52d1-4b0e-9f0a-6a1d2c3b4e5f"})],
)
async def test_the_official_client_gets_in_unchanged(
    api: Api, monkeypatch: pytest.MonkeyPatch, method: str, params: dict[str, str]
) -> None:
    key = await api.services.integrations.create("A script", Role.OWNER)
    path = USERS if method == "GET" else "/api/v1/connections"
    monkeypatch.setattr("email.utils.formatdate", lambda: api.date)
    admin = official.Admin(*key, HOST)
    capture = Capture()
    admin._connect = lambda: capture
    admin.api_call(method, path, params)
    method, uri, body, headers = capture.sent
    answer = await api.client.request(method, uri, content=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text


async def test_a_signed_call_passes_through_the_functions_host_adapter(api: Api) -> None:
    signed = next((await api.caller(Role.OWNER)).auth_flow(api.client.build_request("GET", USERS + "?limit=5&cursor=")))
    request = func.HttpRequest("GET", str(signed.url), headers=dict(signed.headers), body=b"")
    adapter = func.AsgiMiddleware(create_app(api.give))
    answer = await adapter.handle_async(request)
    assert (answer.status_code, answer.get_body()) == (200, b'{"items":[],"next_cursor":null}')
