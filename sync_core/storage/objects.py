"""Rows of source objects: table Objects, by sync and hash character, by object id.

The plan's index: which user an object is, and what the sync last wrote of it. Written last of all that names a user, and emptied of
its fingerprint before anything is written behind its back.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from functools import partial

import msgspec

from sync_core import ids
from sync_core.planning.reading import Indexed
from sync_core.storage.bulk import seek_many
from sync_core.storage.tables import Row, Tables

TABLE = "Objects"
_PARALLEL = 4
_VERSION = 1


class ObjectRow(msgspec.Struct, frozen=True, kw_only=True):
    object_id: str
    user_id: str
    username: str
    """As the mapping of the source gives it."""
    fingerprint: str = ""
    read_at: datetime
    trashed: bool = False
    groups: tuple[str, ...] = ()
    """Ids of the sync's groups that it was in."""
    run: str
    """Who wrote it: while the fingerprint is empty, whose claim it is."""


def partition(directory_key: str, object_id: str) -> str:
    return f"{directory_key}-{ids.hash_character(object_id)}"


def to_row(directory_key: str, entry: ObjectRow, etag: str = "") -> Row:
    values = {
        "version": _VERSION,
        "user_id": entry.user_id,
        "username": entry.username,
        "fingerprint": entry.fingerprint,
        "read_at": entry.read_at,
        "trashed": entry.trashed,
        "groups": " ".join(entry.groups),
        "run": entry.run,
    }
    return Row(partition(directory_key, entry.object_id), entry.object_id, values, etag)


def from_row(row: Row) -> ObjectRow:
    groups = row.text("groups").split()
    fields = {**row.values, "object_id": row.key, "groups": tuple(groups)}
    return msgspec.convert(fields, ObjectRow)


class ObjectRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def index(self, directory_key: str, bits: Mapping[str, int]) -> AsyncIterator[list[Indexed]]:
        """All that the sync knows, some thousand at a time. `bits` has the bit of each group id that counts."""
        masks: dict[str, int] = {}
        characters = ids.HASH_CHARACTERS
        for start in range(0, len(characters), _PARALLEL):
            parts = characters[start : start + _PARALLEL]
            for page in await asyncio.gather(*(self._part(f"{directory_key}-{part}", bits, masks) for part in parts)):
                yield page

    async def _part(self, of: str, bits: Mapping[str, int], masks: dict[str, int]) -> list[Indexed]:
        select = ("user_id", "fingerprint", "trashed", "groups")
        found: list[Indexed] = []
        async for page in self._tables.query(TABLE, of, select=select):
            for row in page:
                groups = row.text("groups")
                mask = masks.get(groups)
                if mask is None:
                    mask = masks[groups] = sum(bits.get(group, 0) for group in groups.split())
                trashed, fingerprint = bool(row.values["trashed"]), row.text("fingerprint")
                found.append(Indexed(row.key, row.text("user_id"), fingerprint, trashed, mask, row.etag))
        return found

    async def many(self, directory_key: str, object_ids: Iterable[str]) -> dict[str, tuple[ObjectRow, str]]:
        """Those of the objects that the sync knows, each with its ETag, by object id."""
        rows = await seek_many(self._tables, TABLE, object_ids, partial(partition, directory_key))
        return {key: (from_row(row), row.etag) for key, row in rows.items()}
