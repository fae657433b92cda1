"""How many users there are, and where in the order of their ids each offset lies: one query of table Counts, a row a partition."""

from collections import Counter
from dataclasses import dataclass

from sync_core import ids
from sync_core.storage.records import record
from sync_core.storage.tables import Tables
from sync_core.storage.users import COUNTS, COUNTS_PARTITION, Meta


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
    metas = {row.key: record(row, Meta) async for page in tables.query(COUNTS, COUNTS_PARTITION) for row in page}
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
