"""Whether this deployment can serve: one small read of its storage."""

import asyncio

from sync_core.errors import Transient
from sync_core.storage.syncs import PARTITION, TABLE
from sync_core.storage.tables import Tables

PATIENCE = 5.0
"""Seconds that the read may take."""
RETRY_AFTER = 10.0
NOBODY = "health"
"""A row that is not there: it costs as little as a read can."""


class Health:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def check(self) -> None:
        """Raises Transient when storage is busy, away or slow."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._tables.get(TABLE, PARTITION, NOBODY)
        except TimeoutError as late:
            raise Transient(f"storage did not answer within {PATIENCE:.0f} s", retry_after=RETRY_AFTER) from late
