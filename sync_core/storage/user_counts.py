"""Table Counts: a copy of what each partition of users counts. How many users there are, and where in the order of ids each offset lies.

The counts of a partition are in its `~meta` row, which every transaction on its users replaces; the copies are in one partition, so that
one query has them all. They follow by edition: an earlier one never takes the place of a later one. Whoever writes users begins with what
the copies say; one that is behind costs a transaction that is refused, and a look at the partition itself.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import msgspec

from sync_core import ids
from sync_core.errors import Conflict
from sync_core.storage.bulk import seek
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Insert, Replace, Row, Tables

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


_NOTHING = Meta()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a partition: its `~meta`, and the copy in Counts."""

    partition: str
    meta: Meta = _NOTHING
    etag: str = ""
    """Of `~meta`, "" where there is none."""
    copied_as: str = ""
    """The copy's ETag, "" where there is none."""
    copied: int = 0
    """The copy's edition."""

    @property
    def is_ahead(self) -> bool:
        return self.meta.edition > self.copied


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


async def known(tables: Tables, partitions: Collection[str]) -> dict[str, Known]:
    """What the copies say, by partition."""
    copies = await seek(tables, TABLE, PARTITION, partitions)
    return {partition: _known(partition, copies.get(partition)) for partition in partitions}


async def copy(tables: Tables, partitions: Iterable[Known]) -> None:
    """Brings the copies up to these: all in one transaction, but for those that are as late."""
    behind = [one for one in partitions if one.is_ahead]
    while behind:
        rows = [Row(PARTITION, one.partition, columns(one.meta) | {"etag": one.etag}, one.copied_as) for one in behind]
        try:
            await tables.transact(TABLE, [Replace(row) if row.etag else Insert(row) for row in rows])
        except Conflict:
            copies = await known(tables, [one.partition for one in behind])
            now = [replace(copies[one.partition], meta=one.meta, etag=one.etag) for one in behind]
            behind = [one for one in now if one.is_ahead]
            continue
        return


def _known(partition: str, row: Row | None) -> Known:
    if row is None:
        return Known(partition)
    meta = record(row, Meta)
    return Known(partition, meta, row.text("etag"), row.etag, meta.edition)
