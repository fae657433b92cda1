"""Rows of integration keys: table Integrations, partition by the key's hash character, by integration key.

Their secrets are sealed before they come here (`secrets.py`); no row holds one in clear.
"""

from contextlib import suppress

from sync_core import ids
from sync_core.directory.integrations import Integration
from sync_core.errors import AlreadyExists, Missing
from sync_core.storage.bulk import each
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables

TABLE = "Integrations"
_PARALLEL_PARTITIONS = 16


class IntegrationRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def insert(self, integration: Integration) -> None:
        """Inserting the same one again changes nothing, as after a lost reply: ids are random, so a row that is there is this one."""
        with suppress(AlreadyExists):
            await self._tables.write(TABLE, Insert(_row(integration)))

    async def get(self, ikey: str) -> Integration | None:
        stored = await self.read(ikey)
        return stored[0] if stored else None

    async def read(self, ikey: str) -> tuple[Integration, str] | None:
        """The key, and its ETag."""
        row = await self._tables.get(TABLE, ids.hash_character(ikey), ikey)
        return (record(row, Integration), row.etag) if row else None

    async def all(self) -> list[Integration]:
        """In the order of their integration keys."""

        async def part(partition: str) -> list[Integration]:
            return [record(row, Integration) async for page in self._tables.query(TABLE, partition) for row in page]

        parts = await each(ids.HASH_CHARACTERS, part, _PARALLEL_PARTITIONS)
        return sorted((integration for part in parts for integration in part), key=lambda integration: integration.ikey)

    async def replace(self, integration: Integration, etag: str) -> None:
        """In the place of the one with this ETag. Raises Stale or Missing."""
        await self._tables.write(TABLE, Replace(_row(integration, etag)))

    async def remove(self, ikey: str) -> None:
        """One that is gone already is no fault."""
        with suppress(Missing):
            await self._tables.write(TABLE, Delete(ids.hash_character(ikey), ikey))


def _row(integration: Integration, etag: str = "") -> Row:
    return Row(ids.hash_character(integration.ikey), integration.ikey, columns(integration), etag)
