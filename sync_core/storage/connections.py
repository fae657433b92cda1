"""Rows of connections: table Connections, one partition, by connection id."""

from contextlib import suppress

from sync_core.directory.syncs import Connection
from sync_core.errors import AlreadyExists
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Insert, Row, Tables

TABLE = "Connections"
PARTITION = "connection"


class ConnectionRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def insert(self, connection: Connection) -> None:
        """Inserting the same one again changes nothing, as after a lost reply: ids are random, so a row that is there is this one."""
        with suppress(AlreadyExists):
            await self._tables.write(TABLE, Insert(Row(PARTITION, connection.connection_id, columns(connection))))

    async def get(self, connection_id: str) -> Connection | None:
        row = await self._tables.get(TABLE, PARTITION, connection_id)
        return record(row.values, Connection) if row else None

    async def all(self) -> list[Connection]:
        """In the order of their ids."""
        return [record(row.values, Connection) async for page in self._tables.query(TABLE, PARTITION) for row in page]
