"""Starts the runs that are due (B-100, B-003).

Any number of timers may do this at once. A slot of the schedule is taken in the sync's lock, together with the lock, so a run is started
for it once; only then is the next slot written down, so a process that dies between the two starts nothing twice and misses nothing.
"""

import logging
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from sync_core.directory.events import SYSTEM, Event, Happening
from sync_core.directory.lives import Life, Pause, paused
from sync_core.directory.schedules import next_slot
from sync_core.directory.syncs import Sync
from sync_core.errors import AlreadyRunning, NotFound, Rejected, SyncError
from sync_core.runs.context import Context
from sync_core.runs.service import Runs
from sync_core.storage import log_sources
from sync_core.storage.bulk import each

log = logging.getLogger(__name__)

PARALLEL_STARTS = 8


class Schedule:
    def __init__(self, context: Context, runs: Runs) -> None:
        self._context = context
        self._runs = runs

    async def __call__(self) -> None:
        """One range of rows is read, and then some rows for each sync that is due; for the others none."""
        now = self._context.clock.now()
        lives = await self._context.lives.all()
        due = [life for life in lives.values() if not life.paused and life.next_at is not None and life.next_at <= now]
        await each(due, self._take, PARALLEL_STARTS)

    async def _take(self, life: Life) -> None:
        try:
            await self._start(life)
        except SyncError:  # one sync's trouble is not the others'; the slot is still due at the next tick
            log.exception("the scheduled run of %s could not be started", life.directory_key)

    async def _start(self, life: Life) -> None:
        sync = await self._context.syncs.get(life.directory_key)
        if sync is None:
            return
        if sync.deleted_at is not None:
            await self._context.lives.remove(life.directory_key)
            return
        now = self._context.clock.now()
        try:
            await self._runs.start(life.directory_key, SYSTEM, life.next_at)
        except AlreadyRunning as other:
            log.info("%s is not started again: run %s has its turn", life.directory_key, other.run)
        except NotFound:
            return
        except Rejected:
            await self._pause(sync, life, now)
            return
        following = next_slot(now, sync.interval, life.phase)
        await self._context.lives.change(
            life.directory_key, lambda after: replace(after, next_at=following) if after.next_at == life.next_at else after
        )

    async def _pause(self, sync: Sync, life: Life, now: datetime) -> None:
        """Whoever saved what keeps it from running died before it was paused."""
        because = Pause.MOVED if sync.moved_from else Pause.NO_GROUPS
        at = life.next_at or now
        event = Event(at=at, action=Happening.SYNC_PAUSE, actor=SYSTEM, object=sync.name, object_id=sync.directory_key)
        await self._context.log.add(*log_sources.paused(sync.directory_key), [replace(event, description={"Reason": because})])
        await self._context.lives.change(life.directory_key, partial(paused, because=because, now=now))
