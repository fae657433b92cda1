"""Rows of what the brake holds: table Syncs, partition "held", by directory key. Whose changes they are stands in Changes (D-12).

Beside them, by sync, the takeovers that an admin confirmed although they enable somebody who is disabled here (D-05).
"""

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from sync_core.errors import Conflict, Missing
from sync_core.planning.brake import Overrun
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables, Upsert

TABLE = "Syncs"
PARTITION = "held"


class HeldSet(msgspec.Struct, frozen=True, kw_only=True):
    """Stands until a run of the sync ends without the brake, or holds another set."""

    digest: str
    run: str
    """The newest run that held this set."""
    plan: str
    """The name of that run's list of changes, under which the held ones are kept."""
    first_run: str
    """The run that held it first: the one that was told of by mail."""
    held_at: datetime
    """When the newest run that held it ended."""
    overruns: tuple[Overrun, ...]
    users: int
    """How many users have changes held."""
    new: int = 0
    """Those of them whom the set before it did not name, or not with all of these changes."""
    gone: int = 0
    """Those whom the set before it named and this one does not."""
    approved_run: str = ""
    """The run that was started to make these changes."""
    approved_by: str = ""
    discarded_by: str = ""
    """Who told that they shall not be made; a run that holds them again clears it."""


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    object_id: str
    user_id: str
    reason: str
    """Why it had been skipped."""
    by: str
    at: datetime


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
        return (record(row.values, HeldSet), row.etag) if row is not None else (None, "")


class ConfirmationRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, directory_key: str, confirmation: Confirmation) -> None:
        row = Row(_confirmed(directory_key), confirmation.object_id, columns(confirmation))
        await self._tables.write(TABLE, Upsert(row))

    async def all(self, directory_key: str) -> dict[str, Confirmation]:
        """By object id."""
        pages = self._tables.query(TABLE, _confirmed(directory_key))
        return {row.key: record(row.values, Confirmation) async for page in pages for row in page}

    async def remove(self, directory_key: str, object_ids: Iterable[str]) -> None:
        for object_id in object_ids:
            try:
                await self._tables.write(TABLE, Delete(_confirmed(directory_key), object_id))
            except Missing:
                continue


def _confirmed(directory_key: str) -> str:
    return f"confirmed-{directory_key}"
