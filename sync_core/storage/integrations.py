"""Rows of integration keys: table Integrations, partition by the key's hash character, by integration key.

Their secrets are sealed before they come here (`secrets.py`); no row holds one in clear.
"""

from contextlib import suppress

from sync_core import ids
from sync_core.directory.integrations import Integration
from sync_core.errors import AlreadyExists
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Insert, Row, Tables

TABLE = "Integrations"


class IntegrationRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def insert(self, integration: Integration) -> None:
        """Inserting the same one again changes nothing, as after a lost reply: ids are random, so a row that is there is this one."""
        with suppress(AlreadyExists):
            await self._tables.write(TABLE, Insert(Row(ids.hash_character(integration.ikey), integration.ikey, columns(integration))))

    async def get(self, ikey: str) -> Integration | None:
        row = await self._tables.get(TABLE, ids.hash_character(ikey), ikey)
        return record(row.values, Integration) if row else None
