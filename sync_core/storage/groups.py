"""Rows of groups: table Groups, one partition, by group id."""

from collections.abc import Callable, Collection

from sync_core.directory.groups import Group
from sync_core.errors import Conflict
from sync_core.storage.bulk import seek
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables

TABLE = "Groups"
PARTITION = "group"


class GroupRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, group_id: str) -> tuple[Group, str] | None:
        """The group and its ETag."""
        row = await self._tables.get(TABLE, PARTITION, group_id)
        return (record(row, Group), row.etag) if row else None

    async def many(self, group_ids: Collection[str]) -> list[Group]:
        """Those of the groups that there are, in the order of their ids."""
        rows = await seek(self._tables, TABLE, PARTITION, group_ids)
        return [record(rows[group_id], Group) for group_id in sorted(rows)]

    async def all(self) -> list[tuple[Group, str]]:
        """In the order of their ids, each with its ETag."""
        return [(record(row, Group), row.etag) async for page in self._tables.query(TABLE, PARTITION) for row in page]

    async def insert(self, group: Group) -> None:
        await self._tables.write(TABLE, Insert(Row(PARTITION, group.group_id, columns(group))))

    async def change(self, group_id: str, how: Callable[[Group], Group]) -> None:
        """Puts `how` of the group in its place by ETag, computed anew when it changed meanwhile.

        Nothing when that is the same, or the group is gone.
        """
        while (stored := await self.get(group_id)) is not None:
            before, etag = stored
            after = how(before)
            if after == before:
                return
            try:
                await self._tables.write(TABLE, Replace(Row(PARTITION, group_id, columns(after), etag)))
            except Conflict:
                continue
            return

    async def replace(self, group: Group, etag: str) -> str:
        """In the place of the one with this ETag; the new ETag. Raises Stale or Missing."""
        return await self._tables.write(TABLE, Replace(Row(PARTITION, group.group_id, columns(group), etag)))

    async def remove(self, group_id: str, etag: str) -> None:
        """Raises Stale or Missing."""
        await self._tables.write(TABLE, Delete(PARTITION, group_id, etag))
