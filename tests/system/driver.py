"""Drives a local system as its users do: the API signed, the tenant by its control endpoint; and looks at its tables."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from azure.data.tables.aio import TableServiceClient

from local.client import Signed
from local.system import System

DIRECTORY = ("Users", "Names", "Emails", "Numbers", "Phones", "Objects", "Members", "Groups", "Trash", "Counts")
ENDED = frozenset({"completed", "completed with warnings", "incomplete", "cancelled", "failed"})


@dataclass
class Driver:
    system: System
    api: httpx.AsyncClient
    control: httpx.AsyncClient
    directory_key: str = ""

    @classmethod
    @asynccontextmanager
    async def of(cls, system: System) -> AsyncGenerator["Driver"]:
        assert system.tenant is not None
        signed = Signed(system.ikey, system.skey)
        async with (
            httpx.AsyncClient(base_url=system.base_url, auth=signed, trust_env=False, timeout=60) as api,
            httpx.AsyncClient(base_url=f"{system.tenant.url}/control", trust_env=False, timeout=60) as control,
        ):
            yield cls(system, api, control)

    async def get(self, path: str, **params: str | int) -> Any:
        return (await self.api.get(path, params=params)).raise_for_status().json()

    async def all(self, path: str) -> list[dict[str, Any]]:
        """A list, read page by page."""
        items: list[dict[str, Any]] = []
        page = await self.get(path, limit=300)
        while True:
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            page = await self.get(path, limit=300, cursor=page["next_cursor"])

    async def groups(self) -> list[dict[str, Any]]:
        """Of the tenant: id, displayName and how many members, by name."""
        return (await self.control.get("/groups", params={"limit": 1000})).json()

    async def connect(self, groups: list[str]) -> str:
        assert self.system.tenant is not None
        body = {"tenant_id": self.system.tenant.tenant_id}
        connection = (await self.api.post("/api/v1/connections", json=body)).raise_for_status().json()
        settings = {"connection_id": connection["connection_id"], "groups": groups}
        sync = (await self.api.post("/api/v1/syncs", json=settings)).raise_for_status().json()
        self.directory_key = sync["directory_key"]
        return self.directory_key

    async def run(self) -> dict[str, Any]:
        """One full run, from its start to its end."""
        async with asyncio.timeout(30):
            while True:
                started = await self.api.post(f"/api/v1/syncs/{self.directory_key}/runs")
                if started.status_code != 409:
                    break
                await asyncio.sleep(0.1)  # a run frees its lock last, after it shows that it has ended
        return await self.ended(started.raise_for_status().headers["Location"])

    async def ended(self, path: str) -> dict[str, Any]:
        async with asyncio.timeout(240):
            while True:
                run = await self.get(path)
                if run["state"] in ENDED:
                    return run
                await asyncio.sleep(0.1)

    async def etags(self) -> dict[tuple[str, str, str], str]:
        """Of every row of the directory."""
        found: dict[tuple[str, str, str], str] = {}
        async with TableServiceClient.from_connection_string(self.system.storage) as service:
            for table in DIRECTORY:
                async for row in service.get_table_client(table).list_entities(select=["PartitionKey", "RowKey"]):
                    found[table, row["PartitionKey"], row["RowKey"]] = str(row.metadata["etag"])
        return found
