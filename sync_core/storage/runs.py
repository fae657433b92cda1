"""Rows of runs: table Runs, by reference code; and each sync's list of them, newest first."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from sync_core.errors import AlreadyExists, Conflict, Missing, NotFound
from sync_core.runs.record import Run
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables, Upsert

TABLE = "Runs"
_RUN = "run"
_AGED = "aged"
"""The partition of how far each sync's old runs have been dropped."""
_EXPIRING = "expiring"
_END_OF_TIME = 9_999_999_999_999


class RunRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def insert(self, run: Run) -> None:
        """A code is random, so a run that is there already is this one: its reply was lost."""
        with suppress(AlreadyExists):
            await self._tables.write(TABLE, Insert(Row(run.run, _RUN, columns(run))))

    async def remove(self, run: Run) -> None:
        """A run that never got its lock."""
        with suppress(Missing):
            await self._tables.write(TABLE, Delete(run.run, _RUN))

    async def list_in_history(self, run: Run) -> None:
        """Makes it appear in its sync's list. Doing it twice changes nothing."""
        try:
            await self._tables.write(TABLE, Insert(Row(run.directory_key, _history_key(run.queued_at, run.run), {"run": run.run})))
        except AlreadyExists:
            return

    async def expire_at(self, run: Run, at: datetime) -> None:
        """Makes a preview appear in `expiring`."""
        await self._tables.write(TABLE, Upsert(Row(_EXPIRING, _time_key(at, run.run), {"run": run.run})))

    async def expiring(self, until: datetime) -> list[tuple[str, str]]:
        """The previews that expire no later than this: reference codes, each with the key of its pointer."""
        pages = self._tables.query(TABLE, _EXPIRING, end=_time_key(until, "~"))
        return [(row.text("run"), row.key) async for page in pages for row in page]

    async def forget_expiring(self, key: str) -> None:
        with suppress(Missing):
            await self._tables.write(TABLE, Delete(_EXPIRING, key))

    async def get(self, run: str) -> Run:
        """Raises NotFound."""
        return (await self._read(run))[0]

    async def change(self, run: str, how: Callable[[Run], Run | None]) -> Run:
        """Puts `how` of the run in its place by ETag, computed anew when it changed meanwhile. None from `how` leaves it as it is.

        A row that was to be written and is there after a conflict is written: its reply was lost.
        """
        after: Run | None = None
        while True:
            before, etag = await self._read(run)
            if before == after:
                return before
            after = how(before)
            if after is None:
                return before
            try:
                await self._tables.write(TABLE, Replace(Row(run, _RUN, columns(after), etag)))
            except Conflict:
                continue
            return after

    async def history(self, directory_key: str, limit: int, after: str = "") -> tuple[list[str], str]:
        """Reference codes, newest first, from behind the cursor `after` on; and the cursor for more, "" at the end."""
        start = f"{after}!" if after else ""
        keys: list[str] = []
        async for page in self._tables.query(TABLE, directory_key, start=start, page=limit + 1):
            keys += [row.key for row in page]
            if len(keys) > limit:
                break
        return [key.partition("-")[2] for key in keys[:limit]], keys[limit - 1] if len(keys) > limit else ""

    async def aged(self, directory_key: str, start: str, limit: int, after: str = "") -> tuple[list[str], str]:
        """Reference codes of the runs from the place `start` on, back to those that `aged_to` told of; as `history`."""
        known = await self._tables.get(TABLE, _AGED, directory_key)
        end = known.text("to") if known is not None else ""
        keys: list[str] = []
        if end and end <= start:
            return [], ""
        async for page in self._tables.query(TABLE, directory_key, start=f"{after}!" if after else start, end=end, page=limit + 1):
            keys += [row.key for row in page]
            if len(keys) > limit:
                break
        return [key.partition("-")[2] for key in keys[:limit]], keys[limit - 1] if len(keys) > limit else ""

    async def aged_to(self, directory_key: str, start: str) -> None:
        """What is behind the place is done with."""
        await self._tables.write(TABLE, Upsert(Row(_AGED, directory_key, {"version": 1, "to": start})))

    async def _read(self, run: str) -> tuple[Run, str]:
        row = await self._tables.get(TABLE, run, _RUN)
        if row is None:
            raise NotFound(f"there is no run with the reference code {run}")
        return record(row, Run), row.etag


def place(run: Run) -> str:
    """The run's own place in its sync's list: `history` goes on behind it."""
    return _history_key(run.queued_at, run.run)


def place_of(at: datetime) -> str:
    """The place, in a sync's list, of the runs queued before that time."""
    return _history_key(at, "")


def _history_key(at: datetime, run: str) -> str:
    return f"{_END_OF_TIME - int(at.timestamp() * 1000):013d}-{run}"


def _time_key(at: datetime, run: str) -> str:
    return f"{int(at.timestamp() * 1000):013d}-{run}"
