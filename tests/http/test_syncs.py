"""Connections and syncs over HTTP (B-020..B-049)."""

import json
from typing import Any

import httpx
import pytest
from msgspec import structs

from sync_core.directory.syncs import Sync
from sync_core.errors import IncompleteRead, Misconfigured, Reauthorize, StopRun, SyncError, Transient
from sync_core.runs.record import Phase, State
from tests.http.calls import Api
from tests.http.problem import problem
from tests.management.source import TENANT, guid

CONNECTIONS, SYNCS = "/api/v1/connections", "/api/v1/syncs"


async def test_a_connection_is_made_listed_and_read(caller: httpx.AsyncClient) -> None:  # B-020, B-025
    made = await caller.post(CONNECTIONS, json={"tenant_id": TENANT.upper()})
    assert made.status_code == 201
    connection: dict[str, Any] = made.json()
    assert (connection["tenant_id"], connection["name"], connection["created_at"]) == (TENANT, "Corp", "2026-11-23T13:00:00Z")
    assert (await caller.get(CONNECTIONS)).json() == {"items": [connection]}
    assert (await caller.get(f"{CONNECTIONS}/{connection['connection_id']}")).json() == connection


async def test_groups_are_found_through_a_connection(caller: httpx.AsyncClient, connection_id: str) -> None:  # B-030
    answer = await caller.get(f"{CONNECTIONS}/{connection_id}/groups", params={"prefix": "group 1"})
    assert answer.json() == {"items": [{"object_id": guid(1), "name": "Group 1"}]}


async def test_a_mapping_may_use_the_portals_names(caller: httpx.AsyncClient, connection_id: str) -> None:  # B-041
    body = {"connection_id": connection_id, "groups": [guid(0)], "mapping": {"email": "Other emails", "aliases": {"1": "Mail nickname"}}}
    made = (await caller.post(SYNCS, json=body)).json()
    assert (made["mapping"]["email"], made["mapping"]["aliases"]) == ("otherMails", {"1": "mailNickname"})
    patched = (await caller.patch(f"{SYNCS}/{made['directory_key']}", json={"mapping": {"notes": "Job title"}})).json()
    assert patched["mapping"]["notes"] == "jobTitle"


async def test_a_group_in_two_syncs_is_warned_of(caller: httpx.AsyncClient, connection_id: str, sync: Sync) -> None:  # B-012
    other = await caller.post(SYNCS, json={"connection_id": connection_id, "groups": [guid(1)], "name": "Berlin"})
    shown = (await caller.get(other.headers["location"])).json()
    assert shown["warnings"] == [f'the group Group 1 is selected in the sync "{sync.name}", too: both write its members']


async def test_a_sync_is_made_listed_and_read(caller: httpx.AsyncClient, connection_id: str) -> None:
    body = {"connection_id": connection_id, "groups": [guid(0)], "mapping": {"aliases": {"1": "mail"}}, "name": "Head office"}
    made = await caller.post(SYNCS, json=body)
    assert made.status_code == 201
    sync: dict[str, Any] = made.json()
    assert made.headers["location"] == f"{SYNCS}/{sync['directory_key']}"
    assert sync["mapping"] == {
        "username": "userPrincipalName",
        "realname": "displayName",
        "email": "mail",
        "notes": "",
        "aliases": {"1": "mail"},
        "normalize": False,
        "phones": None,
    }
    assert [(group["object_id"], group["name"]) for group in sync["groups"]] == [(guid(0), "Group 0")]
    assert (await caller.get(SYNCS)).json() == {"items": [sync], "next_cursor": None}
    assert (await caller.get(made.headers["location"])).json() == sync | {"running": None, "last_run": None, "held": None, "warnings": []}


async def test_a_sync_shows_the_run_that_goes_on_and_the_newest_one(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:
    path = f"{SYNCS}/{sync.directory_key}"
    code = (await caller.post(f"{path}/runs")).json()["reference_code"]
    shown = (await caller.get(path)).json()
    assert (shown["running"], shown["last_run"]["reference_code"], shown["last_run"]["state"]) == (code, code, "queued")
    api.runs.put(structs.replace(api.runs.runs[0], state=State.COMPLETED, phase=Phase.ENDED))
    shown = (await caller.get(path)).json()
    assert (shown["running"], shown["last_run"]["state"]) == (None, "completed")


GOOD: dict[str, Any] = {"groups": [guid(0)], "name": "Another"}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"groups": [guid(number) for number in range(401)]}, "groups"),  # B-031
    ({"groups": [guid(0), guid(0)]}, "groups"),
    ({"groups": [guid(0), guid(77)]}, "groups"),  # B-034
    ({"groups": [guid(0), "Staff"]}, "groups.1"),
    ({"groups": guid(0)}, "groups"),
    ({"groups": None}, "groups"),
    ({"mapping": {"username": "onPremisesSamAccountName"}}, "mapping.username"),  # B-044
    ({"mapping": {"username": "passwordProfile"}}, "mapping.username"),
    ({"mapping": {"username": ""}}, "mapping.username"),
    ({"mapping": {"aliases": {"9": "mail"}}}, "mapping.aliases"),  # B-045
    ({"mapping": {"surname": "surname"}}, "mapping.surname"),
    ({"mapping": {"normalize": "yes"}}, "mapping.normalize"),
    ({"connection_id": "DC2A3B4C5D6E7F2G3H4I"}, "connection_id"),
    ({"connection_id": "../Users"}, "connection_id"),
    ({"connection_id": 7}, "connection_id"),
    ({"name": "Head office"}, "name"),
    ({"name": "n" * 129}, "name"),
    ({"name": "two\nlines"}, "name"),
    ({"name": "\ud800"}, "name"),
    ({"colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("wrong", "field"), BAD)
async def test_a_sync_that_cannot_be_is_refused_by_its_field_and_changes_nothing(
    api: Api, caller: httpx.AsyncClient, connection_id: str, sync: Sync, wrong: dict[str, Any], field: str
) -> None:
    assert sync.name == "Head office"
    before = await api.deployment.rows()
    body = json.dumps({"connection_id": connection_id, **GOOD, **wrong})
    answer = await caller.post(SYNCS, content=body, headers={"Content-Type": "application/json"})
    assert problem(answer, 400, 40002)["field"] == field
    assert await api.deployment.rows() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tenant_id": "corp.example"}, "tenant_id"),
        ({}, "tenant_id"),
        ({"tenant_id": TENANT, "x": 1}, "x"),
        ({"tenant_id": TENANT, "name": " "}, "name"),
    ],
)
async def test_a_connection_that_cannot_be_is_refused_by_its_field(
    api: Api, caller: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    before = await api.deployment.rows()
    assert problem(await caller.post(CONNECTIONS, json=body), 400, 40002)["field"] == field
    assert await api.deployment.rows() == before


@pytest.mark.parametrize("query", ["", "?prefix=", "?prefix=" + "p" * 257])
async def test_groups_are_not_listed_without_a_prefix(caller: httpx.AsyncClient, connection_id: str, query: str) -> None:  # B-030
    assert problem(await caller.get(f"{CONNECTIONS}/{connection_id}/groups{query}"), 400, 40002)["field"] == "prefix"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Reauthorize("consent to the application again"), 424, 42401),  # B-028
        (Misconfigured("set ENTRA_CLIENT_SECRET"), 500, 50002),
        (Transient("Graph is busy", retry_after=7.2), 503, 50301),
        (IncompleteRead("Graph gave fewer rows"), 502, 50202),
        (StopRun("Graph refused the request"), 502, 50202),
    ],
)
async def test_a_source_that_fails_is_told_apart(
    api: Api, caller: httpx.AsyncClient, connection_id: str, fault: SyncError, status: int, code: int
) -> None:
    before = await api.deployment.rows()
    api.deployment.source.fault = fault
    for call in (
        caller.post(CONNECTIONS, json={"tenant_id": TENANT}),
        caller.get(f"{CONNECTIONS}/{connection_id}/groups?prefix=a"),
        caller.post(SYNCS, json={"connection_id": connection_id, **GOOD}),
    ):
        answer = await call
        assert problem(answer, status, code)["detail"] == str(fault)
        assert answer.headers.get("retry-after") == ("8" if status == 503 else None)
    assert await api.deployment.rows() == before


@pytest.mark.parametrize(
    "path", [f"{CONNECTIONS}/DC2A3B4C5D6E7F2G3H4I", f"{CONNECTIONS}/x/groups?prefix=a", f"{SYNCS}/DK2A3B4C5D6E7F2G3H4I", f"{SYNCS}/a%23b"]
)
async def test_what_is_not_there_is_not_found(caller: httpx.AsyncClient, path: str) -> None:
    problem(await caller.get(path), 404, 40401)


async def test_a_sync_may_be_deleted_with_its_connection_unless_others_share_it(
    caller: httpx.AsyncClient, connection_id: str
) -> None:  # B-144
    body = {"connection_id": connection_id, "groups": [guid(0)]}
    first, second, third = [(await caller.post(SYNCS, json=body)).headers["location"] for _ in range(3)]
    refused = problem(await caller.delete(first, params={"delete_connection": True}), 400, 40002)
    assert "the connection is in use by" in refused["detail"]
    assert (await caller.get(first)).status_code == 200

    assert (await caller.delete(first)).status_code == 204
    assert (await caller.delete(second)).status_code == 204
    assert (await caller.get(f"{CONNECTIONS}/{connection_id}")).status_code == 200
    assert (await caller.delete(third, params={"delete_connection": True})).status_code == 204
    problem(await caller.get(f"{CONNECTIONS}/{connection_id}"), 404, 40401)
    problem(await caller.get(third), 404, 40401)
