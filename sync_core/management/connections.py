"""Connections to Entra tenants: made once their tenant answers, authorized again, moved, deleted when nobody uses them (B-020..B-026)."""

from collections.abc import Collection
from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.events import Happening
from sync_core.directory.lives import Life, Pause, paused
from sync_core.directory.syncs import MAX_NAME, Connection, Sync, check_name, moved
from sync_core.directory.texts import listed
from sync_core.entra.port import SourceGroup, Sources
from sync_core.errors import Conflict, Rejected
from sync_core.ids import RandomBits, has_form
from sync_core.management.journal import Journal
from sync_core.management.references import unknown
from sync_core.management.versions import check_version
from sync_core.storage.connections import ConnectionRows
from sync_core.storage.lives import LifeRows
from sync_core.storage.log import LogRows
from sync_core.storage.syncs import SyncRows
from sync_core.storage.tables import Tables

MAX_NAMED = 5
"""How many syncs an error names."""


class Connections:
    def __init__(self, rows: ConnectionRows, syncs: SyncRows, lives: LifeRows, sources: Sources, journal: Journal, clock: Clock) -> None:
        self._rows = rows
        self._journal = journal
        self._syncs = syncs
        self._lives = lives
        self._sources = sources
        self._clock = clock

    async def create(self, tenant_id: str, name: str = "", *, by: str, connection_id: str = "") -> Connection:
        """A connection to the tenant, proved by reading its organization; named after that unless `name` is given.

        Made again with the same `connection_id`, it is that one. Raises Rejected when another tenant answers or the tenant's cloud is not
        served (D-31), and what the source raises.
        """
        name = check_name(name) if name else ""
        organization = await self._proved(tenant_id)
        connection = Connection(
            connection_id=connection_id or ids.new_connection_id(),
            tenant_id=tenant_id.lower(),
            name=name or presentable(organization, tenant_id),
            created_at=self._clock.now(),
        )
        told = {"name": connection.name, "tenant": connection.tenant_id}
        async with self._journal.about(by, Happening.CONNECTION_CREATE, connection.name, connection.connection_id, told):
            await self._rows.insert(connection)
        return await self.get(connection.connection_id)

    async def all(self) -> list[Connection]:
        return await self._rows.all()

    async def get(self, connection_id: str) -> Connection:
        """Raises NotFound."""
        return (await self.version(connection_id))[0]

    async def version(self, connection_id: str) -> tuple[Connection, str]:
        """The connection, and its ETag. Raises NotFound."""
        found = await self._rows.read(connection_id) if has_form(connection_id, "DC") else None
        if found is None:
            raise unknown("connection", connection_id)
        return found

    async def find_groups(self, connection_id: str, prefix: str) -> list[SourceGroup]:
        """At most 100 groups of the tenant whose name begins with `prefix` (B-030). Raises NotFound."""
        connection = await self.get(connection_id)
        source = await self._sources(connection.tenant_id)
        return await source.find_groups(prefix)

    async def rename(self, connection_id: str, name: str, if_match: Collection[str] = (), *, by: str) -> tuple[Connection, str]:
        """The connection as it then is, and its ETag. Raises NotFound, Outdated, and Rejected for a name that cannot be."""
        name = check_name(name)
        before, etag = await self.version(connection_id)
        check_version(etag, if_match)
        if name == before.name:
            return before, etag
        async with self._journal.about(by, Happening.CONNECTION_UPDATE, before.name, connection_id, {"name": name}):
            return await self._change(connection_id, if_match, name=name)

    async def reauthorized(self, connection_id: str, tenant_id: str, *, by: str, may_move: bool) -> Connection:
        """Somebody consented again, for the connection's tenant or, where it may move, for another (B-026, B-131, D-08).

        Its syncs are connected again and stay paused (B-132). Of another tenant they pause, and run there once a preview is accepted.
        Repeated, it ends the same. Raises NotFound; Rejected when another tenant answers; and what the source raises.
        """
        before = await self.get(connection_id)
        tenant_id = tenant_id.lower()
        if tenant_id != before.tenant_id and not may_move:
            raise Rejected(
                f"this is the consent of the tenant {tenant_id}, and the connection is to {before.tenant_id}: "
                "consent with an account of that tenant, or move the connection",
                field="tenant_id",
            )
        await self._proved(tenant_id)
        told = {"tenant": tenant_id, "reauthorized": "yes"}
        async with self._journal.about(by, Happening.CONNECTION_UPDATE, before.name, connection_id, told):
            connection = (await self._change(connection_id, (), tenant_id=tenant_id))[0]
            for sync in await self._users(connection_id):
                if sync.tenant_id != tenant_id:
                    await self._move(sync, tenant_id, by)
                await self._lives.change(sync.directory_key, _connected)
        return connection

    async def delete(self, connection_id: str, if_match: Collection[str] = (), *, by: str) -> None:
        """Raises NotFound, Outdated, and Rejected, naming them, while syncs read through it (B-144)."""
        connection, etag = await self.version(connection_id)
        check_version(etag, if_match)
        await self.check_unused(connection_id)
        async with self._journal.about(by, Happening.CONNECTION_DELETE, connection.name, connection_id):
            await self._remove(connection, etag)

    async def _remove(self, connection: Connection, etag: str) -> None:
        connection_id = connection.connection_id
        try:
            await self._rows.remove(connection_id, etag)
        except Conflict:
            if await self._rows.read(connection_id) is not None:
                raise
        try:
            await self.check_unused(connection_id)
        except Rejected:  # a sync was set up meanwhile: whoever did it looks for the connection once more afterwards
            await self._rows.insert(connection)
            raise

    async def _proved(self, tenant_id: str) -> str:
        """The display name of the organization that answers for the tenant."""
        source = await self._sources(tenant_id)
        answered, organization = await source.organization()
        if answered.lower() != tenant_id.lower():
            raise Rejected(f"the credential reaches the tenant {answered}, not {tenant_id}", field="tenant_id")
        return organization

    async def _change(self, connection_id: str, if_match: Collection[str], **fields: str) -> tuple[Connection, str]:
        while True:
            before, etag = await self.version(connection_id)
            check_version(etag, if_match)
            after = replace(before, **fields)
            if after == before:
                return before, etag
            with suppress(Conflict):
                return after, await self._rows.replace(after, etag)

    async def _users(self, connection_id: str) -> list[Sync]:
        return [sync for sync in await self._syncs.all() if sync.connection_id == connection_id and sync.deleted_at is None]

    async def check_unused(self, connection_id: str, but: str = "") -> None:
        """Raises Rejected, naming them, while syncs other than the one of the directory key `but` read through it."""
        names = [sync.name for sync in await self._users(connection_id) if sync.directory_key != but]
        if names:
            raise Rejected(f"the connection is in use by {listed(names, MAX_NAMED)}: delete these syncs first")

    async def _move(self, sync: Sync, tenant_id: str, by: str) -> None:
        """Pauses before it moves: what runs at this moment reads the old tenant to its end, or stops (D-17)."""
        directory_key = sync.directory_key
        async with self._journal.about(by, Happening.SYNC_PAUSE, sync.name, directory_key, {"Reason": Pause.MOVED}):
            await self._lives.change(directory_key, partial(paused, because=Pause.MOVED, now=self._clock.now()))
        while (stored := await self._syncs.read(directory_key)) is not None and stored.sync.deleted_at is None:
            if stored.sync.tenant_id == tenant_id:
                return
            with suppress(Conflict):
                await self._syncs.replace(moved(stored.sync, tenant_id), stored.etag)


def make_connections(tables: Tables, sources: Sources, clock: Clock, random_bits: RandomBits) -> Connections:
    journal = Journal(LogRows(tables, clock), clock, random_bits)
    return Connections(ConnectionRows(tables), SyncRows(tables), LifeRows(tables), sources, journal, clock)


def presentable(organization: str, otherwise: str) -> str:
    """An organization's display name as a name here: printable, short enough; `otherwise` when nothing of it is left."""
    printable = "".join(character if character.isprintable() else " " for character in organization)
    return " ".join(printable.split())[:MAX_NAME].rstrip() or otherwise


def _connected(life: Life) -> Life:
    return replace(life, needs_authorization=False)
