"""Rows of Trash: table Trash, by the day on which a user is due to be deleted, by user id. Pointers: the record decides (D-27).

No pointer stands on a day before the one that `sweep_from` gives: how far the daily purge has come.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sync_core.directory.retention import due
from sync_core.errors import AlreadyExists, Missing
from sync_core.storage.bulk import leave_out, write_all
from sync_core.storage.tables import PAGE_ROWS, Delete, Insert, Row, Tables, Upsert

TABLE = "Trash"
LONGEST = timedelta(days=90)
"""The most that the setting allows: no pointer stands further ahead."""
_BEFORE_ANY = LONGEST + timedelta(days=30)
"""How far back the first sweep of all looks."""
_USER = "user-"
_TOLD = "told-"
_SWEEP = ("sweep", "users")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Pointer:
    day: date
    user_id: str
    due: datetime
    """When the user was due, as it was known when the pointer was written."""


class TrashRows:
    def __init__(self, tables: Tables, days: int) -> None:
        self._tables, self.days = tables, days

    async def point(self, user_ids: Iterable[str], trashed_at: datetime) -> None:
        """Points to users that go to Trash, before their records say so. Pointing twice is pointing once."""
        at = due(trashed_at, self.days)
        rows = [Row(_partition(at.date()), _USER + user_id, {"version": _VERSION, "due": at}) for user_id in user_ids]
        await write_all(self._tables, TABLE, [Upsert(row) for row in rows])

    async def on(self, day: date, after: str = "", limit: int = 0) -> list[Pointer]:
        """The pointers of the day behind the user id `after`, in the order of user ids; all of them, or up to `limit`."""
        found: list[Pointer] = []
        size = min(limit, PAGE_ROWS) if limit else PAGE_ROWS
        start = f"{_USER}{after}!" if after else _USER
        async for page in self._tables.query(TABLE, _partition(day), start=start, end=f"{_USER}~", page=size):
            found += [Pointer(day, row.key.removeprefix(_USER), _due(row)) for row in page]
            if limit and len(found) >= limit:
                return found[:limit]
        return found

    async def is_pointed_to(self, user_id: str, day: date) -> bool:
        return await self._tables.get(TABLE, _partition(day), _USER + user_id) is not None

    async def drop(self, pointers: Iterable[tuple[date, str]]) -> None:
        """Removes the pointers, given as day and user id; those that are gone already are no fault."""
        deletes = [Delete(_partition(day), _USER + user_id) for day, user_id in dict.fromkeys(pointers)]
        await write_all(self._tables, TABLE, deletes, on_conflict=leave_out)

    async def first_told(self, day: date, name: str, at: datetime, user_ids: Sequence[str]) -> tuple[datetime, list[str]]:
        """When, and of whom, a purge of that name was first told: this time and these users, if it is told for the first time."""
        row = Row(_partition(day), _TOLD + name, {"version": _VERSION, "at": at.isoformat(), "users": " ".join(user_ids)})
        with suppress(AlreadyExists):
            await self._tables.write(TABLE, Insert(row))
            return at, list(user_ids)
        row = await self._tables.get(TABLE, row.partition, row.key) or row
        return datetime.fromisoformat(row.text("at")), row.text("users").split()

    async def forget_told(self, day: date, name: str) -> None:
        with suppress(Missing):
            await self._tables.write(TABLE, Delete(_partition(day), _TOLD + name))

    async def sweep_from(self, now: datetime) -> date:
        """The first day on which there may be a pointer."""
        row = await self._tables.get(TABLE, *_SWEEP)
        return date.fromisoformat(row.text("day")) if row is not None else (now - _BEFORE_ANY).date()

    async def swept_to(self, day: date) -> None:
        """All days before this one are empty."""
        await self._tables.write(TABLE, Upsert(Row(*_SWEEP, {"version": _VERSION, "day": day.isoformat()})))


def _partition(day: date) -> str:
    return f"{day:%Y%m%d}"


def _due(row: Row) -> datetime:
    value = row.values["due"]
    if not isinstance(value, datetime):
        raise TypeError(f"due of {row.partition}/{row.key} is not a time")
    return value.astimezone(UTC)
