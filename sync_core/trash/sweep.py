"""The daily sweep: sends everybody who is due to the purge, also those of days on which it did not run (B-163)."""

from datetime import date, datetime, timedelta

from sync_core.clock import Clock
from sync_core.storage.queues import Queues
from sync_core.storage.trash import TrashRows
from sync_core.trash.messages import Purge

BATCH = 100
"""Most users in a message."""
_A_DAY = timedelta(days=1)


class Sweep:
    """A pointer stays until its user is purged, so whatever dies, the next sweep sends it again."""

    def __init__(self, trash: TrashRows, queues: Queues, clock: Clock) -> None:
        self._trash = trash
        self._queues = queues
        self._clock = clock

    async def __call__(self) -> None:
        now = self._clock.now()
        day = first = await self._trash.sweep_from(now)
        empty = True
        while day <= now.date():
            empty = not await self._send(day, now) and empty
            day += _A_DAY
            if empty and day <= now.date():
                first = day
        await self._trash.swept_to(first)

    async def _send(self, day: date, now: datetime) -> bool:
        """Whether there are pointers on this day."""
        pointers = await self._trash.on(day)
        due = [pointer.user_id for pointer in pointers if pointer.due <= now]
        for start in range(0, len(due), BATCH):
            message = Purge(day=day, user_ids=tuple(due[start : start + BATCH]))
            await self._queues.send(Purge.queue, message.model_dump_json())
        return bool(pointers)
