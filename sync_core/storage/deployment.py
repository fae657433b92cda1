"""The row of the deployment's own settings: table Deployment."""

from datetime import datetime, timedelta

from sync_core.clock import Clock
from sync_core.directory.deployment import Chosen
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Insert, Replace, Row, Tables

TABLE = "Deployment"
_PLACE = ("deployment", "settings")
_BELIEVED = timedelta(seconds=30)
"""How long a process goes by what it read."""


class DeploymentRows:
    """One a process: it remembers what it read, so that whoever trashes users does not ask each time."""

    def __init__(self, tables: Tables, clock: Clock, trash_days: int) -> None:
        """`trash_days`: the app setting."""
        self._tables, self._clock, self.default_trash_days = tables, clock, trash_days
        self._known: tuple[int, datetime] | None = None
        """Days, and when they were asked for."""

    async def read(self) -> tuple[Chosen, str]:
        """What was chosen, and its ETag: "" while nothing was."""
        asked_at = self._clock.now()
        row = await self._tables.get(TABLE, *_PLACE)
        chosen = record(row, Chosen) if row is not None else Chosen()
        self._known = self.days(chosen), asked_at
        return chosen, row.etag if row is not None else ""

    async def write(self, chosen: Chosen, etag: str) -> str:
        """In the place of what had this ETag; the new ETag. Raises Conflict when somebody else was faster."""
        row = Row(*_PLACE, columns(chosen), etag)
        asked_at = self._clock.now()
        written = await self._tables.write(TABLE, Replace(row) if etag else Insert(row))
        self._known = self.days(chosen), asked_at
        return written

    async def trash_days(self) -> int:
        """For whoever goes to Trash now, as it was 30 seconds ago at the earliest."""
        if self._known is not None and abs(self._clock.now() - self._known[1]) < _BELIEVED:  # the clock may be set back
            return self._known[0]
        chosen, _ = await self.read()
        return self.days(chosen)

    def days(self, chosen: Chosen) -> int:
        return self.default_trash_days if chosen.trash_days is None else chosen.trash_days
