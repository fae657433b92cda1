"""A full sync end to end: the API, the function host on the real worker library, Azurite, the simulated tenant."""

import math
from typing import Any

import pytest

from tests.system.driver import Driver

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGE = 999


def graph_requests(groups: list[dict[str, Any]]) -> int:
    """The pages of each group's members, for an empty one a look at whether it hides them, and the names of twenty groups at a time."""
    return sum(math.ceil(group["members"] / PAGE) or 2 for group in groups) + math.ceil(len(groups) / 20)


async def test_the_first_run_brings_every_member_of_the_selected_groups(driver: Driver):  # B-032, B-102, B-103
    groups = await driver.groups()
    await driver.connect([group["id"] for group in groups])
    await driver.control.delete("/requests")

    run = await driver.run()

    users = await driver.all("/api/v1/users")
    wanted: set[str] = set()
    for group in groups:
        members = (await driver.control.get("/users", params={"group": group["id"], "limit": 5000})).json()
        wanted |= {member["userPrincipalName"] for member in members}
    assert run["state"] == "completed"
    assert {user["username"] for user in users} == wanted
    assert run["counts"]["users create"] == len(wanted)
    assert run["counts"]["groups"] == len(groups)


async def test_graph_was_asked_exactly_for_the_pages_and_the_groups(driver: Driver):
    (first,) = (await driver.get(f"/api/v1/syncs/{driver.directory_key}/runs"))["items"]
    assert first["requests"]["graph"] == graph_requests(await driver.groups())


async def test_a_run_that_finds_nothing_changed_writes_no_row_of_the_directory(driver: Driver):
    before = await driver.etags()

    run = await driver.run()

    assert run["state"] == "completed"
    assert run["counts"]["changes"] == 0
    assert await driver.etags() == before


async def test_groups_show_the_sync_that_keeps_them(driver: Driver):  # B-171, D-20, E-20
    names = {group["displayName"] for group in await driver.groups()}
    sync = await driver.get(f"/api/v1/syncs/{driver.directory_key}")
    shown = {group["name"] for group in await driver.all("/api/v1/groups")}
    assert shown == {f'{name} (from Microsoft Entra ID sync "{sync["name"]}")' for name in names}


async def test_a_second_start_is_told_the_run_that_goes_on(driver: Driver):  # D-15, B-107
    started = await driver.api.post(f"/api/v1/syncs/{driver.directory_key}/runs")
    again = await driver.api.post(f"/api/v1/syncs/{driver.directory_key}/runs")
    assert (started.status_code, again.status_code) == (202, 409)
    assert again.json()["running"] == started.json()["reference_code"]
    await driver.ended(started.headers["Location"])


async def test_whoever_leaves_every_group_goes_to_trash_after_one_confirmation(driver: Driver):  # B-159, D-11
    (leaver, *_) = (await driver.control.get("/users", params={"limit": 1})).json()
    await driver.control.delete(f"/users/{leaver['id']}")
    run = await driver.run()

    (change,) = await driver.all(f"/api/v1/runs/{run['reference_code']}/changes")
    assert change["actions"] == ["trash"]
    assert change["reason"] == "Entra has no such user any more"
    assert run["requests"]["graph"] == graph_requests(await driver.groups()) + 1
    user = await driver.get(f"/api/v1/users/{change['user_id']}")
    assert user["status"] == "pending deletion"


async def test_throttled_pages_are_asked_again_and_the_run_completes(driver: Driver):
    fault = {"fault": "throttle", "retry_after": "1.5", "times": 4}
    (await driver.control.post("/faults", json=fault)).raise_for_status()

    run = await driver.run()

    assert run["state"] == "completed"
    assert (await driver.control.get("/requests")).json()


async def test_a_group_that_comes_short_makes_the_run_incomplete_and_removes_nobody(driver: Driver):  # D-10
    (group, *_) = (g for g in await driver.groups() if g["members"] > 50)
    fault = {"fault": "missing_rows", "group": group["id"]}
    switched = await driver.control.post("/faults", json=fault)
    assert switched.is_success, switched.text

    run = await driver.run()

    await driver.control.delete("/faults")
    assert run["state"] == "incomplete"
    assert run["counts"]["changes"] == 0


async def test_paths_of_the_admin_api_are_rewritten_as_by_a_gateway_and_other_reserved_ones_are_not_found(driver: Driver):
    reserved = await driver.api.get("/runtime/webhooks")
    assert (reserved.status_code, reserved.content) == (404, b"")
    rewritten = await driver.api.get("/admin/v1/nothing")
    assert (rewritten.status_code, rewritten.json()["code"]) == (404, 40401)
    assert rewritten.json()["message_detail"] == "GET /api/admin/v1/nothing is not served here"
