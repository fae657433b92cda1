"""Rows of connections: table Connections, one partition, by connection id."""

from sync_core.directory.syncs import Connection
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Insert, Row, Tables

TABLE = "Connections"
PARTITION = "connection"


class ConnectionRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def insert(self, connection: Connection) -> None:
        await self._tables.write(TABLE, Insert(Row(PARTITION, connection.connection_id, columns(connection))))

    async def get(self, connection_id: str) -> Connection | None:
        row = await self._tables.get(TABLE, PARTITION, connection_id)
        return record(row.values, Connection) if row else None

    async def all(self) -> list[Connection]:
        """In the order of their ids."""
        return [record(row.values, Connection) async for page in self._tables.query(TABLE, PARTITION) for row in page]
