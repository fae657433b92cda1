"""A world whose runs read a simulated tenant over HTTP, with pages of two rows: whatever the tenant does, the real reader meets it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from local.tenant.generation import new_group
from local.tenant.model import Organization, Tenant
from local.tenant.serving import Running, serve
from sync_core.entra import graph
from sync_core.entra.directories import Directories
from sync_core.entra.port import Directory
from tests.entra.conftest import settings
from tests.runs.world import World

TENANT_ID = "72f988bf-0000-4000-8000-000000000001"
STAFF, SALES = (f"00000000-0000-4000-8000-{number:012x}" for number in (1, 2))
ROWS_A_PAGE = 2


class TenantWorld(World):
    directories: Directories
    running: Running
    key: str = ""
    """Of its sync."""

    async def _source(self, tenant_id: str) -> Directory:
        return await self.directories.of(tenant_id)

    async def fork(self) -> "TenantWorld":
        twin = await super().fork()
        assert isinstance(twin, TenantWorld)
        twin.directories, twin.running, twin.key = self.directories, self.running, self.key
        await twin.live_by_its_clock()
        return twin

    def _seconds(self) -> float:
        return self.clock.at.timestamp()

    async def live_by_its_clock(self) -> None:
        """The tenant and the reader go by this world's clock from now on: who waits moves it."""

        async def sleep(seconds: float) -> None:
            self.clock.at += timedelta(seconds=seconds)

        directory = await self.directories.of(TENANT_ID)
        assert isinstance(directory, graph.GraphDirectory)
        directory._presence._sleep = sleep
        self.running.simulation.graph.patience.now = self._seconds


@asynccontextmanager
async def tenant_world(tenant: Tenant) -> AsyncGenerator[TenantWorld]:
    async with serve(tenant) as running:
        world = TenantWorld()
        world.directories = Directories(settings(running.graph_url, graph_static_token=running.token))
        world.running = running
        await world.prepare()
        await world.live_by_its_clock()
        yield world
        await world.directories.close()


def tenant_of(staff: tuple[str, ...], sales: tuple[str, ...]) -> Tenant:
    tenant = Tenant(Organization(TENANT_ID, "Contoso", "contoso.example"))
    for group, name in ((STAFF, "Staff"), (SALES, "Sales")):
        tenant.add_group(new_group(group, name))
    for name in dict.fromkeys((*staff, *sales)):
        tenant.add_user(person(len(tenant.users) + 1, name))
    tenant.join(STAFF, [id_of(tenant, name) for name in staff])
    tenant.join(SALES, [id_of(tenant, name) for name in sales])
    return tenant


def person(number: int, name: str) -> dict[str, object]:
    upn = f"{name}@contoso.example"
    return {
        "id": f"a0000000-0000-4000-8000-{number:012x}", "displayName": name.title(), "userPrincipalName": upn, "mail": upn,
        "accountEnabled": True,
    }  # fmt: skip


def id_of(tenant: Tenant, name: str) -> str:
    user = tenant.find_user(f"{name}@contoso.example")
    assert user is not None, name
    return str(user["id"])
