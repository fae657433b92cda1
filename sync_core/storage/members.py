"""Rows of members: table Members, by group, by the third and fourth characters of the user ids that a row packs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sync_core import ids
from sync_core.errors import Conflict
from sync_core.storage.bulk import each, seek, write_all
from sync_core.storage.tables import Delete, Insert, Operation, Replace, Row, Tables

TABLE = "Members"
PARALLEL_GROUPS = 4
_VERSION = 1


@dataclass(slots=True)
class Edits:
    """Who shall be in a group, and who shall not."""

    enters: set[str] = field(default_factory=set[str])
    leaves: set[str] = field(default_factory=set[str])


class MemberRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def members(self, group_id: str) -> list[str]:
        """All user ids of the group, in order."""
        return [user for page in [page async for page in self._tables.query(TABLE, group_id)] for row in page for user in _users(row)]

    async def page(self, group_id: str, after: str, limit: int) -> list[str]:
        """Up to `limit` user ids of the group that come after `after` ("" for the first), in order."""
        found: list[str] = []
        async for page in self._tables.query(TABLE, group_id, start=after[2:4]):
            found += [user for row in page for user in _users(row) if user > after]
            if len(found) >= limit:
                break
        return found[:limit]

    async def edit(self, groups: Mapping[str, Edits]) -> None:
        """Brings the rows of each group to what is asked; writes none that says it already."""

        async def edit(group_id: str) -> None:
            pending: Edits | None = groups[group_id]
            while pending is not None:
                pending = await self._edit(group_id, pending)

        await each(list(groups), edit, PARALLEL_GROUPS)

    async def _edit(self, group_id: str, edits: Edits) -> Edits | None:
        """Returns what has to be tried again, because a row changed meanwhile; None when all is done."""
        buckets: dict[str, Edits] = {}
        for user_id in edits.enters:
            buckets.setdefault(user_id[2:4], Edits()).enters.add(user_id)
        for user_id in edits.leaves:
            buckets.setdefault(user_id[2:4], Edits()).leaves.add(user_id)
        rows = await seek(self._tables, TABLE, group_id, sorted(buckets))
        again = Edits()

        async def meet(operation: Operation, error: Conflict) -> None:
            del error
            key = operation.key if isinstance(operation, Delete) else operation.row.key
            again.enters |= buckets[key].enters
            again.leaves |= buckets[key].leaves

        operations = [op for key, bucket in buckets.items() if (op := _operation(group_id, key, rows.get(key), bucket)) is not None]
        await write_all(self._tables, TABLE, operations, on_conflict=meet)
        return again if again.enters or again.leaves else None


def _users(row: Row | None) -> list[str]:
    packed = row.blob("ids") if row is not None else b""
    size = ids.PACKED_BYTES
    return [ids.unpack(packed[start : start + size]) for start in range(0, len(packed), size)]


def _operation(group_id: str, key: str, row: Row | None, edits: Edits) -> Operation | None:
    before = set(_users(row))
    after = (before | edits.enters) - edits.leaves
    if after == before:
        return None
    if not after:
        return Delete(group_id, key, row.etag if row else "")
    values = {"version": _VERSION, "ids": _packed(after)}
    return Replace(Row(group_id, key, values, row.etag)) if row else Insert(Row(group_id, key, values))


def _packed(users: Iterable[str]) -> bytes:
    return b"".join(sorted(map(ids.pack, users)))
