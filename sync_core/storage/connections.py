"""Rows of connections: table Connections, one partition, by connection id."""

from contextlib import suppress

from sync_core.directory.syncs import Connection
from sync_core.errors import AlreadyExists
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables

TABLE = "Connections"
PARTITION = "connection"


class ConnectionRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def insert(self, connection: Connection) -> None:
        """Inserting the same one again changes nothing, as after a lost reply: ids are random, so a row that is there is this one."""
        with suppress(AlreadyExists):
            await self._tables.write(TABLE, Insert(_row(connection)))

    async def get(self, connection_id: str) -> Connection | None:
        found = await self.read(connection_id)
        return found[0] if found else None

    async def read(self, connection_id: str) -> tuple[Connection, str] | None:
        """The connection and its ETag."""
        row = await self._tables.get(TABLE, PARTITION, connection_id)
        return (record(row, Connection), row.etag) if row else None

    async def replace(self, connection: Connection, etag: str) -> str:
        """In the place of the one with this ETag; the new ETag. Raises Stale or Missing."""
        return await self._tables.write(TABLE, Replace(_row(connection, etag)))

    async def remove(self, connection_id: str, etag: str) -> None:
        """Raises Stale or Missing."""
        await self._tables.write(TABLE, Delete(PARTITION, connection_id, etag))

    async def all(self) -> list[Connection]:
        """In the order of their ids."""
        return [record(row, Connection) async for page in self._tables.query(TABLE, PARTITION) for row in page]


def _row(connection: Connection, etag: str = "") -> Row:
    return Row(PARTITION, connection.connection_id, columns(connection), etag)
