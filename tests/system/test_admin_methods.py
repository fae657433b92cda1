"""Every method of the official client against the running system, over plain HTTP and over TLS: answers field by field, refusals."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.admin_api.answers import ANSWERS, ANSWERS_BY_PATH
from tests.admin_api.caller import official
from tests.admin_api.methods import FORBIDDEN, NAMED, NOT_FOUND, NOT_SERVED, arguments
from tests.admin_api.script import Admin, syncs, work_through
from tests.system.driver import Driver
from tests.system.tls import behind_tls
from triggers.http.admin.app import SERVED

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # both the client's own
    pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The v1 Admin API:DeprecationWarning"),
]

_PARAMETER = re.compile(r"\{\w+\}")


@dataclass
class Socket:
    """The client as it is, on a connection of its own for each call."""

    client: Any

    async def __call__(self, method: str, *values: Any, **named: Any) -> Any:
        def called() -> Any:
            found: Any = getattr(self.client, method)(*values, **named)
            return list(found) if hasattr(found, "__next__") else found

        return await asyncio.to_thread(called)


@pytest_asyncio.fixture(params=["http", "tls"], loop_scope="module")
async def way(driver: Driver, request: pytest.FixtureRequest, tmp_path: Any) -> AsyncIterator[tuple[str, Socket]]:
    keys = (driver.system.ikey, driver.system.skey)
    if request.param == "http":
        port = httpx.URL(driver.system.base_url).port
        yield "http", Socket(official.Admin(*keys, "127.0.0.1", port=port, ca_certs="HTTP"))
        return
    async with behind_tls(driver.system.base_url, tmp_path) as (port, authority):
        yield "tls", Socket(official.Admin(*keys, "localhost", port=port, ca_certs=str(authority)))


async def synced(driver: Driver) -> str:
    """The name of a user that a sync manages."""
    group = min((group for group in await driver.groups() if group["members"] > 5), key=lambda group: group["members"])
    if not driver.directory_key:
        await driver.connect([group["id"]])
        assert (await driver.run())["state"] == "completed"
    (user,) = (await driver.control.get("/users", params={"group": group["id"], "limit": 1})).json()
    return user["userPrincipalName"]


async def test_every_method_is_answered_field_by_field_or_refused_in_the_apis_own_shape(driver: Driver, way: tuple[str, Socket]) -> None:
    mark, socket = way
    username = await synced(driver)
    admin = Admin(socket)
    await work_through(admin, mark)
    await syncs(admin, driver.directory_key, username)
    assert admin.called == ANSWERS.keys()
    assert admin.asked >= ANSWERS_BY_PATH.keys()

    assert {method: await refused(socket, method, *arguments(method), **NAMED.get(method, {})) for method in NOT_SERVED} == NOT_SERVED

    for served in SERVED:
        if (served.method, f"/admin{served.path}") not in admin.asked:  # by path only: devices that nobody has, syncs of administrators
            path = _PARAMETER.sub("DU2A3B4C5D6E7F2G3H4I", f"/admin{served.path}")
            if served.method == "GET" and served.path == "/v1/desktop_tokens":
                assert await socket("json_api_call", "GET", path, {}) == []
            else:
                assert await refused(socket, "json_api_call", served.method, path, {}) in (NOT_FOUND, FORBIDDEN), path


async def refused(socket: Socket, method: str, *values: Any, **named: Any) -> tuple[int, int]:
    with pytest.raises(RuntimeError) as refusal:
        await socket(method, *values, **named)
    error: Any = refusal.value
    assert (error.data["stat"], bool(error.data["message"])) == ("FAIL", True)
    return error.status, error.data["code"]
