"""Rows of members: table Members, by group, by the third character of the user ids that a row packs: their partition of Users.

32 rows a group, however large it is: a first sync of 10,000 users with three groups each writes 640 rows instead of 16,500, and who
writes one partition of Users meets nobody else in the group's row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync_core import ids
from sync_core.errors import Conflict, StopRun
from sync_core.storage.bulk import each, seek, write_all
from sync_core.storage.long_values import COLUMN_BYTES, cut, joined
from sync_core.storage.tables import Delete, Insert, Operation, Replace, Row, Tables, Value

TABLE = "Members"
PARALLEL_GROUPS = 4
COLUMN_USERS = COLUMN_BYTES // ids.PACKED_BYTES
"""As many as one column holds."""
COLUMNS = 15
ROWS_A_PAGE = 4
"""A row has a few members, or 375 KB of them in a group of a million."""
_COUNT = "count"
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

    async def count(self, group_id: str) -> int:
        """How many users the group's rows name: one small request, however many they are."""
        pages = self._tables.query(TABLE, group_id, select=(_COUNT,))
        return sum([row.number(_COUNT) async for page in pages for row in page])

    async def page(self, group_id: str, after: str, limit: int) -> list[str]:
        """Up to `limit` user ids of the group that come after `after` ("" for the first), in order."""
        found: list[bytes] = []
        seen = ids.pack(after) if after else b""
        async for page in self._tables.query(TABLE, group_id, start=after[2:3], page=ROWS_A_PAGE):
            found += [packed for row in page for packed in _packed(row) if packed > seen]
            if len(found) >= limit:
                break
        return [ids.unpack(packed) for packed in found[:limit]]

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
            buckets.setdefault(ids.user_partition(user_id), Edits()).enters.add(user_id)
        for user_id in edits.leaves:
            buckets.setdefault(ids.user_partition(user_id), Edits()).leaves.add(user_id)
        rows = await self._rows(group_id, sorted(buckets))
        again = Edits()

        async def meet(operation: Operation, error: Conflict) -> None:
            del error
            key = operation.key if isinstance(operation, Delete) else operation.row.key
            again.enters |= buckets[key].enters
            again.leaves |= buckets[key].leaves

        operations = [op for key, bucket in buckets.items() if (op := _operation(group_id, key, rows.get(key), bucket)) is not None]
        await write_all(self._tables, TABLE, operations, on_conflict=meet)
        return again if again.enters or again.leaves else None

    async def _rows(self, group_id: str, keys: list[str]) -> dict[str, Row]:
        """One range, where most of its rows are wanted."""
        span = ids.ALPHABET.index(keys[-1]) - ids.ALPHABET.index(keys[0]) + 1
        if span > 2 * len(keys):
            return await seek(self._tables, TABLE, group_id, keys)
        query = self._tables.query(TABLE, group_id, start=keys[0], end=keys[-1])
        return {row.key: row async for rows in query for row in rows}


def _users(row: Row | None) -> list[str]:
    return [ids.unpack(packed) for packed in _packed(row)]


def _packed(row: Row | None) -> list[bytes]:
    packed = joined("ids", row.values) if row is not None else b""
    size = ids.PACKED_BYTES
    return [packed[start : start + size] for start in range(0, len(packed), size)]


def _operation(group_id: str, key: str, row: Row | None, edits: Edits) -> Operation | None:
    before = set(_packed(row))
    after = before.union(map(ids.pack, edits.enters)).difference(map(ids.pack, edits.leaves))
    if after == before:
        return None
    if not after:
        return Delete(group_id, key, row.etag if row else "")
    values = _columns(sorted(after))
    return Replace(Row(group_id, key, values, row.etag)) if row else Insert(Row(group_id, key, values))


def _columns(users: list[bytes]) -> dict[str, Value]:
    """How many there are, and columns ids0, ids1, … Raises StopRun for more users than fit one row: 2.6 million a group."""
    if len(users) > COLUMNS * COLUMN_USERS:
        raise StopRun(f"{len(users)} members of one group do not fit one row")
    return {"version": _VERSION, _COUNT: len(users), **cut("ids", b"".join(users), COLUMN_USERS * ids.PACKED_BYTES)}
