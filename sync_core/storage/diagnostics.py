"""What was asked of Entra for a run, how its groups were read, and whom it found unchanged: in table Changes, by run, kept and dropped
with its changes (D-35).

Nothing in them is personal but ids: what is to be forgotten of somebody is in changes and skips.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from sync_core.entra.trail import Asked
from sync_core.errors import AlreadyExists
from sync_core.storage.changes import TABLE
from sync_core.storage.packed import pack, unpack
from sync_core.storage.tables import Insert, Row, Tables, Upsert

IDS_A_ROW = 10_000


class StepReport(msgspec.Struct, frozen=True, kw_only=True):
    """One message's work."""

    at: datetime
    step: str
    """With the piece of it that the message was for, and how often it was tried."""
    asked: tuple[Asked, ...]
    left_out: int = 0
    """Requests made before those."""
    error: str = ""
    """What ended the work."""


class GroupReport(msgspec.Struct, frozen=True, kw_only=True):
    """How one selected group was read."""

    object_id: str
    group_id: str
    name: str
    outcome: str
    """That of its mark, or UNASKED."""
    detail: str = ""
    attempts: int = 0
    pages: int = 0
    members: int = 0


UNASKED = "not read to its end"
"""Of a group that the run did not come to, or had to leave."""
_GROUP_ROW = "groups"
_GROUPS = msgspec.msgpack.Decoder(tuple[GroupReport, ...])
_REPORTS = msgspec.msgpack.Decoder(StepReport)
_IDS = msgspec.msgpack.Decoder(tuple[str, ...])


class DiagnosticRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, run: str, report: StepReport) -> None:
        """The first report of a message counts: delivered again it finds its work done, and asks for less."""
        with suppress(AlreadyExists):
            await self._tables.write(TABLE, Insert(Row(run, f"asked-{report.step}", pack(report))))

    async def reports(self, run: str) -> AsyncIterator[StepReport]:
        """By step."""
        async for rows in self._tables.query(TABLE, run, start="asked-", end="asked-~", page=10):
            for row in rows:
                yield unpack(row.values, _REPORTS)

    async def add_groups(self, run: str, groups: Sequence[GroupReport]) -> None:
        """The first report counts: whoever comes later may find the marks of the groups gone."""
        with suppress(AlreadyExists):
            await self._tables.write(TABLE, Insert(Row(run, _GROUP_ROW, pack(tuple(groups)))))

    async def groups(self, run: str) -> tuple[GroupReport, ...]:
        """In the order of the settings; none before the run has ended."""
        row = await self._tables.get(TABLE, run, _GROUP_ROW)
        return unpack(row.values, _GROUPS) if row is not None else ()

    async def add_unchanged(self, run: str, plan: str, object_ids: Sequence[str]) -> None:
        for number, start in enumerate(range(0, len(object_ids), IDS_A_ROW)):
            part = tuple(object_ids[start : start + IDS_A_ROW])
            await self._tables.write(TABLE, Upsert(Row(run, f"{plan}-same-{number:05d}", pack(part))))

    async def unchanged(self, run: str, plan: str) -> AsyncIterator[tuple[str, ...]]:
        """Object ids, some thousands at a time."""
        prefix = f"{plan}-same-"
        async for rows in self._tables.query(TABLE, run, start=prefix, end=f"{prefix}~", page=10):
            for row in rows:
                yield unpack(row.values, _IDS)
