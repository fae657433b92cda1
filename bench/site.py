"""A local system to measure on: set up, run, looked at."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from azure.data.tables.aio import TableServiceClient

from bench import floors
from local.client import Signed
from local.demo_api import DemoApi
from local.system import Options, System, Tenant, local_system
from sync_core import ids
from sync_core.storage.account import Account
from sync_core.storage.azure_tables import AzureTables
from sync_core.storage.locks import LockRows
from sync_core.storage.tables import Row

POLL_SECONDS = 1.0
LOCK_SECONDS = 0.1

DIRECTORY = ("Users", "Names", "Emails", "Numbers", "Phones", "Objects", "Members", "Groups")
META = "~meta"
"""The row of counts that each transaction on users writes."""

type Rows = dict[str, list[Row]]
"""The directory's rows by table."""


@dataclass(frozen=True, slots=True)
class Ran:
    requests: dict[str, int]
    """By kind."""
    seconds: float
    host: float
    """Seconds of CPU."""
    azurite: float


@dataclass
class Site:
    system: System
    tenant: Tenant
    api: DemoApi
    http: httpx.AsyncClient
    control: httpx.AsyncClient
    tables: AzureTables
    groups: list[str]
    directory_key: str

    async def run(self) -> Ran:
        """A full run, from the caller's request for it to its end, which is read off its row: the caller looks as seldom as others do."""
        began, host, azurite = time.time(), self.cpu("host"), self.cpu("azurite")
        run = [run async for run in self.api.follow(self.directory_key, every=POLL_SECONDS)][-1]
        if run["state"] not in {"completed", "completed with warnings"}:
            raise RuntimeError(f"the run ended {run['state']}: {run['reason']}")
        seconds = datetime.fromisoformat(run["ended_at"]).timestamp() - began
        while (await self.locks.read(self.directory_key))[0].run:  # noqa: ASYNC110, the host frees it, last of all
            await asyncio.sleep(LOCK_SECONDS)
        return Ran(run["requests"], seconds, self.cpu("host") - host, self.cpu("azurite") - azurite)

    @property
    def locks(self) -> LockRows:
        return LockRows(self.tables)

    def cpu(self, child: str) -> float:
        """Seconds of CPU that a part of the system has used so far."""
        fields = Path(f"/proc/{self.system.children.pid(child)}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def object_partitions(self) -> list[str]:
        return [f"{self.directory_key}-{character}" for character in ids.HASH_CHARACTERS]

    async def rows(self) -> Rows:
        groups = [row.key for row in await floors.rows(self.tables, "Groups", ["group"])]
        users, digests = list(ids.ALPHABET), list(ids.HASH_CHARACTERS)
        partitions = {
            "Users": users,
            "Names": digests,
            "Emails": digests,
            "Numbers": digests,
            "Phones": users,
            "Objects": self.object_partitions,
            "Members": groups,
            "Groups": ["group"],
        }
        return {table: await floors.rows(self.tables, table, partitions[table]) for table in DIRECTORY}

    async def written_since(self, moment: datetime) -> int:
        """How many rows of the directory were written since; `~meta` aside."""
        condition = f"Timestamp ge datetime'{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}' and RowKey ne '{META}'"
        async with TableServiceClient.from_connection_string(self.system.storage) as service:
            tables = [service.get_table_client(table).query_entities(condition, select=["RowKey"]) for table in DIRECTORY]
            return sum([1 for rows in tables async for _ in rows])

    async def change(self, share: int) -> int:
        """Gives one in so many users another name; returns how many."""
        users = (await self.control.get("/users", params={"limit": 10_000_000})).raise_for_status().json()
        chosen = users[::share]
        for user in chosen:
            body = {"displayName": f"{user['displayName']} II"}
            (await self.control.patch(f"/users/{user['id']}", json=body)).raise_for_status()
        return len(chosen)

    def host_memory(self) -> float:
        """The function host's peak resident memory, in MB."""
        pid = self.system.children.pid("host")
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


@asynccontextmanager
async def site(users: int) -> AsyncGenerator[Site]:
    """A fresh system with a tenant of so many users, and a sync of all its groups that has not run yet."""
    with TemporaryDirectory() as folder:
        async with local_system(Options(users=users, port=0, folder=Path(folder)), say=str) as system:
            if system.tenant is None:
                raise RuntimeError("benches run on the simulated tenant: unset GRAPH_BASE_URL")
            signed = Signed(system.ikey, system.skey)
            tables = AzureTables(Account(system.storage))
            async with (
                httpx.AsyncClient(base_url=system.base_url, auth=signed, trust_env=False, timeout=300) as http,
                httpx.AsyncClient(base_url=f"{system.tenant.url}/control", trust_env=False, timeout=300) as control,
            ):
                groups = [group["id"] for group in (await control.get("/groups", params={"limit": 1000})).json()]
                api = DemoApi(http)
                connection = await api.connect(system.tenant.tenant_id)
                await floors.warm_up(tables)
                sync = await api.create_sync(connection["connection_id"], groups)
                yield Site(system, system.tenant, api, http, control, tables, groups, sync["directory_key"])
            await tables.close()
