"""The report of a run: what was asked of Entra, and what was decided of whom (B-180). The real reader on a simulated tenant."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from local.tenant.faults import Denied, MissingRows, Throttle
from sync_core.errors import NotFound
from sync_core.retention.expire import Retention
from sync_core.retention.messages import Expire
from sync_core.runs.diagnostics import Diagnostics
from sync_core.runs.record import Run, State
from sync_core.runs.service import Runs
from sync_core.storage.repeats import RepeatRows
from sync_core.storage.runs import place_of
from tests.proof.tenant_world import ROWS_A_PAGE, SALES, STAFF, TenantWorld, id_of, tenant_of, tenant_world

PEOPLE = tuple(f"user{number:03d}" for number in range(10))


@pytest.fixture
async def here(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TenantWorld]:
    monkeypatch.setattr("sync_core.entra.graph.PAGE_SIZE", ROWS_A_PAGE)
    tenant = tenant_of(PEOPLE, PEOPLE[:3])
    async with tenant_world(tenant) as world:
        world.key = await world.connect(STAFF, SALES, tenant=tenant.organization.id)
        yield world


async def sync(here: TenantWorld, *, diagnostics: bool = True) -> Run:
    here.clock.at += timedelta(minutes=1)
    run = await here.runs.start(here.key, "test", diagnostics=diagnostics)
    await here.drain()
    return await here.context.runs.get(run.run)


async def report(here: TenantWorld, run: Run) -> list[dict[str, Any]]:
    diagnostics = Diagnostics(here.context)
    parts = [part async for part in diagnostics.lines(await diagnostics.begin(run.run))]
    return [json.loads(msgspec.json.encode(line)) for part in parts for line in part]


def of(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["line"] == kind]


async def test_each_request_is_told_with_status_id_time_and_rows(here: TenantWorld):  # B-180
    await sync(here, diagnostics=False)
    here.running.tenant.quit(STAFF, [id_of(here.running.tenant, PEOPLE[9])])
    run = await sync(here)

    requests = of(await report(here, run), "request")
    assert len(requests) == run.requests["graph"]
    assert {(request["status"], request["error"]) for request in requests} == {(200, "")}
    assert len({request["request_id"] for request in requests}) == len(requests)
    assert all(request["request_id"] and request["seconds"] >= 0 for request in requests)
    pages = [request for request in requests if "transitiveMembers" in request["path"]]
    assert sum(request["rows"] for request in pages) == 9 + 3
    named, left = (request for request in requests if request["method"] == "POST")
    assert all(batch["path"].endswith("/$batch") for batch in (named, left))
    assert (named["rows"], named["answers"]) == (2, {"200": 2})  # the groups' names
    assert (left["rows"], left["answers"]) == (2, {"200": 2})  # the one who left, and its groups


async def test_each_user_is_told_with_a_decision_and_its_reason(here: TenantWorld):  # B-180, B-081
    await sync(here, diagnostics=False)
    tenant = here.running.tenant
    tenant.quit(STAFF, [id_of(tenant, PEOPLE[9])])
    run = await sync(here)

    decisions = of(await report(here, run), "decision")
    assert len(decisions) == len(PEOPLE)
    assert all(decision["reason"] for decision in decisions)
    told = {decision["object_id"]: decision["decision"] for decision in decisions}
    assert told == {id_of(tenant, name): "trash" if name == PEOPLE[9] else "unchanged" for name in PEOPLE}


async def test_each_group_is_told_with_how_it_was_read_and_why_it_was_not(here: TenantWorld):  # B-180, D-10
    run = await sync(here)
    staff, sales = of(await report(here, run), "group")
    assert (staff["object_id"], staff["name"], staff["outcome"], staff["detail"]) == (STAFF, "Staff", "read", "")
    assert [(group["attempts"], group["pages"], group["members"]) for group in (staff, sales)] == [(1, 5, 10), (1, 2, 3)]

    here.running.tenant.remove_group(SALES)
    here.running.faults.add(MissingRows(group=STAFF))
    run = await sync(here)
    assert run.state is State.INCOMPLETE
    staff, sales = of(await report(here, run), "group")
    assert (staff["outcome"], staff["attempts"], sales["outcome"]) == ("unread", 2, "gone")
    assert "it has 10 members, but only" in staff["detail"]
    assert "404" in sales["detail"]


async def test_a_group_that_the_run_did_not_come_to_is_told_as_such(here: TenantWorld):  # B-180
    here.running.faults.add(Denied())
    run = await sync(here)
    assert run.state is State.FAILED
    assert {group["outcome"] for group in of(await report(here, run), "group")} == {"not read to its end"}


async def test_no_request_tells_of_a_person_or_a_secret(here: TenantWorld):  # B-180
    run = await sync(here)
    lines = await report(here, run)
    asked = json.dumps(of(lines, "request") + of(lines, "step"))
    assert here.running.token not in json.dumps(lines)
    assert "contoso.example" not in asked
    assert not any(name in asked for name in PEOPLE)
    assert "$skiptoken=\\u2026" in asked  # opaque, and perhaps of somebody
    assert "$select=" in asked


async def test_a_throttled_request_tells_how_long_to_wait_and_is_told_again(here: TenantWorld):
    here.running.faults.add(Throttle(retry_after="7.5", times=1))
    run = await sync(here)

    assert run.state is State.COMPLETED
    requests = of(await report(here, run), "request")
    assert len(requests) == run.requests["graph"]
    (refused,) = (request for request in requests if request["status"] == 429)
    assert refused["retry_after"] == "7.5"
    assert "429" in refused["error"]


async def test_a_run_that_fails_tells_what_entra_said_without_having_been_asked_to(here: TenantWorld):
    here.running.faults.add(Denied())
    run = await sync(here, diagnostics=False)

    assert run.state is State.FAILED
    lines = await report(here, run)
    refused = of(lines, "request")
    assert {request["status"] for request in refused} == {403}
    assert all(request["request_id"] for request in refused)
    assert "Authorization_RequestDenied" in refused[-1]["error"]


async def test_a_run_without_diagnostics_that_does_well_keeps_no_report(here: TenantWorld):
    run = await sync(here, diagnostics=False)
    with pytest.raises(NotFound, match="diagnostics=true"):
        await report(here, run)


async def test_a_message_that_is_delivered_again_changes_no_report(here: TenantWorld):
    run = await here.runs.start(here.key, "test", diagnostics=True)
    assert await here.deliver_one()  # begin
    (first, *_) = here.queues.receive("sync-read")
    await here.handle("sync-read", first.body)
    diagnostics = here.context.diagnostics
    before = [one async for one in diagnostics.reports(run.run)]
    await here.handle("sync-read", first.body)
    assert [one async for one in diagnostics.reports(run.run)] == before
    assert len(before) == 1


async def test_a_report_is_kept_as_long_as_changes_are(here: TenantWorld):  # D-35
    run = await sync(here)
    c = here.context
    retention = Retention(c, RepeatRows(c.tables))

    here.clock.at += timedelta(days=89)
    await retention(Expire(of="changes", name=here.key, start=place_of(here.clock.now() - timedelta(days=90))))
    assert await report(here, run)
    here.clock.at += timedelta(days=2)
    await retention(Expire(of="changes", name=here.key, start=place_of(here.clock.now() - timedelta(days=90))))
    with pytest.raises(NotFound, match="90 days"):
        await report(here, run)
    assert (await Runs(c).view(run.run))[0].diagnostics
