"""A tenant connected, a sync set up, run and read again, all through the API, over the real services in memory."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from sync_core.directory.roles import Role
from sync_core.services import make_services
from tests.http.calls import Served
from tests.http.problem import problem
from tests.management.deployment import SETTINGS
from tests.management.source import guid
from tests.runs.world import World

STAFF, SALES = guid(101), guid(102)


class Whole:
    def __init__(self, world: World, client: httpx.AsyncClient) -> None:
        self.world = world
        self.client = client

    async def get(self, path: str, **params: str | int) -> dict[str, Any]:
        answer = await self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def all(self, path: str, limit: int) -> list[dict[str, Any]]:
        """A list, read page by page."""
        items: list[dict[str, Any]] = []
        page = await self.get(path, limit=limit)
        while True:
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            page = await self.get(path, limit=limit, cursor=page["next_cursor"])

    async def set_up(self, *groups: str) -> str:
        connection = await self.client.post("/api/v1/connections", json={"tenant_id": self.world.source.tenant})
        body = {"connection_id": connection.json()["connection_id"], "groups": groups, "mapping": {"aliases": {"1": "mailNickname"}}}
        return (await self.client.post("/api/v1/syncs", json=body)).json()["directory_key"]

    async def run(self, key: str) -> dict[str, Any]:
        started = await self.client.post(f"/api/v1/syncs/{key}/runs")
        await self.world.drain()
        return await self.get(started.headers["location"])


@pytest.fixture
async def whole():
    world = World()
    await world.prepare()
    served = Served(make_services(world.context, SETTINGS), world.clock)
    async with served.client as client:
        client.auth = await served.caller(Role.USER_MANAGER)
        yield Whole(world, client)


async def test_members_of_the_selected_groups_are_users_once_the_run_has_ended(whole: Whole) -> None:  # B-032, B-102
    for number in range(12):
        whole.world.source.hire(f"user{number}@corp.example", STAFF, SALES)
    key = await whole.set_up(STAFF, SALES)

    started = await whole.client.post(f"/api/v1/syncs/{key}/runs")
    second = problem(await whole.client.post(f"/api/v1/syncs/{key}/runs"), 409, 40901)
    assert second["running"] == started.json()["reference_code"] == (await whole.get(f"/api/v1/syncs/{key}"))["running"]
    await whole.world.drain()

    run = await whole.get(started.headers["location"])
    assert (run["state"], run["phase"], run["sync_name"]) == ("completed", "ended", "Acme")
    users = await whole.all("/api/v1/users", limit=5)
    assert {user["username"] for user in users} == {f"user{number}@corp.example" for number in range(12)}
    groups = {group["group_id"]: group["name"] for group in await whole.all("/api/v1/groups", limit=1)}
    assert {name.endswith('(from Microsoft Entra ID sync "Acme")') for name in groups.values()} == {True}
    assert {frozenset(user["groups"]) for user in users} == {frozenset(groups)}
    changes = await whole.all(f"/api/v1/runs/{run['reference_code']}/changes", limit=5)
    assert {change["user_id"] for change in changes} == {user["user_id"] for user in users}
    shown = await whole.get(f"/api/v1/syncs/{key}")
    assert (shown["running"], shown["last_run"]["reference_code"]) == (None, run["reference_code"])


async def test_those_left_out_are_listed_with_the_reason(whole: Whole) -> None:  # B-013, B-014
    for number in range(7):
        whole.world.source.hire(f"user{number}@corp.example", STAFF, mailNickname="same")
    run = await whole.run(await whole.set_up(STAFF))
    skips = await whole.all(f"/api/v1/runs/{run['reference_code']}/skips", limit=3)
    assert {skip["username"] for skip in skips} == {f"user{number}@corp.example" for number in range(7)}
    assert {skip["reason"] for skip in skips} == {"a username or alias belongs to several users of the source"}


async def test_runs_are_listed_newest_first(whole: Whole) -> None:
    whole.world.source.hire("user@corp.example", STAFF)
    key = await whole.set_up(STAFF)
    codes: list[str] = []
    for _ in range(3):
        codes.append((await whole.run(key))["reference_code"])
        whole.world.clock.at += timedelta(seconds=30)
    listed = await whole.all(f"/api/v1/syncs/{key}/runs", limit=2)
    assert [run["reference_code"] for run in listed] == codes[::-1]


async def test_a_cancelled_run_ends_and_is_not_cancelled_twice(whole: Whole) -> None:  # D-14
    whole.world.source.hire("user@corp.example", STAFF)
    key = await whole.set_up(STAFF)
    location = (await whole.client.post(f"/api/v1/syncs/{key}/runs")).headers["location"]
    assert (await whole.client.post(f"{location}/cancel")).status_code == 202
    await whole.world.drain()
    assert (await whole.get(location))["state"] == "cancelled"
    problem(await whole.client.post(f"{location}/cancel"), 400, 40002)


async def test_a_cursor_of_another_list_is_refused(whole: Whole) -> None:
    for number in range(3):
        whole.world.source.hire(f"user{number}@corp.example", STAFF)
    run = await whole.run(await whole.set_up(STAFF))
    cursor = (await whole.get(f"/api/v1/runs/{run['reference_code']}/changes", limit=1))["next_cursor"]
    for path in (f"/api/v1/runs/{run['reference_code']}/skips", f"/api/v1/syncs/{run['directory_key']}/runs", "/api/v1/users"):
        answer = await whole.client.get(path, params={"cursor": cursor})
        assert problem(answer, 400, 40002)["field"] == "cursor"
