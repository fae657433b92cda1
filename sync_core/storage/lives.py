"""Rows of the lives of syncs: table Syncs, partition "life", by directory key. One partition, so that a timer reads all in a range."""

from collections.abc import Callable
from contextlib import suppress

from sync_core.directory.lives import Life
from sync_core.errors import Conflict, Missing
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables

TABLE = "Syncs"
PARTITION = "life"


class LifeRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, directory_key: str) -> Life:
        """That of a sync which nothing has happened to yet, where there is no row."""
        return (await self.read(directory_key))[0]

    async def read(self, directory_key: str) -> tuple[Life, str]:
        """The life and its ETag, "" where there is no row."""
        row = await self._tables.get(TABLE, PARTITION, directory_key)
        return (record(row, Life), row.etag) if row else (Life(directory_key=directory_key), "")

    async def write(self, life: Life, etag: str) -> None:
        """In the place of the one with this ETag. Raises Conflict when somebody was faster."""
        row = Row(PARTITION, life.directory_key, columns(life), etag)
        await self._tables.write(TABLE, Replace(row) if etag else Insert(row))

    async def all(self) -> dict[str, Life]:
        """By directory key."""
        pages = self._tables.query(TABLE, PARTITION)
        return {row.key: record(row, Life) async for page in pages for row in page}

    async def change(self, directory_key: str, how: Callable[[Life], Life]) -> Life:
        """Puts `how` of the life in its place by ETag, computed anew when it changed meanwhile; writes nothing when that is the same."""
        while True:
            before, etag = await self.read(directory_key)
            after = how(before)
            if after == before:
                return before
            try:
                await self.write(after, etag)
            except Conflict:
                continue
            return after

    async def remove(self, directory_key: str) -> None:
        """Of a deleted sync. Doing it twice changes nothing."""
        with suppress(Missing):
            await self._tables.write(TABLE, Delete(PARTITION, directory_key))
