"""Two tenants in which the same people have other object ids, and a connection that may move from one to the other."""

import dataclasses
from dataclasses import dataclass, field

from sync_core.directory.attributes import Mapping
from sync_core.directory.syncs import Connection
from sync_core.entra.port import Directory
from sync_core.management.connections import make_connections
from sync_core.management.schedules import make_schedules
from sync_core.management.syncs import NewSync, make_syncs
from sync_core.runs.preview import Previews
from sync_core.runs.record import Run
from sync_core.runs.service import Runs
from sync_core.runs.steps import Steps
from tests.runs.scheduled import DAY
from tests.runs.source import ModelSource
from tests.runs.world import World

OLD, NEW = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
BY = "an admin"
NAMES = ("ann", "bea", "cid")


@dataclass
class Office:
    """A world with two tenants, in which the same people have other object ids."""

    world: World
    tenants: dict[str, ModelSource] = field(default_factory=dict[str, ModelSource])

    def __post_init__(self) -> None:
        for tenant, before in ((OLD, 0), (NEW, 100)):
            source = ModelSource(tenant=tenant, hired=before)
            for name in NAMES:
                source.hire(f"{name}@corp.example", "staff")
            self.tenants[tenant] = source
        self.world.context = dataclasses.replace(self.world.context, source=self.source)
        self.world.runs, self.world.steps = Runs(self.world.context), Steps(self.world.context)
        over = (self.world.tables, self.source, self.world.clock, self.world.random.getrandbits)
        self.connections, self.syncs, self.schedules = make_connections(*over), make_syncs(*over), make_schedules(*over)

    async def source(self, tenant_id: str) -> Directory:
        self.world.source = self.tenants[tenant_id]
        return await self.world._source(tenant_id)

    async def set_up(self) -> tuple[Connection, str]:
        connection = await self.connections.create(OLD, by=BY)
        sync = await self.syncs.create(NewSync(connection.connection_id, ("staff",), Mapping()), by=BY)
        await self.world.sync(sync.directory_key)
        return connection, sync.directory_key

    async def move(self, connection: Connection, tenant: str = NEW) -> Connection:
        return await self.connections.reauthorized(connection.connection_id, tenant, by=BY, may_move=True)

    async def preview(self, key: str, *, relink: bool = False) -> Run:
        self.world.clock.at += DAY / 100
        started = await Previews(self.world.context).start(await self.syncs.get(key), BY, relink=relink)
        await self.world.drain()
        return await self.world.context.runs.get(started.run)
