"""Rows of users: table Users, by the third character of the user id, in the order of user ids.

Each partition has a `~meta` row: the highest fence of each sync that wrote there, and counts. Every transaction on users replaces it
by ETag, so a worker of a run that was overtaken is refused, and the counts are exact.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from sync_core import ids
from sync_core.directory.users import User
from sync_core.errors import AlreadyExists, Conflict, Missing, Stale, Superseded
from sync_core.storage.bulk import seek_many
from sync_core.storage.records import columns, record
from sync_core.storage.tables import MAX_OPERATIONS, PAGE_ROWS, Insert, Operation, Replace, Row, Tables, Upsert

TABLE = "Users"
COUNTS = "Counts"
COUNTS_PARTITION = "users"
META = "~meta"
_LAST_USER = "DU~"


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What a partition knows of itself."""

    fences: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """Highest fence by directory key."""
    by_status: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    spread: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """Users by the fourth character of their ids: 32 even parts of the partition, which bring a listing to any offset."""


@dataclass(frozen=True, slots=True)
class StoredUser:
    user: User
    etag: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A record to write: in the place of `before`, if there was one."""

    before: StoredUser | None
    after: User


class UserRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, user_id: str) -> User | None:
        row = await self._tables.get(TABLE, ids.user_partition(user_id), user_id)
        return record(row.values, User) if row else None

    async def many(self, user_ids: Iterable[str]) -> dict[str, StoredUser]:
        """Those of the users that there are, by user id."""
        wanted: dict[str, list[str]] = {}
        for user_id in dict.fromkeys(user_ids):
            wanted.setdefault(ids.user_partition(user_id), []).append(user_id)
        rows = await seek_many(self._tables, TABLE, wanted)
        return {key: StoredUser(record(row.values, User), row.etag) for found in rows.values() for key, row in found.items()}

    async def page(self, after: str, limit: int) -> list[User]:
        """Up to `limit` users whose ids come after `after` ("" for the first), in the order of ids."""
        found: list[User] = []
        start = f"{after}!" if after else ""
        for partition in ids.ALPHABET[ids.ALPHABET.index(ids.user_partition(after)) if after else 0 :]:
            rows = self._tables.query(TABLE, partition, start=start, end=_LAST_USER, page=min(limit - len(found), PAGE_ROWS))
            async for page in rows:
                found += [record(row.values, User) for row in page]
                if len(found) >= limit:
                    return found[:limit]
        return found

    async def raise_fence(self, directory_key: str, fence: int) -> None:
        """Makes every partition refuse the runs of this sync before `fence`."""
        for partition in ids.ALPHABET:
            while True:
                meta, etag = await self._meta(partition)
                try:
                    await self._tables.write(TABLE, _put_meta(partition, _fenced(meta, directory_key, fence), etag))
                except Conflict:
                    continue
                break

    async def write(self, partition: str, edits: Sequence[Edit], directory_key: str, fence: int) -> list[Edit]:
        """Writes records of one partition. Returns the edits that were not written, because one of their transaction met another record
        than its `before`: read these again.

        Raises Superseded when a later run of the sync has written, or fenced, this partition.
        """
        refused: list[Edit] = []
        size = MAX_OPERATIONS - 1
        for start in range(0, len(edits), size):
            part = edits[start : start + size]
            if not await self._transact(partition, part, directory_key, fence):
                refused += part
        return refused

    async def _transact(self, partition: str, edits: Sequence[Edit], directory_key: str, fence: int) -> bool:
        operations = list(map(_put, edits))
        while True:
            meta, etag = await self._meta(partition)
            after = _counted(_fenced(meta, directory_key, fence), edits)
            try:
                await self._tables.transact(TABLE, [_put_meta(partition, after, etag), *operations])
            except (Stale, AlreadyExists, Missing) as conflict:
                if conflict.index:
                    return False
                continue
            await self._copy(partition, after)
            return True

    async def copy_counts(self, partition: str) -> None:
        """Brings Counts up to its partition: whoever wrote there last may have died in between."""
        meta, _ = await self._meta(partition)
        await self._copy(partition, meta)

    async def _copy(self, partition: str, meta: Meta) -> None:
        await self._tables.write(COUNTS, Upsert(Row(COUNTS_PARTITION, partition, columns(meta))))

    async def _meta(self, partition: str) -> tuple[Meta, str]:
        row = await self._tables.get(TABLE, partition, META)
        return (record(row.values, Meta), row.etag) if row else (Meta(), "")


def _fenced(meta: Meta, directory_key: str, fence: int) -> Meta:
    if meta.fences.get(directory_key, 0) > fence:
        raise Superseded("a later run of this sync has written here")
    return msgspec.structs.replace(meta, fences=meta.fences | {directory_key: fence})


def _counted(meta: Meta, edits: Iterable[Edit]) -> Meta:
    by_status, spread = Counter(meta.by_status), Counter(meta.spread)
    for edit in edits:
        if edit.before is not None:
            by_status[edit.before.user.status] -= 1
        else:
            spread[edit.after.user_id[3]] += 1
        by_status[edit.after.status] += 1
    return msgspec.structs.replace(meta, by_status={str(status): n for status, n in by_status.items() if n}, spread=dict(spread))


def _put_meta(partition: str, meta: Meta, etag: str) -> Operation:
    row = Row(partition, META, columns(meta), etag)
    return Replace(row) if etag else Insert(row)


def _put(edit: Edit) -> Operation:
    user = edit.after
    shown = {"status": user.status.value, "names": "\n".join(user.name_digests.values()), "groups": " ".join(user.groups)}
    row = Row(ids.user_partition(user.user_id), user.user_id, columns(user) | shown, edit.before.etag if edit.before else "")
    return Replace(row) if edit.before else Insert(row)
