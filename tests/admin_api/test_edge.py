"""What stands before the Admin API's endpoints: signatures, bodies, overload, faults; all told in its own shape (admin-api.md §1, §2)."""

import asyncio
from typing import Any

import httpx
import pytest

from sync_core.directory.integrations import Grant
from sync_core.directory.roles import Role
from sync_core.errors import Conflict, GroupGone, Misconfigured, Reauthorize, StopRun, Transient
from sync_core.management.naming import NameInUse
from sync_core.storage.cuts import Call
from tests.http.calls import Api, Signed
from tests.management.deployment import deployed
from triggers.http.admin.calls import AT_ONCE

USERS = "/api/admin/v1/users"


async def signed(api: Api) -> Signed:
    return Signed(*await api.services.integrations.create("A script", Role.OWNER, tuple(Grant)), api.date)


def failure(answer: httpx.Response, status: int, code: int) -> str:
    """The detail, once the answer is seen to be a failure of this status and code."""
    body = answer.json()
    assert (answer.status_code, body["stat"], body["code"]) == (status, "FAIL", code), answer.text
    assert body["message"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return body.get("message_detail", "")


@pytest.mark.parametrize("path", [USERS, "/api/admin/v1/nowhere", "/api/admin/v2/groups/one", "/api/admin"])
async def test_an_unsigned_call_learns_nothing_but_that_it_must_sign(api: Api, path: str) -> None:
    failure(await api.client.get(path), 401, 40101)
    failure(await api.client.post(path, content=b"{"), 401, 40101)


@pytest.mark.parametrize(
    ("date", "code"), [("Mon, 23 Nov 2026 12:54:59 -0000", 40105), ("Mon, 23 Nov 2026 13:05:01 -0000", 40105), ("yesterday", 40104)]
)
async def test_a_date_that_is_old_or_none_is_told_as_duo_does(api: Api, date: str, code: int) -> None:
    key = await api.services.integrations.create("A script", Role.OWNER, tuple(Grant))
    failure(await api.client.get(USERS, auth=Signed(*key, date)), 401, code)


@pytest.mark.parametrize(
    "body",
    [b'{"username": ', b'{"username": "ann"', b"{" * 100, b'{"username":"\xff"}', b'{"username": NaN}'],
)
async def test_a_body_that_is_no_json_is_refused_and_changes_nothing(api: Api, body: bytes) -> None:
    auth = await signed(api)
    failure(await api.client.post(USERS, content=body, auth=auth), 400, 40002)
    assert (await api.client.get(USERS, auth=auth)).json()["response"] == []


async def test_a_call_without_a_body_misses_its_parameter(api: Api) -> None:
    assert failure(await api.client.post(USERS, auth=await signed(api)), 400, 40001) == "username: it is missing"


async def test_a_body_too_long_is_refused(api: Api) -> None:
    failure(await api.client.post(USERS, content=b"x" * (1024 * 1024 + 1), auth=await signed(api)), 413, 41301)


async def test_a_fault_is_told_with_the_id_of_its_log_entry(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = await signed(api)

    async def broken(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(api.services.admin.listing, "users", broken)
    assert "urn:uuid:" in failure(await api.client.get(USERS, auth=auth), 500, 50001)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Transient("busy", retry_after=3), 503, 50301),
        (Conflict("others"), 409, 40902),
        (Reauthorize("consent to the application again"), 424, 42401),  # B-028
        (StopRun("Graph refused the request"), 502, 50202),
        (GroupGone("no such group"), 404, 40401),
        (NameInUse("another user has it", field="username"), 400, 40003),
        (Misconfigured("set PUBLIC_URL"), 500, 50002),
    ],
)
async def test_what_others_do_is_told_as_such(api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: int) -> None:
    auth = await signed(api)

    async def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(api.services.admin.listing, "users", refuse)
    answer = await api.client.get(USERS, auth=auth)
    failure(answer, status, code)
    assert answer.headers.get("retry-after") == ("3" if status == 503 else None)


async def test_one_keys_flood_is_slowed_down_and_leaves_the_other_keys_their_way() -> None:
    opened, full = asyncio.Event(), asyncio.Semaphore(0)

    async def wait(point: str, _: str, method: str, call: Call) -> None:
        if (point, method, call.name) == ("before", "query", "Counts"):
            full.release()
            await opened.wait()

    api = Api(await deployed(wait))
    flooding, other = await signed(api), await signed(api)
    async with asyncio.timeout(30), api.client, asyncio.TaskGroup() as tasks:
        flood = [tasks.create_task(api.client.get(USERS, auth=flooding)) for _ in range(AT_ONCE)]
        for _ in range(AT_ONCE):
            await full.acquire()
        failure(await api.client.get(USERS + "?username=ann", auth=flooding), 429, 42901)
        assert (await api.client.get(USERS + "?username=ann", auth=other)).json() == {"stat": "OK", "response": []}
        opened.set()
        answers: list[Any] = await asyncio.gather(*flood)
        assert {answer.status_code for answer in answers} == {200}
        assert (await api.client.get(USERS + "?username=ann", auth=flooding)).status_code == 200
