"""The deployment's settings over HTTP."""

from datetime import timedelta

import httpx
import pytest

from sync_core.directory.events import Happening
from sync_core.directory.roles import Role
from tests.http.calls import Api
from tests.http.problem import problem

PATH = "/api/v1/settings"
DEFAULT = {"trash_days": 7, "trash_days_is_default": True}


async def test_settings_are_the_app_settings_until_somebody_says_otherwise(caller: httpx.AsyncClient) -> None:  # E-19, D-26
    assert (await caller.get(PATH)).json() == DEFAULT


async def test_a_setting_is_changed_told_of_and_given_back_to_the_app_settings(api: Api, caller: httpx.AsyncClient) -> None:  # E-19, B-181
    changed = await caller.patch(PATH, json={"trash_days": 30})
    assert (changed.status_code, changed.json()) == (200, {"trash_days": 30, "trash_days_is_default": False})
    read = await caller.get(PATH)
    assert (read.json(), read.headers["ETag"]) == (changed.json(), changed.headers["ETag"])
    assert (await caller.patch(PATH, json={"trash_days": 30})).headers["ETag"] == read.headers["ETag"]
    assert (await caller.patch(PATH, json={})).json() == changed.json()

    api.deployment.clock.at += timedelta(seconds=1)
    assert (await caller.patch(PATH, json={"trash_days": None})).json() == DEFAULT
    told = (await caller.get("/api/v1/log", params={"action": Happening.SETTINGS_UPDATE.value})).json()["items"]
    assert [item["description"] for item in told] == [
        {"trash_days": "7", "trash_days before": "30"},
        {"trash_days": "30", "trash_days before": "7"},
    ]


async def test_settings_that_somebody_else_changed_since_stay(caller: httpx.AsyncClient) -> None:
    etag = (await caller.get(PATH)).headers["ETag"]
    assert (await caller.patch(PATH, json={"trash_days": 30}, headers={"If-Match": etag})).status_code == 200
    problem(await caller.patch(PATH, json={"trash_days": 3}, headers={"If-Match": etag}), 412, 41201)
    assert (await caller.get(PATH)).json()["trash_days"] == 30


@pytest.mark.parametrize("days", [0, 91, -1, 10**30, "7", 7.5, True])
async def test_days_that_cannot_be_are_refused_by_name_and_nothing_is_changed(caller: httpx.AsyncClient, days: object) -> None:  # D-26
    refused = problem(await caller.patch(PATH, json={"trash_days": days}), 400, 40002)
    assert "trash_days" in str(refused)
    assert (await caller.get(PATH)).json() == DEFAULT


@pytest.mark.parametrize("role", Role)
async def test_everybody_reads_the_settings_and_owners_change_them(api: Api, role: Role) -> None:  # B-250, D-34
    client = api.client
    client.auth = await api.caller(role)
    assert (await client.get(PATH)).json() == DEFAULT
    answer = await client.patch(PATH, json={"trash_days": 30})
    assert answer.status_code == (200 if role is Role.OWNER else 403)
    assert (await client.get(PATH)).json()["trash_days"] == (30 if role is Role.OWNER else 7)
