"""Connections to Entra tenants: made once their tenant answers (B-020..B-026)."""

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.syncs import MAX_NAME, Connection, check_name
from sync_core.entra.port import SourceGroup, Sources
from sync_core.errors import Rejected
from sync_core.management.references import has_form, unknown
from sync_core.storage.connections import ConnectionRows


class Connections:
    def __init__(self, rows: ConnectionRows, sources: Sources, clock: Clock) -> None:
        self._rows = rows
        self._sources = sources
        self._clock = clock

    async def create(self, tenant_id: str, name: str = "") -> Connection:
        """A connection to the tenant, proved by reading its organization; named after that unless `name` is given.

        Raises Rejected when another tenant answers or the tenant's cloud is not served (D-31), and what the source raises.
        """
        name = check_name(name) if name else ""
        source = await self._sources(tenant_id)
        answered, organization = await source.organization()
        if answered.lower() != tenant_id.lower():
            raise Rejected(f"the credential reaches the tenant {answered}, not {tenant_id}", field="tenant_id")
        connection = Connection(
            connection_id=ids.new_connection_id(),
            tenant_id=tenant_id.lower(),
            name=name or presentable(organization, tenant_id),
            created_at=self._clock.now(),
        )
        await self._rows.insert(connection)
        return connection

    async def all(self) -> list[Connection]:
        return await self._rows.all()

    async def get(self, connection_id: str) -> Connection:
        """Raises NotFound."""
        connection = await self._rows.get(connection_id) if has_form(connection_id, "DC") else None
        if connection is None:
            raise unknown("connection", connection_id)
        return connection

    async def find_groups(self, connection_id: str, prefix: str) -> list[SourceGroup]:
        """At most 100 groups of the tenant whose name begins with `prefix` (B-030). Raises NotFound."""
        connection = await self.get(connection_id)
        source = await self._sources(connection.tenant_id)
        return await source.find_groups(prefix)


def presentable(organization: str, otherwise: str) -> str:
    """An organization's display name as a name here: printable, short enough; `otherwise` when nothing of it is left."""
    printable = "".join(character if character.isprintable() else " " for character in organization)
    return " ".join(printable.split())[:MAX_NAME].rstrip() or otherwise
