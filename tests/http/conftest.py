from collections.abc import AsyncIterator

import httpx
import pytest

from sync_core.directory.roles import Role
from sync_core.directory.syncs import Sync
from tests.http.calls import Api, Signed
from tests.management.deployment import deployed
from tests.management.source import TENANT, guid


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """The app over an empty deployment; its client does not sign."""
    api = Api(await deployed())
    async with api.client:
        yield api


@pytest.fixture
async def owner(api: Api) -> Signed:
    return await api.caller(Role.OWNER)


@pytest.fixture
async def caller(api: Api, owner: Signed) -> httpx.AsyncClient:
    """The client of `api`, whose calls an Owner's key signs."""
    api.client.auth = owner
    return api.client


@pytest.fixture
async def connection_id(api: Api, caller: httpx.AsyncClient) -> str:
    api.deployment.source.add_groups(3)
    answer = await caller.post("/api/v1/connections", json={"tenant_id": TENANT})
    return answer.json()["connection_id"]


@pytest.fixture
async def sync(api: Api, caller: httpx.AsyncClient, connection_id: str) -> Sync:
    body = {"connection_id": connection_id, "groups": [guid(0), guid(1)], "name": "Head office"}
    answer = await caller.post("/api/v1/syncs", json=body)
    return await api.services.syncs.get(answer.json()["directory_key"])
