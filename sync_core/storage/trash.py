"""Rows of Trash: table Trash, by the day on which a user is due to be deleted, by user id. Pointers: the record decides (D-27).

No pointer stands on a day before the one that `sweep_from` gives: how far the daily purge has come.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sync_core.directory.retention import MOST_DAYS, due
from sync_core.directory.users import User
from sync_core.errors import AlreadyExists, Missing
from sync_core.storage.bulk import leave_out, write_all
from sync_core.storage.tables import PAGE_ROWS, Delete, Insert, Row, Tables, Upsert

TABLE = "Trash"
LONGEST = timedelta(days=MOST_DAYS)
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
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def point(self, users: Iterable[User]) -> None:
        """Points to users that go to Trash, given as their records are to say so, before these do. Pointing twice is pointing once."""
        days = [(user.user_id, due(user.trashed_at, user.trash_days)) for user in users if user.trashed_at is not None]
        rows = [Row(_partition(at.date()), _USER + user_id, {"version": _VERSION, "due": at}) for user_id, at in days]
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
