"""Where the slices of changes are that a sync's runs have applied, newest first: in table Changes, partition "of-<directory key>".

One row a slice, with the ids of its users packed beside: a user's history, and what is to be forgotten of a deleted user, are found by one
range of these rows and a point read of each slice that the user's id falls into. Kept as long as the slices are (D-35).
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync_core import ids
from sync_core.planning.changes import Change
from sync_core.storage import log_keys, log_sources
from sync_core.storage.bulk import leave_out, write_all
from sync_core.storage.changes import TABLE
from sync_core.storage.log_sources import Source
from sync_core.storage.tables import Delete, Row, Tables, Upsert

_KNOWN = ("run", "plan", "chain", "number", "at", "actor", "first", "last")
ROWS_A_READ = 200


@dataclass(frozen=True, slots=True)
class Applied:
    directory_key: str
    key: str
    """In the order of time, newest first, and comparable with the keys of the log's rows of an object."""
    at: datetime
    actor: str
    run: str
    plan: str
    chain: str
    number: int
    first: str
    last: str

    @property
    def source(self) -> Source:
        """Of the slice's rows in the log."""
        return log_keys.source_of(self.key)

    def may_hold(self, user_id: str) -> bool:
        return self.first <= user_id <= self.last


class AppliedRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, one: Applied, changes: Sequence[Change]) -> None:
        """`changes` in the order of user ids. Adding it again changes nothing."""
        values = {
            "version": 1, "run": one.run, "plan": one.plan, "chain": one.chain, "number": one.number, "at": one.at.isoformat(),
            "actor": one.actor, "first": changes[0].user_id, "last": changes[-1].user_id,
            "ids": b"".join(ids.pack(change.user_id) for change in changes),
        }  # fmt: skip
        await self._tables.write(TABLE, Upsert(Row(partition(one.directory_key), one.key, values)))

    async def newest(self, directory_key: str, after: str = "") -> AsyncIterator[list[Applied]]:
        """Page by page, from behind the key `after` on."""
        start = f"{after}!" if after else ""
        rows = self._tables.query(TABLE, partition(directory_key), start=start, select=_KNOWN, page=ROWS_A_READ)
        async for page in rows:
            yield [_applied(directory_key, row) for row in page]

    async def holds(self, one: Applied, user_ids: Collection[str]) -> list[str]:
        """Those of the users that have a change in the slice."""
        row = await self._tables.get(TABLE, partition(one.directory_key), one.key)
        packed = row.blob("ids") if row is not None else b""
        there = {packed[start : start + ids.PACKED_BYTES] for start in range(0, len(packed), ids.PACKED_BYTES)}
        return [user_id for user_id in user_ids if ids.pack(user_id) in there]

    async def drop_before(self, directory_key: str, at: datetime) -> None:
        start = log_keys.object_time_key(at)
        async for page in self._tables.query(TABLE, partition(directory_key), start=start, select=("run",)):
            await write_all(self._tables, TABLE, [Delete(row.partition, row.key) for row in page], on_conflict=leave_out)


def partition(directory_key: str) -> str:
    return f"of-{directory_key}"


def key(at: datetime, run: str, part: str) -> str:
    return log_keys.object_key(at, *log_sources.of_slice(run, part), 0)


def _applied(directory_key: str, row: Row) -> Applied:
    return Applied(
        directory_key,
        row.key,
        datetime.fromisoformat(row.text("at")),
        row.text("actor"),
        row.text("run"),
        row.text("plan"),
        row.text("chain"),
        int(str(row.values["number"])),
        row.text("first"),
        row.text("last"),
    )
