"""The management services over tables in memory, a clock that stands still, and a modelled source."""

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
from sync_core.individual.explain import Explain
from sync_core.individual.sync import IndividualSync
from sync_core.management.admin_api import make_admin_api
from sync_core.management.approvals import Approvals
from sync_core.management.connections import make_connections
from sync_core.management.consents import Consents, Site
from sync_core.management.directory import DirectoryViews
from sync_core.management.groups import Groups
from sync_core.management.health import Health
from sync_core.management.history import History
from sync_core.management.idempotency import Idempotency
from sync_core.management.integrations import Integrations
from sync_core.management.journal import Journal
from sync_core.management.memberships import Memberships
from sync_core.management.phones import make_phones
from sync_core.management.schedules import make_schedules
from sync_core.management.sign_in import SignIn
from sync_core.management.sync_settings import make_sync_settings
from sync_core.management.syncs import make_syncs
from sync_core.management.trash import Trash
from sync_core.management.user_import import UserImport
from sync_core.management.users import make_users
from sync_core.runs.context import make_context
from sync_core.runs.diagnostics import Diagnostics
from sync_core.runs.messages import STEPS
from sync_core.runs.preview import Previews
from sync_core.runs.service import Runs
from sync_core.secrets import SecretBox
from sync_core.storage.authorizations import AuthorizationRows
from sync_core.storage.groups import GroupRows
from sync_core.storage.integrations import IntegrationRows
from sync_core.storage.log import LogRows
from sync_core.storage.members import MemberRows
from sync_core.storage.memory import Interrupt, MemoryQueues, MemoryTables
from sync_core.storage.repeats import RepeatRows
from sync_core.storage.schema import TABLES
from sync_core.storage.syncs import SyncRows
from sync_core.storage.tables import Row
from sync_core.storage.trash import TrashRows
from sync_core.storage.users import UserRows
from sync_core.trash.messages import Purge
from tests.management.source import TENANT, SourceModel

SITE = Site("https://sync.corp.example", "https://login.example", "11111111-2222-4333-8444-555555555555")
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
WINDOW = timedelta(seconds=300)


def box(fill: bytes = b"k") -> SecretBox:
    return SecretBox.of(SecretStr(base64.b64encode(fill * 32).decode()))


@dataclass
class Deployment:
    tables: MemoryTables = field(default_factory=MemoryTables)
    clock: MovableClock = field(default_factory=lambda: MovableClock(NOW))
    source: SourceModel = field(default_factory=SourceModel)

    def __post_init__(self) -> None:
        self.connections = make_connections(self.tables, self._source_of, self.clock, randbits)
        self.consents = Consents(AuthorizationRows(self.tables), self.connections, SITE, self.clock)
        self.syncs = make_syncs(self.tables, self._source_of, self.clock, randbits)
        self.sync_settings = make_sync_settings(self.tables, self._source_of, self.clock, randbits)
        self.schedules = make_schedules(self.tables, self._source_of, self.clock, randbits)
        self.directory = DirectoryViews(UserRows(self.tables), GroupRows(self.tables), self.syncs)
        self.users = make_users(self.tables, self.clock, randbits)
        self.log = LogRows(self.tables, self.clock)
        self.journal = Journal(self.log, self.clock, randbits)
        self.integrations = Integrations(IntegrationRows(self.tables), box(), self.clock, self.journal, window=WINDOW)
        self.user_import = UserImport(self.tables, lambda over: make_users(over, self.clock, randbits), self.journal)
        self.memberships = Memberships(
            UserRows(self.tables), GroupRows(self.tables), MemberRows(self.tables), SyncRows(self.tables), self.journal
        )
        self.groups = Groups(GroupRows(self.tables), SyncRows(self.tables), self.memberships, self.journal, randbits)
        self.sign_in = SignIn(UserRows(self.tables), self.directory, self.journal)
        self.queues = MemoryQueues(self.clock)
        self.context = make_context(self.tables, self.queues, self._source_of, self.clock, randbits, trash_days=7, max_users=1000)
        self.runs = Runs(self.context)
        c = self.context
        self.repeats = Idempotency(RepeatRows(self.tables), box(), self.clock)
        self.history = History(c.log, c.applied, c.changes, c.users, c.groups)
        self.previews = Previews(self.context)
        self.phones = make_phones(self.tables, self.clock, randbits)
        self.individual = IndividualSync(self.context)
        self.explain = Explain(self.context)
        self.diagnostics = Diagnostics(self.context)
        self.approvals = Approvals(self.context, self.runs, Journal(self.context.log, self.clock, randbits))
        self.trash = Trash(UserRows(self.tables), TrashRows(self.tables), self.queues, self.journal, self.clock)
        self.admin = make_admin_api(self.tables, box(), self.journal, self.clock, randbits, trash_days=7, public_url=SITE.public_url)
        self.health = Health(self.tables)

    async def _source_of(self, tenant_id: str) -> Directory:
        if tenant_id != TENANT:
            raise Reauthorize(f"Microsoft Entra answered 400 invalid_request: AADSTS90002: Tenant {tenant_id} not found.")
        return self.source

    async def connected(self) -> Connection:
        return await self.connections.create(TENANT, by="test")

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
