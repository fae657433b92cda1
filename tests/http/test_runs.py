"""Runs over HTTP: start, follow, cancel, and read what came of it (B-004, D-15, D-21)."""

import httpx
import pytest

from sync_core.directory.roles import Role
from sync_core.directory.syncs import Sync
from sync_core.errors import Misconfigured, Rejected, SyncError, Transient
from sync_core.planning.changes import Action, Change, Field, Kind
from sync_core.planning.reasons import Reason, Skip
from tests.http.calls import Api
from tests.http.problem import problem

UNKNOWN_RUN = "f" * 32


async def started(caller: httpx.AsyncClient, sync: Sync) -> str:
    return (await caller.post(f"/api/v1/syncs/{sync.directory_key}/runs")).json()["reference_code"]


async def test_a_started_run_is_accepted_and_says_where_to_follow_it(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:
    answer = await caller.post(f"/api/v1/syncs/{sync.directory_key}/runs")
    assert answer.status_code == 202
    code = answer.json()["reference_code"]
    assert answer.headers["location"] == f"/api/v1/runs/{code}"
    assert answer.headers["retry-after"] == "2"
    followed = (await caller.get(answer.headers["location"])).json()
    assert followed == answer.json() | {"progress": {"step": "read", "done": 3, "total": 12}}
    assert (followed["state"], followed["phase"], followed["sync_name"], followed["ended_at"]) == ("queued", "begin", "Head office", None)
    assert followed["actor"] == api.runs.runs[0].actor
    assert followed["actor"].startswith("A script of role Owner (DI")


async def test_a_second_run_is_refused_with_the_reference_code_of_the_first(caller: httpx.AsyncClient, sync: Sync) -> None:  # D-15
    code = await started(caller, sync)
    body = problem(await caller.post(f"/api/v1/syncs/{sync.directory_key}/runs"), 409, 40901)
    assert body["running"] == code
    assert code in body["detail"]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Rejected("the sync has no groups", field="groups"), 400, 40002),
        (Transient("storage is busy", retry_after=0.2), 503, 50301),
        (Misconfigured("x" * 20), 500, 50002),
    ],
)
async def test_a_run_that_cannot_start_says_why(
    api: Api, caller: httpx.AsyncClient, sync: Sync, fault: SyncError, status: int, code: int
) -> None:
    api.runs.fault = fault
    assert problem(await caller.post(f"/api/v1/syncs/{sync.directory_key}/runs"), status, code)["detail"] == str(fault)


async def test_a_run_is_cancelled_by_whoever_asks(caller: httpx.AsyncClient, sync: Sync) -> None:  # D-14
    answer = await caller.post(f"/api/v1/runs/{await started(caller, sync)}/cancel")
    assert answer.status_code == 202
    assert answer.json()["state"] == "cancelled"
    assert "A script of role Owner" in answer.json()["reason"]


async def test_whoever_may_only_read_does_not_cancel(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:
    code = await started(caller, sync)
    problem(await api.client.post(f"/api/v1/runs/{code}/cancel", auth=await api.caller(Role.READ_ONLY)), 403, 40301)
    assert (await caller.get(f"/api/v1/runs/{code}")).json()["state"] == "queued"


async def test_runs_are_listed_newest_first_a_page_at_a_time(caller: httpx.AsyncClient, sync: Sync) -> None:
    codes: list[str] = []
    for _ in range(3):
        codes.append(await started(caller, sync))
        await caller.post(f"/api/v1/runs/{codes[-1]}/cancel")
    path = f"/api/v1/syncs/{sync.directory_key}/runs"
    first = (await caller.get(path, params={"limit": 2})).json()
    second = (await caller.get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [run["reference_code"] for run in first["items"] + second["items"]] == codes[::-1]
    assert second["next_cursor"] is None


async def test_skips_are_listed_with_their_reasons(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # B-014
    code = await started(caller, sync)
    api.runs.left_out = [Skip(object_id="o", user_id="", username="u@corp.example", reason=Reason.EMPTY_USERNAME, detail="no name")]
    listed = (await caller.get(f"/api/v1/runs/{code}/skips")).json()
    expected = {
        "object_id": "o",
        "user_id": "",
        "takes": "",
        "username": "u@corp.example",
        "reason": "the username attribute is empty",
        "detail": "no name",
    }
    assert listed == {"items": [expected], "next_cursor": None}


async def test_changes_are_listed_with_their_fields(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:
    code = await started(caller, sync)
    fields = (Field("email", "", "u@corp.example"),)
    change = Change(kind=Kind.WRITE, user_id="DU", object_id="o", username="u", actions=(Action.UPDATE,), reason="differs", fields=fields)
    api.runs.changed = [change] * 2
    listed = (await caller.get(f"/api/v1/runs/{code}/changes", params={"limit": 1})).json()
    expected = {
        "actions": ["update"],
        "object_id": "o",
        "user_id": "DU",
        "username": "u",
        "reason": "differs",
        "fields": [{"name": "email", "before": "", "after": "u@corp.example"}],
    }
    assert listed["items"] == [expected]
    assert listed["next_cursor"]


@pytest.mark.parametrize("reference", [UNKNOWN_RUN, "x", "F" * 32, "%2e%2e", "a%23b"])
@pytest.mark.parametrize("rest", ["", "/skips", "/changes"])
async def test_what_names_no_run_is_not_found(caller: httpx.AsyncClient, reference: str, rest: str) -> None:
    problem(await caller.get(f"/api/v1/runs/{reference}{rest}"), 404, 40401)


async def test_a_run_of_an_unknown_sync_is_not_started(api: Api, caller: httpx.AsyncClient) -> None:
    for key in ("DK2A3B4C5D6E7F2G3H4I", "a%5cb"):
        problem(await caller.post(f"/api/v1/syncs/{key}/runs"), 404, 40401)
    assert api.runs.runs == []


@pytest.mark.parametrize("query", ["limit=0", "limit=301", "limit=x", "cursor=" + "c" * 513])
async def test_a_page_that_cannot_be_is_refused(caller: httpx.AsyncClient, sync: Sync, query: str) -> None:
    code = await started(caller, sync)
    assert problem(await caller.get(f"/api/v1/runs/{code}/skips?{query}"), 400, 40002)["field"] == query.partition("=")[0]
