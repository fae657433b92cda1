"""Rows of consents under way: table Authorizations, one partition, by authorization id. Dropped a day after they were begun."""

from datetime import datetime, timedelta

from sync_core.directory.authorizations import Authorization
from sync_core.storage.bulk import leave_out, write_all
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables

TABLE = "Authorizations"
PARTITION = "authorization"
KEPT = timedelta(days=1)


class AuthorizationRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def insert(self, new: Authorization) -> None:
        await self._tables.write(TABLE, Insert(Row(PARTITION, new.authorization_id, columns(new))))

    async def read(self, authorization_id: str) -> tuple[Authorization, str] | None:
        """The authorization and its ETag."""
        row = await self._tables.get(TABLE, PARTITION, authorization_id)
        return (record(row, Authorization), row.etag) if row else None

    async def replace(self, changed: Authorization, etag: str) -> str:
        """Its new ETag. Raises Conflict when somebody else was faster: a state is used once."""
        return await self._tables.write(TABLE, Replace(Row(PARTITION, changed.authorization_id, columns(changed), etag)))

    async def drop_old(self, now: datetime) -> None:
        rows = [row async for page in self._tables.query(TABLE, PARTITION) for row in page]
        old = [row for row in rows if record(row, Authorization).begun_at + KEPT <= now]
        await write_all(self._tables, TABLE, [Delete(PARTITION, row.key) for row in old], on_conflict=leave_out)
