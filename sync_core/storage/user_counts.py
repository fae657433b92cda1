"""What each partition of users counts, and table Counts with a copy of it: how many users there are, and where each offset lies.

The counts of a partition are in its `~meta` row, which every transaction on its users replaces; the copies are in one partition, so that
one query has them all. A copy follows its partition by edition: an earlier one never takes the place of a later one.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from sync_core import ids
from sync_core.errors import Conflict
from sync_core.storage.bulk import seek
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Insert, Operation, Replace, Row, Tables

TABLE = "Counts"
PARTITION = "users"


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What a partition knows of itself."""

    edition: int = 0
    """How often it was written."""
    fences: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """Highest fence by directory key."""
    by_status: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    spread: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """Users by the fourth character of their ids: 32 even parts of the partition, which bring a listing to any offset."""
    without_device: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """Users that have activated no phone, by status (B-078)."""


@dataclass(frozen=True, slots=True)
class UserCounts:
    by_status: Counter[str]
    spread: tuple[tuple[str, int], ...]
    """How many users have ids that begin so; in the order of ids, prefixes of four characters."""
    without_device: Counter[str]
    """Those that have activated no device, by status (B-078)."""

    @property
    def total(self) -> int:
        return self.by_status.total()

    def place(self, offset: int) -> tuple[str, int]:
        """The prefix of the ids among which the user at this offset is, and how many of them come before it; past the end "" and 0."""
        passed = 0
        for prefix, users in self.spread:
            if offset < passed + users:
                return prefix, offset - passed
            passed += users
        return "", 0


async def count_users(tables: Tables) -> UserCounts:
    metas = {row.key: record(row, Meta) async for page in tables.query(TABLE, PARTITION) for row in page}
    by_status, without_device = Counter[str](), Counter[str]()
    for meta in metas.values():
        by_status.update(meta.by_status)
        without_device.update(meta.without_device)
    spread = [
        (f"DU{partition}{character}", metas[partition].spread[character])
        for partition in sorted(metas)
        for character in ids.ALPHABET
        if metas[partition].spread.get(character)
    ]
    return UserCounts(by_status, tuple(spread), without_device)


async def copy_metas(tables: Tables, metas: Mapping[str, Meta]) -> None:
    """Brings Counts up to these, by partition: all in one transaction, those aside of which there is as late a copy."""
    while True:
        copies = await seek(tables, TABLE, PARTITION, metas)
        operations: list[Operation] = []
        for partition, meta in metas.items():
            copy = copies.get(partition)
            if meta.edition > (record(copy, Meta).edition if copy is not None else 0):
                row = Row(PARTITION, partition, columns(meta), copy.etag if copy is not None else "")
                operations.append(Replace(row) if copy is not None else Insert(row))
        try:
            if operations:
                await tables.transact(TABLE, operations)
        except Conflict:
            continue
        return
