"""Rows of groups: table Groups, one partition, by group id."""

from sync_core.directory.groups import Group
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Insert, Replace, Row, Tables

TABLE = "Groups"
PARTITION = "group"


class GroupRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, group_id: str) -> tuple[Group, str] | None:
        """The group and its ETag."""
        row = await self._tables.get(TABLE, PARTITION, group_id)
        return (record(row.values, Group), row.etag) if row else None

    async def all(self) -> list[tuple[Group, str]]:
        """In the order of their ids, each with its ETag."""
        return [(record(row.values, Group), row.etag) async for page in self._tables.query(TABLE, PARTITION) for row in page]

    async def insert(self, group: Group) -> None:
        await self._tables.write(TABLE, Insert(Row(PARTITION, group.group_id, columns(group))))

    async def replace(self, group: Group, etag: str) -> None:
        await self._tables.write(TABLE, Replace(Row(PARTITION, group.group_id, columns(group), etag)))
