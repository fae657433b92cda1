"""What every request meets, whatever it asks: limits, shapes, faults, health."""

import logging

import httpx
import pytest

from sync_core.errors import Transient
from sync_core.storage.memory import MemoryTables
from tests.http.calls import Api
from tests.http.problem import problem

CONNECTIONS = "/api/v1/connections"


@pytest.mark.parametrize("body", [b"{", b"nope", b'{"tenant_id": }', b'\xff\xfe{"a"', b"[" * 100_000])
async def test_a_body_that_is_no_json_is_refused(api: Api, caller: httpx.AsyncClient, body: bytes) -> None:
    before = await api.deployment.rows()
    problem(await caller.post(CONNECTIONS, content=body, headers={"Content-Type": "application/json"}), 400, 40001)
    assert await api.deployment.rows() == before


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"{}", "text/plain"),
        (b"tenant_id=x", "application/x-www-form-urlencoded"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(caller: httpx.AsyncClient, body: bytes, media: str) -> None:
    assert "Content-Type" in problem(await caller.post(CONNECTIONS, content=body, headers={"Content-Type": media}), 400, 40001)["detail"]


@pytest.mark.parametrize("length", [1024 * 1024 + 1, 3 * 1024 * 1024])
async def test_a_body_over_a_mebibyte_is_refused(caller: httpx.AsyncClient, length: int) -> None:
    problem(await caller.post(CONNECTIONS, content=b" " * length, headers={"Content-Type": "application/json"}), 413, 41301)


async def test_a_body_of_a_mebibyte_is_read(caller: httpx.AsyncClient) -> None:
    body = b"{" + b" " * (1024 * 1024 - 2) + b"}"
    problem(await caller.post(CONNECTIONS, content=body, headers={"Content-Type": "application/json"}), 400, 40002)


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/v1/users/", "/api/v1", "/api/v1/runs"])
async def test_an_unknown_path_is_not_found(caller: httpx.AsyncClient, path: str) -> None:
    problem(await caller.get(path), 404, 40401)


async def test_an_unknown_path_outside_the_api_is_not_found_without_a_signature(api: Api) -> None:
    problem(await api.client.get("/nowhere"), 404, 40401)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/users", {"GET", "POST"}),
        ("PUT", "/api/v1/connections", {"GET", "POST"}),
        ("PUT", "/api/v1/syncs/DK2A3B4C5D6E7F2G3H4I", {"GET", "PATCH", "DELETE"}),
        ("DELETE", "/api/v1/syncs/DK2A3B4C5D6E7F2G3H4I/runs", {"GET", "POST"}),
    ],
)
async def test_a_method_that_is_not_served_is_told_those_that_are(
    caller: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await caller.request(method, path)
    problem(answer, 405, 40501)
    assert set(answer.headers["allow"].split(", ")) == allowed


async def test_a_fault_of_the_service_is_told_by_an_id_and_nothing_else(
    api: Api, caller: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> list[object]:
        raise ZeroDivisionError("a detail for the log only")

    monkeypatch.setattr(api.services.syncs, "all", fails)
    with caplog.at_level(logging.ERROR):
        answer = await caller.get("/api/v1/syncs")
    instance = problem(answer, 500, 50001)["instance"]
    assert "a detail" not in answer.text
    assert instance in caplog.text
    assert "a detail for the log only" in caplog.text


async def test_health_is_answered_without_a_signature(api: Api) -> None:
    answer = await api.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_health_says_when_storage_is_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(self: MemoryTables, table: str, partition: str, key: str) -> None:
        raise Transient(f"storage is away: {self}, {table}, {partition}, {key}", retry_after=5)

    monkeypatch.setattr(MemoryTables, "get", away)
    answer = await api.client.get("/healthz")
    problem(answer, 503, 50301)
    assert answer.headers["retry-after"] == "5"
