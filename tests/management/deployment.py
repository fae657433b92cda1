"""All services over tables in memory, a clock that stands still, and a modelled source."""

import asyncio
import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import randbits

from pydantic import SecretStr

from sync_core.clock import MovableClock
from sync_core.directory.syncs import Connection
from sync_core.entra.port import Directory
from sync_core.errors import Reauthorize
from sync_core.management.consents import Site
from sync_core.runs.context import make_context
from sync_core.runs.messages import STEPS
from sync_core.secrets import SecretBox
from sync_core.services import make_services
from sync_core.settings import Settings
from sync_core.storage.memory import Interrupt, MemoryQueues, MemoryTables
from sync_core.storage.schema import TABLES
from sync_core.storage.tables import Row
from sync_core.trash.messages import Purge
from tests.management.source import TENANT, SourceModel

SITE = Site("https://sync.corp.example", "https://login.example", "11111111-2222-4333-8444-555555555555")
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
WINDOW = timedelta(seconds=300)


def _key(fill: bytes) -> SecretStr:
    return SecretStr(base64.b64encode(fill * 32).decode())


def box(fill: bytes = b"k") -> SecretBox:
    return SecretBox.of(_key(fill))


SETTINGS = Settings(
    secret_key=_key(b"k"),
    public_url=SITE.public_url,
    authority_url=SITE.authority,
    entra_client_id=SITE.client_id,
    signature_window=int(WINDOW.total_seconds()),
    max_plan_users=1000,
)


@dataclass
class Deployment:
    tables: MemoryTables = field(default_factory=MemoryTables)
    clock: MovableClock = field(default_factory=lambda: MovableClock(NOW))
    source: SourceModel = field(default_factory=SourceModel)

    def __post_init__(self) -> None:
        self.queues = MemoryQueues(self.clock)
        self.context = make_context(
            self.tables,
            self.queues,
            self._source_of,
            self.clock,
            randbits,
            trash_days=SETTINGS.trash_days,
            max_users=SETTINGS.max_plan_users,
        )
        self.services = make_services(self.context, SETTINGS)

    async def _source_of(self, tenant_id: str) -> Directory:
        if tenant_id != TENANT:
            raise Reauthorize(f"Microsoft Entra answered 400 invalid_request: AADSTS90002: Tenant {tenant_id} not found.")
        return self.source

    async def connected(self) -> Connection:
        return await self.services.connections.create(TENANT, by="test")

    async def rows(self) -> dict[str, list[Row]]:
        """Everything that is stored, to compare before and after."""
        partitions = {
            "Connections": ["connection"],
            "Syncs": ["sync", "lock", "life"],
            "Integrations": list("0123456789abcdef"),
            "Groups": ["group"],
        }
        found: dict[str, list[Row]] = {}
        for table, keys in partitions.items():
            found[table] = [row for key in keys async for page in self.tables.query(table, key) for row in page]
        return found


async def give_way(*_: object) -> None:
    """Lets the others go on, so that calls that are made at once interleave at every request."""
    await asyncio.sleep(0)


async def deployed(interrupt: Interrupt | None = None) -> Deployment:
    deployment = Deployment(tables=MemoryTables(interrupt=interrupt))
    await deployment.tables.create(TABLES)
    await deployment.queues.create([Purge.queue, *(step.queue for step in STEPS)])
    return deployment
