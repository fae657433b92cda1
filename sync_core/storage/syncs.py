"""Rows of syncs: table Syncs, partition "sync", by directory key.

Beside each sync stands the claim of its name, keyed by the name's digest, so that one transaction keeps names unique.
Partition "lock" of the same table holds the locks of runs.
"""

from dataclasses import dataclass

from sync_core.directory import names
from sync_core.directory.syncs import Sync
from sync_core.errors import AlreadyExists, NotFound
from sync_core.storage.records import ROW_VERSION, columns, record
from sync_core.storage.tables import Delete, Insert, Operation, Replace, Row, Tables

TABLE = "Syncs"
PARTITION = "sync"
_FIRST_SYNC, _AFTER_SYNCS = "DK", "DL"
_NAME = "name-"


class NameTaken(AlreadyExists):
    """Another sync has this name, in some spelling."""


@dataclass(frozen=True, slots=True)
class StoredSync:
    sync: Sync
    etag: str


class SyncRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def insert(self, sync: Sync) -> None:
        """Raises NameTaken when another sync has the name. Inserting the same sync again changes nothing, as after a lost reply."""
        claim = _claim(sync)
        try:
            await self._tables.transact(TABLE, [Insert(claim), Insert(_row(sync))])
        except AlreadyExists as taken:
            found = await self._tables.get(TABLE, PARTITION, claim.key)
            if found is None or found.values["directory_key"] != sync.directory_key:
                raise NameTaken(f"there is a sync named {sync.name!r} already") from taken

    async def get(self, directory_key: str) -> Sync | None:
        stored = await self.read(directory_key)
        return stored.sync if stored else None

    async def existing(self, directory_key: str) -> Sync:
        """Raises NotFound, for a deleted one too (D-17)."""
        sync = await self.get(directory_key)
        if sync is None or sync.deleted_at is not None:
            raise NotFound(f"there is no sync with the directory key {directory_key}")
        return sync

    async def read(self, directory_key: str) -> StoredSync | None:
        """The sync with the ETag that `replace` wants."""
        row = await self._tables.get(TABLE, PARTITION, directory_key)
        return StoredSync(record(row, Sync), row.etag) if row else None

    async def replace(self, sync: Sync, etag: str, before: Sync | None = None) -> str:
        """Puts settings in the place of those with `etag`; the new ETag. Raises Stale or Missing.

        `before` are those, where the name may be another one: the claim of the name moves with it. Raises NameTaken.
        """
        replaced = Replace(_row(sync, etag))
        if before is None or names.digest(before.name) == names.digest(sync.name):
            return await self._tables.write(TABLE, replaced)
        freed = await self._tables.get(TABLE, PARTITION, _NAME + names.digest(before.name))
        operations: list[Operation] = [replaced, Insert(_claim(sync))]
        if freed is not None and freed.values["directory_key"] == sync.directory_key:
            operations.append(Delete(PARTITION, freed.key, freed.etag))
        try:
            return (await self._tables.transact(TABLE, operations))[0]
        except AlreadyExists as taken:
            raise NameTaken(f"there is a sync named {sync.name!r} already") from taken

    async def delete(self, deleted: Sync, etag: str) -> None:
        """Puts a tombstone in the place of the settings with `etag`, and frees the name with it. Raises Conflict when they changed."""
        claim = await self._tables.get(TABLE, PARTITION, _NAME + names.digest(deleted.name))
        operations: list[Operation] = [Replace(_row(deleted, etag))]
        if claim is not None and claim.values["directory_key"] == deleted.directory_key:
            operations.append(Delete(PARTITION, claim.key, claim.etag))
        await self._tables.transact(TABLE, operations)

    async def all(self) -> list[Sync]:
        """In the order of their directory keys, deleted ones too."""
        pages = self._tables.query(TABLE, PARTITION, start=_FIRST_SYNC, end=_AFTER_SYNCS)
        return [record(row, Sync) async for page in pages for row in page]

    async def by_key(self) -> dict[str, Sync]:
        """All by directory key, deleted ones too: they hold nobody, and groups are still called after them (B-143, D-17)."""
        return {sync.directory_key: sync for sync in await self.all()}


def _claim(sync: Sync) -> Row:
    return Row(PARTITION, _NAME + names.digest(sync.name), {"version": ROW_VERSION, "directory_key": sync.directory_key})


def _row(sync: Sync, etag: str = "") -> Row:
    return Row(PARTITION, sync.directory_key, columns(sync), etag)
