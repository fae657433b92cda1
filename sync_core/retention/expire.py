"""Drops what is past its time: the log after 400 days, changes after 90 (D-35). The nightly sweep finds it, a message each piece drops it.
What is staged for runs that are over, it drops itself.

Nothing is remembered but how far each sync's runs have been dropped, and that only once they are: a message that is lost is sent again
the next night.
"""

import logging
from datetime import timedelta

from sync_core.errors import Transient
from sync_core.retention.later import send_later
from sync_core.retention.messages import Expire
from sync_core.retention.staged import drop_staged
from sync_core.runs.context import Context
from sync_core.storage.repeats import RepeatRows
from sync_core.storage.runs import place_of

log = logging.getLogger(__name__)

LOG_KEPT = timedelta(days=400)
CHANGES_KEPT = timedelta(days=90)
RUNS_A_MESSAGE = 10
PARTITIONS_A_NIGHT = 500


class Retention:
    def __init__(self, context: Context, repeats: RepeatRows) -> None:
        self._context = context
        self._repeats = repeats

    async def sweep(self) -> None:
        """Sends what is due. Deleted syncs have old runs too."""
        now = self._context.clock.now()
        await self._repeats.sweep(now)
        await drop_staged(self._context)
        for partition in await self._context.log.partitions_before(now - LOG_KEPT, PARTITIONS_A_NIGHT):
            await self._send(Expire(of="log", name=partition))
        start = place_of(now - CHANGES_KEPT)
        for sync in await self._context.syncs.all():
            await self._send(Expire(of="changes", name=sync.directory_key, start=start))

    async def __call__(self, message: Expire) -> None:
        try:
            if message.of == "log":
                await self._context.log.drop_partition(message.name)
            else:
                await self._changes_of(message)
        except Transient as busy:
            await send_later(self._context.queues, message, busy)

    async def poisoned(self, message: Expire) -> None:
        """A message that failed as often as the host tries. Nothing is lost: the next sweep sends it again."""
        log.error("dropping old %s of %s failed again and again; the next sweep tries again", message.of, message.name)

    async def _changes_of(self, message: Expire) -> None:
        codes, after = await self._context.runs.aged(message.name, message.start, RUNS_A_MESSAGE, message.after)
        lock, _ = await self._context.locks.read(message.name)
        for code in codes:
            if code in lock.unclean:
                continue  # the next run puts right by it what this one left
            await self._context.changes.drop_all(code)
        if after:
            await self._send(message.model_copy(update={"after": after, "tries": 0}))
            return
        await self._context.applied.drop_before(message.name, self._context.clock.now() - CHANGES_KEPT)
        if not lock.unclean:  # else what was left out above is looked at again, the next night
            await self._context.runs.aged_to(message.name, message.start)

    async def _send(self, message: Expire) -> None:
        await self._context.queues.send(Expire.queue, message.model_dump_json())
