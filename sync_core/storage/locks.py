"""The lock of each sync: table Syncs, partition "lock", by directory key. One run at a time, each with a higher fence (D-15)."""

from datetime import datetime

import msgspec

from sync_core.errors import AlreadyRunning, Conflict
from sync_core.planning.claims import Alive
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Insert, Replace, Row, Tables

TABLE = "Syncs"
PARTITION = "lock"
PREVIEWS = "preview"
"""The partition of the locks of previews, which run beside full runs, one at a time too (D-13)."""


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    run: str = ""
    """Reference code of the run that has it; "" when it is free."""
    fence: int = 0
    """Of that run, or of the last one."""
    unclean: tuple[str, ...] = ()
    """Runs that ended after they had begun to write and before they were done, until a run has put right what they left."""
    last_run: str = ""
    slot: datetime | None = None
    """Of the schedule, the newest that a run was started for: each is taken once, however many timers see it due."""
    heeded: tuple[str, ...] = ()
    """Directory keys of syncs that were deleted, whose users this one has taken over where they shared them (D-17)."""


class LockRows:
    def __init__(self, tables: Tables, partition: str = PARTITION) -> None:
        self._tables, self._partition = tables, partition

    async def read(self, directory_key: str) -> tuple[Lock, str]:
        """The lock and its ETag ("" when it was never taken)."""
        row = await self._tables.get(TABLE, self._partition, directory_key)
        return (record(row, Lock), row.etag) if row else (Lock(), "")

    async def taken(self) -> dict[str, Lock]:
        """The locks that some run has, by directory key."""
        return {key: lock for key, lock in (await self._all()).items() if lock.run}

    async def unclean(self) -> dict[str, Lock]:
        """Those that list runs whose leftovers nobody has put right yet, by directory key."""
        return {key: lock for key, lock in (await self._all()).items() if lock.unclean}

    async def _all(self) -> dict[str, Lock]:
        pages = self._tables.query(TABLE, self._partition)
        return {row.key: record(row, Lock) async for page in pages for row in page}

    async def alive(self, now: datetime, own: str = "") -> Alive:
        """Whose claims stand although no record lists their names yet: those of lately begun edits, and of all runs but `own`."""
        locks = (await self._all()).values()
        runs = frozenset(lock.run for lock in locks if lock.run not in ("", own))
        return Alive(runs, now, own, beside=frozenset(code for lock in locks for code in lock.unclean))

    async def write(self, directory_key: str, lock: Lock, etag: str) -> None:
        """Raises Stale or AlreadyExists when somebody was faster."""
        row = Row(self._partition, directory_key, columns(lock), etag)
        await self._tables.write(TABLE, Replace(row) if etag else Insert(row))

    async def take(self, directory_key: str, lock: Lock, etag: str) -> None:
        """Raises AlreadyRunning with the run that was faster. Where that is the lock's own, the reply was lost, and it has it."""
        try:
            await self.write(directory_key, lock, etag)
        except Conflict as conflict:
            winner, _ = await self.read(directory_key)
            if winner.run != lock.run:
                raise AlreadyRunning(winner.run) from conflict
