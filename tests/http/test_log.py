"""The log and a user's history over HTTP, what each answers and refuses; and a run's lists as files (B-181, D-34)."""

import csv
import io
from datetime import timedelta

import httpx
import msgspec
import pytest

from sync_core.directory.roles import Role
from sync_core.directory.syncs import Sync
from sync_core.planning.changes import Action, Change, Field, Kind
from sync_core.planning.reasons import Reason, Skip
from tests.http.calls import Api
from tests.http.problem import problem
from tests.http.test_runs import started

A_MINUTE = timedelta(minutes=1)


async def made(api: Api, caller: httpx.AsyncClient, *names: str) -> list[str]:
    """User ids of users made a minute apart."""
    user_ids: list[str] = []
    for name in names:
        api.deployment.clock.at += A_MINUTE
        api.client.auth = await api.caller(Role.OWNER)
        user_ids.append((await caller.post("/api/v1/users", json={"username": name})).json()["user_id"])
    return user_ids


async def test_the_log_is_read_in_pages_both_ways_and_filtered(api: Api, caller: httpx.AsyncClient) -> None:
    began = api.deployment.clock.now()
    _, bea, _ = await made(api, caller, "ann", "bea", "cid")
    asked = {"action": "user_create", "limit": "2"}

    first = (await caller.get("/api/v1/log", params=asked)).json()
    rest = (await caller.get("/api/v1/log", params={**asked, "cursor": first["next_cursor"]})).json()
    oldest = (await caller.get("/api/v1/log", params={**asked, "order": "oldest"})).json()
    of_bea = (await caller.get("/api/v1/log", params={"object_id": bea})).json()["items"]
    since = (began + 2 * A_MINUTE).isoformat()
    later = (await caller.get("/api/v1/log", params={**asked, "since": since, "until": (began + 3 * A_MINUTE).isoformat()})).json()

    assert [event["object"] for event in first["items"] + rest["items"]] == ["cid", "bea", "ann"]
    assert rest["next_cursor"] is None
    assert [event["object"] for event in oldest["items"]] == ["ann", "bea"]
    assert [event["object"] for event in later["items"]] == ["bea"]
    (event,) = of_bea
    assert event["actor"].startswith("A script of role Owner (DI")
    assert (event["action"], event["description"], event["reference_code"]) == ("user_create", {"username": "bea"}, "")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"cursor": "x"}, "cursor"),
        ({"since": "2026-11-23"}, "since"),
        ({"since": "2026-11-23T00:00:00Z", "until": "2026-11-22T00:00:00Z"}, "until"),
        ({"action": "user_fly"}, "action"),
        ({"limit": "0"}, "limit"),
    ],
)
async def test_what_the_log_cannot_be_asked_is_refused_by_name(caller: httpx.AsyncClient, asked: dict[str, str], field: str) -> None:
    assert problem(await caller.get("/api/v1/log", params=asked), 400, 40002)["field"] == field


async def test_a_cursor_goes_on_in_the_order_that_gave_it_only(api: Api, caller: httpx.AsyncClient) -> None:
    await made(api, caller, "ann", "bea")
    cursor = (await caller.get("/api/v1/log", params={"limit": "1"})).json()["next_cursor"]

    problem(await caller.get("/api/v1/log", params={"cursor": cursor, "order": "oldest"}), 400, 40002)


async def test_a_call_whose_role_is_too_low_is_told_once_a_minute(api: Api, caller: httpx.AsyncClient) -> None:  # B-006, B-250
    owner = await api.caller(Role.OWNER)
    api.client.auth = await api.caller(Role.READ_ONLY)
    for _ in range(3):
        problem(await caller.post("/api/v1/users", json={"username": "ann"}), 403, 40301)
    api.client.auth = owner

    (denied,) = (await caller.get("/api/v1/log", params={"action": "adminapi_request_denied"})).json()["items"]

    assert denied["actor"].startswith("A script of role Read-only (DI")
    assert denied["description"]["Reason"].startswith("POST /api/v1/users: the role Read-only")


async def test_a_user_s_history_is_newest_first_and_outlives_it(api: Api, caller: httpx.AsyncClient) -> None:
    ann, _ = await made(api, caller, "ann", "bea")
    api.deployment.clock.at += A_MINUTE
    api.client.auth = await api.caller(Role.OWNER)
    await caller.patch(f"/api/v1/users/{ann}", json={"email": "ann@corp.example"})
    address = f"/api/v1/users/{ann}/history"

    pages: list[dict[str, object]] = []
    asked = {"limit": "1"}
    while True:
        page = (await caller.get(address, params=asked)).json()
        pages += page["items"]
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]

    assert [past["actions"] for past in pages] == [["user_update"], ["user_create"]]
    assert pages[0]["fields"] == [{"name": "email", "before": "", "after": "ann@corp.example"}]
    api.deployment.clock.at += A_MINUTE
    api.client.auth = await api.caller(Role.OWNER)
    await caller.delete(f"/api/v1/users/{ann}")
    assert (await caller.get(address)).json()["items"][0]["actions"] == ["user_delete"]
    problem(await caller.get("/api/v1/users/DUAAAAAAAAAAAAAAAAAA/history"), 404, 40401)
    problem(await caller.get("/api/v1/users/x/history"), 404, 40401)


CHANGE = Change(
    kind=Kind.WRITE,
    user_id="DU2A3B4C5D6E7F2G3H4I",
    object_id="3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a",
    username="=cmd|' /C calc'!A0",
    actions=(Action.UPDATE,),
    reason="Entra has other values",
    fields=(Field("email", "-1", "a@x"), Field("notes", "", "two\nlines")),
)


@pytest.mark.parametrize(("params", "headers"), [({"format": "csv"}, {}), ({}, {"Accept": "text/csv;q=0.9, */*"})])
async def test_changes_come_as_csv_that_a_spreadsheet_runs_nothing_of(
    api: Api, caller: httpx.AsyncClient, sync: Sync, params: dict[str, str], headers: dict[str, str]
) -> None:
    code = await started(caller, sync)
    api.runs.changed = [CHANGE] * 1500  # more than are read at a time

    answer = await caller.get(f"/api/v1/runs/{code}/changes", params=params, headers=headers)

    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == f'attachment; filename="changes-{code}.csv"'
    head, *lines = csv.reader(io.StringIO(answer.text, newline=""))
    assert head == ["username", "user_id", "object_id", "actions", "reason", "field", "before", "after"]
    assert len(lines) == 3000
    assert lines[0][0] == "'=cmd|' /C calc'!A0"
    assert lines[0][5:] == ["email", "'-1", "a@x"]
    assert lines[1][5:] == ["notes", "", "two\nlines"]


async def test_skips_come_as_json_lines_and_by_reason(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:
    code = await started(caller, sync)
    skip = Skip(object_id="o", user_id="", username="ann", reason=Reason.SHARED_NAME, detail="")
    api.runs.left_out = [skip, msgspec.structs.replace(skip, username="bea", reason=Reason.EMPTY_USERNAME)]

    answer = await caller.get(
        f"/api/v1/runs/{code}/skips", params={"reason": Reason.EMPTY_USERNAME.value}, headers={"Accept": "application/jsonl"}
    )

    (line,) = answer.text.splitlines()
    assert msgspec.json.decode(line)["username"] == "bea"
    problem(await caller.get(f"/api/v1/runs/{'f' * 32}/skips", params={"format": "csv"}), 404, 40401)
