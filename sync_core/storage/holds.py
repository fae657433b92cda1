"""Rows of what the brake holds: table Syncs, partition "held", by directory key. Whose changes they are stands in Changes (D-12).

Beside them, by sync, the takeovers that an admin confirmed although they enable somebody who is disabled here (D-05).
"""

from collections.abc import Callable, Iterable
from contextlib import suppress

from sync_core.errors import Conflict, Missing
from sync_core.planning.held import Confirmation, HeldSet
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables, Upsert

TABLE = "Syncs"
PARTITION = "held"


class HoldRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, directory_key: str) -> HeldSet | None:
        return (await self._read(directory_key))[0]

    async def change(self, directory_key: str, how: Callable[[HeldSet | None], HeldSet | None]) -> HeldSet | None:
        """Puts `how` of what is held in its place by ETag, computed anew when it changed meanwhile; None for nothing held."""
        while True:
            before, etag = await self._read(directory_key)
            after = how(before)
            if after == before:
                return after
            try:
                if after is None:
                    await self._tables.write(TABLE, Delete(PARTITION, directory_key, etag))
                else:
                    row = Row(PARTITION, directory_key, columns(after), etag)
                    await self._tables.write(TABLE, Replace(row) if etag else Insert(row))
            except Conflict:
                continue
            return after

    async def _read(self, directory_key: str) -> tuple[HeldSet | None, str]:
        row = await self._tables.get(TABLE, PARTITION, directory_key)
        return (record(row, HeldSet), row.etag) if row is not None else (None, "")


class ConfirmationRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, directory_key: str, confirmation: Confirmation) -> None:
        row = Row(_confirmed(directory_key), confirmation.object_id, columns(confirmation))
        await self._tables.write(TABLE, Upsert(row))

    async def all(self, directory_key: str) -> dict[str, Confirmation]:
        """By object id."""
        pages = self._tables.query(TABLE, _confirmed(directory_key))
        return {row.key: record(row, Confirmation) async for page in pages for row in page}

    async def remove(self, directory_key: str, object_ids: Iterable[str]) -> None:
        for object_id in object_ids:
            with suppress(Missing):
                await self._tables.write(TABLE, Delete(_confirmed(directory_key), object_id))


def _confirmed(directory_key: str) -> str:
    return f"confirmed-{directory_key}"
