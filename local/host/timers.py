"""Timer triggers. Invocations of one timer never overlap: a tick that falls into a run is left out. A failed run is not repeated before
the next tick.
"""

import asyncio
import json
from datetime import UTC, datetime

from local.host.invocations import Invocations
from local.host.protos import TypedData
from local.host.schedules import Schedule
from local.host.worker import Event, Function

_LONGEST_SLEEP = 60.0
"""Seconds; the system's clock may be set meanwhile."""


class TimerListener:
    def __init__(self, function: Function, schedule: Schedule, invocations: Invocations) -> None:
        self.function = function
        self._schedule = schedule
        self._invocations = invocations
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Starts no more; `run` returns when the present invocation has ended."""
        self._stopping.set()

    async def run(self) -> None:
        last: datetime | None = None
        due = _now() if self.function.trigger.get("runOnStartup") else self._schedule.next_after(_now())
        while due is not None and await self._reached(due):
            # From the tick on at the earliest: a clock a moment behind would find the same tick again.
            upcoming = self._schedule.next_after(max(due, _now()))
            await self._invocations.run(self.function, _event(last, upcoming), f"timer, due {due:%H:%M:%S}")
            last = due
            due = self._schedule.next_after(max(due, _now()))

    async def _reached(self, due: datetime) -> bool:
        """Waits for a time; false when the host stops before."""
        while not self._stopping.is_set():
            seconds = (due - _now()).total_seconds()
            if seconds <= 0:
                return True
            try:
                async with asyncio.timeout(min(seconds, _LONGEST_SLEEP)):
                    await self._stopping.wait()
            except TimeoutError:
                continue
        return False


def _now() -> datetime:
    return datetime.now(UTC)


def _event(last: datetime | None, upcoming: datetime | None) -> Event:
    status = {
        "Last": (last or datetime.min.replace(tzinfo=UTC)).isoformat(),
        "Next": (upcoming or datetime.max.replace(tzinfo=UTC)).isoformat(),
        "LastUpdated": _now().isoformat(),
    }
    return Event(TypedData(json=json.dumps({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False})))
