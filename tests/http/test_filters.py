"""Lists of syncs, groups and runs, filtered."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.syncs import Sync
from sync_core.runs.record import ENDED, Phase, Run, RunKind, State
from sync_core.runs.service import RUNS_LOOKED_THROUGH, Runs
from sync_core.storage.groups import GroupRows
from tests.http.calls import Api
from tests.http.problem import problem
from tests.http.runs import QUEUED
from tests.management.source import guid


async def pages(caller: httpx.AsyncClient, path: str, **params: Any) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    cursor = ""
    while True:
        answer = await caller.get(path, params={**params, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["items"])
        cursor = answer.json()["next_cursor"]
        if not cursor:
            return found


async def add_sync(caller: httpx.AsyncClient, connection_id: str, name: str) -> str:
    made = await caller.post("/api/v1/syncs", json={"connection_id": connection_id, "groups": [guid(0)], "name": name})
    return made.json()["directory_key"]


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_syncs_are_listed_in_pages_and_by_how_their_names_begin(caller: httpx.AsyncClient, connection_id: str, limit: int) -> None:
    keys = {name: await add_sync(caller, connection_id, name) for name in ("Head office", "HEADHUNTERS", "Plant")}
    listed = await pages(caller, "/api/v1/syncs", limit=limit)
    assert [item["directory_key"] for part in listed for item in part] == sorted(keys.values())
    assert max(map(len, listed)) <= limit
    heads = await pages(caller, "/api/v1/syncs", limit=limit, prefix="hEaD")
    assert [item["directory_key"] for part in heads for item in part] == sorted((keys["Head office"], keys["HEADHUNTERS"]))
    assert await pages(caller, "/api/v1/syncs", prefix="ead") == [[]]


async def test_a_cursor_of_another_list_is_no_cursor_of_syncs(caller: httpx.AsyncClient) -> None:
    problem(await caller.get("/api/v1/syncs", params={"cursor": "dXNlcnMvRFUyQTNCNEM1RDZFN0YyRzNINEk"}), 400, 40002)


@pytest.mark.parametrize("limit", [1, 100])
async def test_groups_are_found_by_name_by_sync_and_by_status(api: Api, caller: httpx.AsyncClient, sync: Sync, limit: int) -> None:
    rows = GroupRows(api.deployment.tables)
    for n, (name, kept, status) in enumerate(
        [
            ("Staff", sync.directory_key, GroupStatus.ACTIVE),
            ("STAFF of old", "", GroupStatus.DISABLED),
            ("Sales", sync.directory_key, GroupStatus.DISABLED),
            ("Stars", "DK2A3B4C5D6E7F2G3H4I", GroupStatus.ACTIVE),
        ]
    ):
        await rows.insert(Group(group_id=f"DG2A3B4C5D6E7F2G3H4{n + 2}", name=name, sync=kept, status=status))

    async def found(**params: str) -> list[str]:
        return [group["base_name"] for part in await pages(caller, "/api/v1/groups", limit=limit, **params) for group in part]

    assert await found(prefix="sta") == ["Staff", "STAFF of old", "Stars"]
    assert await found(sync=sync.directory_key) == ["Staff", "Sales"]
    assert await found(status="disabled") == ["STAFF of old", "Sales"]
    assert await found(prefix="s", sync=sync.directory_key, status="active") == ["Staff"]
    assert await found(sync="DK2A3B4C5D6E7F2G3H4I") == []  # of a sync that is not there, whatever its rows say


@pytest.mark.parametrize(
    ("path", "field"), [("groups?status=locked", "status"), ("groups?sync=" + "x" * 21, "sync"), ("syncs?limit=0", "limit")]
)
async def test_a_filter_that_cannot_be_is_refused_by_its_name(caller: httpx.AsyncClient, path: str, field: str) -> None:
    assert problem(await caller.get(f"/api/v1/{path}"), 400, 40002)["field"] == field


async def with_runs(api: Api, sync: Sync, count: int) -> list[Run]:
    """Oldest first: every third one individual, every fourth failed."""
    made: list[Run] = []
    for number in range(count):
        kind = RunKind.FULL if number % 3 else RunKind.INDIVIDUAL
        state = State.COMPLETED if number % 4 else State.FAILED
        at = QUEUED.replace(hour=number // 60, minute=number % 60)
        run = Run(
            run=f"{number:032x}", directory_key=sync.directory_key, fence=1, actor="test", queued_at=at, kind=kind, state=state,
            phase=Phase.ENDED, ended_at=at,
        )  # fmt: skip
        await api.deployment.context.runs.insert(run)
        await api.deployment.context.runs.list_in_history(run)
        made.append(run)
    return made


@pytest.mark.parametrize("limit", [1, 7, 300])
async def test_runs_are_found_by_state_and_kind_each_once_and_newest_first(api: Api, sync: Sync, limit: int) -> None:
    made = await with_runs(api, sync, RUNS_LOOKED_THROUGH * 2 + 5)
    runs = Runs(api.deployment.context)

    async def found(match: Callable[[Run], bool]) -> list[str]:
        codes: list[str] = []
        cursor = ""
        while True:
            part, cursor = await runs.history(sync.directory_key, limit=limit, cursor=cursor, match=match)
            assert len(part) <= limit
            codes += [run.run for run in part]
            if not cursor:
                return codes

    def match(run: Run) -> bool:
        return run.state is State.FAILED and run.kind is RunKind.INDIVIDUAL

    assert await found(match) == [run.run for run in reversed(made) if match(run)]
    assert await found(lambda run: run.state is State.HELD) == []


async def test_runs_are_asked_for_by_state_and_kind_over_http(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:
    made = await with_runs(api, sync, 13)
    api.runs.runs = made
    path = f"/api/v1/syncs/{sync.directory_key}/runs"
    failed = await pages(caller, path, state="failed", kind="individual", limit=1)
    assert [run["reference_code"] for part in failed for run in part] == [f"{number:032x}" for number in (12, 0)]
    full = await pages(caller, path, kind="full")
    assert {run["kind"] for part in full for run in part} == {"full"}
    for wrong in ("state=over", "kind=preview"):
        assert problem(await caller.get(f"{path}?{wrong}"), 400, 40002)["field"] == wrong.partition("=")[0]


async def test_the_last_run_of_a_sync_is_its_newest_full_one(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # B-106
    runs = Runs(api.deployment.context)
    assert await runs.newest(sync.directory_key) is None
    full = await runs.start(sync.directory_key, "test")
    later = Run(
        run="e" * 32, directory_key=sync.directory_key, fence=0, actor="test", queued_at=QUEUED, kind=RunKind.INDIVIDUAL, phase=Phase.ENDED,
    )  # fmt: skip
    await api.deployment.context.runs.insert(later)
    await api.deployment.context.runs.list_in_history(later)
    assert await runs.newest(sync.directory_key) == full
    assert full.state not in ENDED
    await api.services.previews.start(sync, "test")
    assert await runs.newest(sync.directory_key) == full
    api.runs.runs = [full, later]
    shown = (await caller.get(f"/api/v1/syncs/{sync.directory_key}")).json()
    assert shown["last_run"]["reference_code"] == full.run
