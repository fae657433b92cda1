"""Rows of pending enrollments: table Enrollments, by the user's partition, by user id."""

from collections.abc import Collection, Iterable
from contextlib import suppress

from sync_core import ids
from sync_core.directory.enrollments import Enrollment
from sync_core.errors import Missing
from sync_core.storage.bulk import seek_many
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables

TABLE = "Enrollments"


class EnrollmentRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def read(self, user_id: str) -> tuple[Enrollment, str] | None:
        """The enrollment, and its ETag."""
        row = await self._tables.get(TABLE, ids.user_partition(user_id), user_id)
        return (record(row, Enrollment), row.etag) if row else None

    async def put(self, enrollment: Enrollment, etag: str = "") -> None:
        """In the place of the one with this ETag, "" for none. Raises AlreadyExists, Stale or Missing."""
        row = Row(ids.user_partition(enrollment.user_id), enrollment.user_id, columns(enrollment), etag)
        await self._tables.write(TABLE, Replace(row) if etag else Insert(row))

    async def many(self, user_ids: Iterable[str]) -> list[Enrollment]:
        rows = await seek_many(self._tables, TABLE, user_ids, ids.user_partition)
        return [record(row, Enrollment) for row in rows.values()]

    async def remove(self, user_ids: Collection[str]) -> None:
        """One that is gone is no fault."""
        for user_id in user_ids:
            with suppress(Missing):
                await self._tables.write(TABLE, Delete(ids.user_partition(user_id), user_id))
