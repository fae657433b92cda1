"""Rows of plans: table Changes, by run. Kept after the run: its history.

A plan is written under a name of its own; the verdict, inserted if absent, says which one counts. Slices of changes are in the
order of user ids.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from sync_core.directory.events import Event
from sync_core.errors import AlreadyExists, Conflict
from sync_core.planning.brake import HeldChange, Overrun
from sync_core.planning.changes import Change, Repair
from sync_core.planning.outcomes import Outcome
from sync_core.planning.reasons import Skip
from sync_core.storage.bulk import leave_out, write_all
from sync_core.storage.packed import pack, unpack
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables, Upsert

TABLE = "Changes"
SKIPS_A_ROW = 500
HELD_A_ROW = 1000
_OUTCOME_ROW = "outcomes"
_CHANGES = msgspec.msgpack.Decoder(tuple[Change, ...])
_EVENTS = msgspec.msgpack.Decoder(tuple[Event, ...])
_HELD = msgspec.msgpack.Decoder(tuple[HeldChange, ...])
_OUTCOMES = msgspec.msgpack.Decoder(tuple[Outcome, ...])
_SKIPS = msgspec.msgpack.Decoder(tuple[Skip, ...])


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan came to."""

    plan: str
    """The name of the list that counts."""
    slices: dict[str, int]
    """How many slices of changes each chain has."""
    claims: tuple[str, ...]
    """Shares of claims to make: slices, as "chain-number"."""
    counts: dict[str, int]
    repairs: tuple[Repair, ...] = ()
    strays: tuple[tuple[str, str], ...] = ()
    """Object id and ETag of rows of Objects that are to be deleted: their users are other objects' now."""
    warned: bool = False
    """Whether anybody was skipped for a reason that somebody has to look at."""
    skips: int = 0
    overruns: tuple[Overrun, ...] = ()
    """The classes of changes over their limits."""
    held: int = 0
    """How many users have changes that the brake holds."""
    digest: str = ""
    """Of what is held; "" when nothing is."""
    new: int = 0
    gone: int = 0
    """How many held users are new to the set held before, and how many of that are held no more."""
    group_names: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """Of the selected groups, as they are read, by group id."""
    naming: tuple[str, ...] = ()
    """Ids of the selected groups that are to be created, or renamed (D-20)."""
    confirmed: tuple[str, ...] = ()
    """Object ids of takeovers that are planned because an admin confirmed them (D-05)."""


class ChangeRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add_slice(self, run: str, plan: str, chain: str, number: int, changes: Sequence[Change]) -> None:
        await self._tables.write(TABLE, Upsert(Row(run, _slice_key(plan, chain, number), pack(tuple(changes)))))

    async def slice(self, run: str, plan: str, chain: str, number: int) -> tuple[Change, ...]:
        row = await self._tables.get(TABLE, run, _slice_key(plan, chain, number))
        return unpack(row.values, _CHANGES) if row is not None else ()

    async def slices(self, run: str, plan: str, start: str = "") -> AsyncIterator[tuple[str, tuple[Change, ...]]]:
        """Each slice from the key `start` on, with its key, in order."""
        async for row in self._rows(run, f"{plan}-change-", start):
            yield row.key, unpack(row.values, _CHANGES)

    async def rewrite_slice(self, run: str, plan: str, chain: str, number: int, how: Callable[[Change], Change]) -> None:
        """Puts `how` of each of its changes in their places by ETag; nothing when that is the same, or the slice is gone."""
        await self._rewritten(run, _slice_key(plan, chain, number), _CHANGES, how)

    async def rewrite_slices(self, run: str, plan: str, how: Callable[[Change], Change]) -> None:
        """As `rewrite_slice`, all slices of the plan."""
        async for key, changes in self.slices(run, plan):
            if any(how(change) != change for change in changes):
                await self.rewrite_slice(run, *slice_of(key), how)

    async def rewrite_skips(self, run: str, plan: str, how: Callable[[Skip], Skip]) -> int:
        """As `rewrite_slice`, all rows of skips; returns how many these are."""
        number = 0
        while await self._rewritten(run, f"{plan}-skip-{number:05d}", _SKIPS, how):
            number += 1
        return number

    async def rewrite_outcomes(self, run: str, how: Callable[[Outcome], Outcome]) -> None:
        """As `rewrite_slice`, what an individual sync answered."""
        await self._rewritten(run, _OUTCOME_ROW, _OUTCOMES, how)

    async def rewrite_held(self, run: str, plan: str, how: Callable[[HeldChange], HeldChange]) -> None:
        """As `rewrite_slice`, all rows of what was held."""
        number = 0
        while await self._rewritten(run, f"{plan}-held-{number:05d}", _HELD, how):
            number += 1

    async def _rewritten[T](self, run: str, key: str, decoder: msgspec.msgpack.Decoder[tuple[T, ...]], how: Callable[[T], T]) -> bool:
        """False where there is no such row."""
        while (row := await self._tables.get(TABLE, run, key)) is not None:
            before = unpack(row.values, decoder)
            after = tuple(map(how, before))
            if after == before:
                return True
            with suppress(Conflict):
                await self._tables.write(TABLE, Replace(Row(run, key, pack(after), row.etag)))
                return True
        return False

    async def add_skips(self, run: str, plan: str, skips: Sequence[Skip]) -> None:
        await self._add(run, f"{plan}-skip-", skips, SKIPS_A_ROW)

    async def skips(self, run: str, plan: str, start: str = "") -> AsyncIterator[tuple[str, tuple[Skip, ...]]]:
        """Each row of skips from the key `start` on, with its key, in order."""
        async for row in self._rows(run, f"{plan}-skip-", start):
            yield row.key, unpack(row.values, _SKIPS)

    async def add_held(self, run: str, plan: str, held: Sequence[HeldChange]) -> None:
        await self._add(run, f"{plan}-held-", held, HELD_A_ROW)

    async def held(self, run: str, plan: str, start: str = "") -> AsyncIterator[tuple[str, tuple[HeldChange, ...]]]:
        """Each row of what the brake holds from the key `start` on, with its key, in order."""
        async for row in self._rows(run, f"{plan}-held-", start):
            yield row.key, unpack(row.values, _HELD)

    async def all_held(self, run: str, plan: str) -> list[HeldChange]:
        return [change async for _, part in self.held(run, plan) for change in part]

    async def add_outcomes(self, run: str, outcomes: Sequence[Outcome]) -> None:
        """What an individual sync answered."""
        await self._tables.write(TABLE, Upsert(Row(run, _OUTCOME_ROW, pack(tuple(outcomes)))))

    async def outcomes(self, run: str) -> tuple[Outcome, ...]:
        """In the order of the names asked for; none for a run that is no individual sync, or has not ended."""
        row = await self._tables.get(TABLE, run, _OUTCOME_ROW)
        return unpack(row.values, _OUTCOMES) if row is not None else ()

    async def drop_all(self, run: str) -> None:
        """Removes all lists of the run, and its verdicts."""
        async for rows in self._tables.query(TABLE, run, select=("p0",)):
            await write_all(self._tables, TABLE, [Delete(run, row.key) for row in rows], on_conflict=leave_out)

    async def decide(self, run: str, attempt: int, verdict: Verdict) -> Verdict:
        """Makes this the verdict of the attempt, unless there is one. Returns the one that counts, and drops the list of the other."""
        key = f"verdict-{attempt:02d}"
        try:
            await self._tables.write(TABLE, Insert(Row(run, key, columns(verdict))))
        except AlreadyExists:
            counts = await self.verdict(run, attempt)
            if counts is None:
                raise
            if counts.plan != verdict.plan:
                await self._drop(run, verdict.plan)
            return counts
        return verdict

    async def verdict(self, run: str, attempt: int) -> Verdict | None:
        row = await self._tables.get(TABLE, run, f"verdict-{attempt:02d}")
        if row is None:
            return None
        return record(row, Verdict)

    async def plans(self, run: str) -> list[str]:
        """The names of the lists that counted, one for each attempt at a plan."""
        query = self._tables.query(TABLE, run, start="verdict-", end="verdict-~")
        return [record(row, Verdict).plan async for rows in query for row in rows]

    # What is told to the log, by whom ever: as long as the run may be asked for, so that a worker that is late tells it no second time

    async def moment(self, run: str, what: str, now: datetime) -> datetime:
        """When that was first told: `now`, if it is told for the first time."""
        row = await self._first(Row(run, f"told-{what}", {"at": now.isoformat()}))
        return datetime.fromisoformat(row.text("at"))

    async def told_at(self, run: str, what: str) -> datetime | None:
        """The moment, if there was one."""
        row = await self._tables.get(TABLE, run, f"told-{what}")
        return datetime.fromisoformat(row.text("at")) if row is not None else None

    async def keep_events(self, run: str, what: str, events: Sequence[Event]) -> tuple[Event, ...]:
        """The events that were first told of that: these, if it is told for the first time. Without any, those that there are."""
        row = Row(run, f"told-{what}", pack(tuple(events)))
        kept = await self._first(row) if events else await self._tables.get(TABLE, run, row.key)
        return unpack(kept.values, _EVENTS) if kept is not None else ()

    async def _first(self, row: Row) -> Row:
        """The row, if it is the first of its key; else the one that is."""
        try:
            await self._tables.write(TABLE, Insert(row))
        except AlreadyExists:
            return await self._tables.get(TABLE, row.partition, row.key) or row
        return row

    async def _add(self, run: str, prefix: str, items: Sequence[object], items_a_row: int) -> None:
        for number, start in enumerate(range(0, len(items), items_a_row)):
            part = tuple(items[start : start + items_a_row])
            await self._tables.write(TABLE, Upsert(Row(run, f"{prefix}{number:05d}", pack(part))))

    async def _rows(self, run: str, prefix: str, start: str) -> AsyncIterator[Row]:
        async for rows in self._tables.query(TABLE, run, start=start or prefix, end=f"{prefix}~", page=10):
            for row in rows:
                yield row

    async def _drop(self, run: str, plan: str) -> None:
        async for rows in self._tables.query(TABLE, run, start=f"{plan}-", end=f"{plan}-~", select=("p0",)):
            await write_all(self._tables, TABLE, [Delete(run, row.key) for row in rows])


def slice_of(key: str) -> tuple[str, str, int]:
    """Plan, chain and number of the slice with this key."""
    plan, _, place = key.partition("-change-")
    chain, number = place.split("-")
    return plan, chain, int(number)


def _slice_key(plan: str, chain: str, number: int) -> str:
    return f"{plan}-change-{chain}-{number:05d}"
