"""A report under its reference code: a real reader with a real credential on a simulated tenant, started, read and forgotten over HTTP
(B-180, B-181, D-35)."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local.tenant.faults import Throttle
from local.tenant.serving import serve
from sync_core.directory.roles import Role
from sync_core.entra.directories import Directories
from sync_core.services import make_services
from tests.entra.conftest import settings
from tests.http.calls import Served
from tests.http.problem import problem
from tests.management.deployment import SETTINGS
from tests.proof.tenant_world import SALES, STAFF, TenantWorld, id_of, tenant_of
from tests.trash.world import TrashWorld

SECRET = "a-client-secret"
PEOPLE = ("ann", "hal", "ivy", "jon", "kim", "lou")
APP = "11111111-2222-4333-8444-555555555555"

type Line = dict[str, Any]


class World(TenantWorld, TrashWorld):
    """Runs that read the tenant, and what deletes people for good."""


@dataclass
class Office:
    world: World
    client: httpx.AsyncClient

    async def run(self, **params: bool) -> str:
        started = await self.client.post(f"/api/v1/syncs/{self.world.key}/runs", params=params)
        assert started.status_code == 202, started.text
        await self.world.drain()
        return started.json()["reference_code"]

    async def answer(self, reference_code: str) -> httpx.Response:
        return await self.client.get(f"/api/v1/runs/{reference_code}/diagnostics")

    async def report(self, reference_code: str) -> dict[str, list[Line]]:
        """Its lines, by what they tell of."""
        answer = await self.answer(reference_code)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"] == f'attachment; filename="diagnostics-{reference_code}.jsonl"'
        found: dict[str, list[Line]] = {}
        for line in answer.text.splitlines():
            told = json.loads(line)
            found.setdefault(told["line"], []).append(told)
        return found


@pytest.fixture
async def office(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr("sync_core.entra.graph.PAGE_SIZE", 2)
    tenant = tenant_of(PEOPLE, PEOPLE[:3])
    async with serve(tenant, tls=True) as running:
        world = World()
        entra = {"authority_url": running.login_url, "entra_authority_ca": str(running.ca_file), "entra_client_id": APP}
        world.directories = Directories(settings(running.graph_url, entra_client_secret=SECRET, **entra))
        world.running = running
        await world.prepare()
        await world.live_by_its_clock()
        world.key = await world.connect(STAFF, SALES, tenant=tenant.organization.id)
        served = Served(make_services(world.context, SETTINGS), world.clock)
        async with served.client as client:
            client.auth = await served.caller(Role.USER_MANAGER)
            yield Office(world, client)
        await world.directories.close()


async def test_a_report_tells_of_each_request_to_graph_with_status_id_time_and_rows(office: Office) -> None:  # B-180
    office.world.running.faults.add(Throttle(retry_after="2.5", times=1))
    code = await office.run(diagnostics=True)

    report = await office.report(code)
    (run,) = report["run"]
    assert (run["reference_code"], run["state"], run["counts"]["users"]) == (code, "completed", len(PEOPLE))
    asked = report["request"]
    assert [request["status"] for request in asked].count(429) == 1
    assert {request["status"] for request in asked} == {200, 429}
    assert {request["retry_after"] for request in asked} == {"", "2.5"}
    assert all(request["request_id"] and request["seconds"] > 0 for request in asked)
    assert len({request["request_id"] for request in asked}) == len(asked)
    pages = [request["rows"] for request in asked if "transitiveMembers" in request["path"] and request["status"] == 200]
    assert sorted(pages) == [1, 2, 2, 2, 2]
    seen = [seen for seen in office.world.running.requests if not seen.inner and seen.kind not in {"token", "discovery"}]
    assert len(seen) == len(asked)


async def test_a_report_tells_of_each_group_and_of_each_user_with_the_reason(office: Office) -> None:  # B-180, D-10
    await office.run()
    tenant = office.world.running.tenant
    tenant.quit(STAFF, [id_of(tenant, "lou")])
    tenant.update_user(id_of(tenant, "hal"), {"displayName": "Harald"})

    report = await office.report(await office.run(diagnostics=True))

    assert [(group["name"], group["outcome"], group["members"]) for group in report["group"]] == [
        ("Staff", "read", 5),
        ("Sales", "read", 3),
    ]
    decided = {line["object_id"]: line for line in report["decision"]}
    assert {name: decided[id_of(tenant, name)]["decision"] for name in PEOPLE} == {
        "ann": "unchanged", "hal": "update", "ivy": "unchanged", "jon": "unchanged", "kim": "unchanged", "lou": "trash",
    }  # fmt: skip
    assert all(line["reason"] for line in report["decision"])
    assert len(decided) == len(report["decision"])


async def test_a_report_holds_no_secret_no_token_and_no_query_that_tells_of_somebody(office: Office) -> None:  # B-180, B-024
    code = await office.run(diagnostics=True)

    text = (await office.answer(code)).text
    tokens = office.world.running.simulation.tokens
    issued = [*tokens._issued, tokens.static]
    assert len(issued) > 1
    assert not any(secret in text for secret in (SECRET, *issued, "Bearer", "Authorization"))
    report = await office.report(code)
    asked = json.dumps(report["request"] + report["step"])
    assert not any(name in asked.lower() for name in (*PEOPLE, "contoso.example"))
    links = [request["path"] for request in report["request"] if "skiptoken" in request["path"]]
    assert links
    assert all(path.partition("$skiptoken=")[2].startswith("…") for path in links)


async def test_of_somebody_deleted_for_good_a_report_tells_ids_only(office: Office) -> None:  # D-35
    first = await office.run(diagnostics=True)
    tenant = office.world.running.tenant
    ann = id_of(tenant, "ann")
    tenant.update_user(ann, {"displayName": "Annabella"})
    second = await office.run(diagnostics=True)
    tenant.remove_user(ann)
    third = await office.run(diagnostics=True)
    (trashed,) = (await office.client.get("/api/v1/trash")).json()["items"]
    user_id = trashed["user_id"]
    assert "ann@contoso.example" in (await office.answer(second)).text

    assert (await office.client.delete(f"/api/v1/trash/{user_id}")).status_code == 202
    await office.world.drain()

    for code, decision in ((first, "create"), (second, "update"), (third, "trash")):
        text = (await office.answer(code)).text
        assert "ann@contoso.example" not in text
        assert "Ann" not in text
        (line,) = (line for line in (await office.report(code))["decision"] if line["object_id"] == ann)
        assert (line["user_id"], line["username"], line["decision"]) == (user_id, "", decision)
    assert "hal@contoso.example" in (await office.answer(first)).text


async def test_a_run_without_a_report_says_how_to_get_one(office: Office) -> None:
    answer = problem(await office.answer(await office.run()), 404, 40401)
    assert "diagnostics=true" in answer["detail"]
    problem(await office.answer("f" * 32), 404, 40401)
    problem(await office.answer("nonsense"), 404, 40401)
