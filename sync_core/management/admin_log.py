"""The log as the Admin API gives it: who did what, oldest or newest first."""

from datetime import datetime

from sync_core.directory.events import Event
from sync_core.storage.log import LogRows

MOST = 1000

type Placed = tuple[str, Event]
"""An event, behind its place in the log: unique, in the order of time."""


class AdminLog:
    def __init__(self, rows: LogRows) -> None:
        self._rows = rows

    async def since(self, at: datetime) -> list[Event]:
        """The earliest 1,000 events not before `at`, oldest first."""
        found, _ = await self._rows.forward(at, limit=MOST)
        return [one.event for one in found]

    async def page(
        self, since: datetime | None, until: datetime | None, *, newest: bool, limit: int, cursor: str
    ) -> tuple[list[Placed], str]:
        """Events with since <= at < until behind the place `cursor`, and the place for more, "" at the end. Rejected for another."""
        read = self._rows.newest if newest else self._rows.forward
        found, more = await read(since=since, until=until, limit=limit, cursor=cursor)
        return [(one.place, one.event) for one in found], more
