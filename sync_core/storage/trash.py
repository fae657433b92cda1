"""Rows of Trash: table Trash, by the day on which a user is due to be deleted. Pointers: the record decides (D-27)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sync_core.storage.bulk import write_all
from sync_core.storage.tables import Row, Tables, Upsert

TABLE = "Trash"
_VERSION = 1


def due(trashed_at: datetime, days: int) -> datetime:
    """Never before 7 days 0 seconds in Trash, with the source's default of 7 (B-163, D-27)."""
    return trashed_at + timedelta(days=days)


class TrashRows:
    def __init__(self, tables: Tables, days: int) -> None:
        self._tables, self._days = tables, days

    async def point(self, user_ids: Iterable[str], trashed_at: datetime) -> None:
        """Points to users that go to Trash, before their records say so. Pointing twice is pointing once."""
        at = due(trashed_at, self._days)
        rows = [Row(f"{at:%Y%m%d}", f"user-{user_id}", {"version": _VERSION, "due": at}) for user_id in user_ids]
        await write_all(self._tables, TABLE, [Upsert(row) for row in rows])
