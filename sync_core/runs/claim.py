"""Claims what a slice of changes needs before any record is written: rows of Objects for new users, and all names moved from → to.

Claims are made by insert-if-absent and by ETag, each remembering who held the name, so that swaps and chains work in parallel and readers
are never misled. What somebody else was faster with is lost: then the run plans again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from sync_core.directory.events import Happening
from sync_core.directory.groups import Group
from sync_core.errors import AlreadyExists, Conflict, Overtaken, StopRun
from sync_core.planning.changes import Change, Kind, NameMove
from sync_core.planning.claims import Claim
from sync_core.runs.account import Account
from sync_core.runs.context import Context
from sync_core.runs.course import Course, claim_step, settings_of
from sync_core.runs.hand import Hand, hand_of
from sync_core.runs.late import put_right
from sync_core.runs.messages import GROUPS_SHARE
from sync_core.runs.messages import Claim as ClaimMessage
from sync_core.runs.record import Phase, Run
from sync_core.runs.rivals import Rivals
from sync_core.storage import names, objects
from sync_core.storage.bulk import write_all
from sync_core.storage.changes import Verdict
from sync_core.storage.objects import ObjectRow
from sync_core.storage.staging import ClaimMark
from sync_core.storage.tables import Delete, Insert, Operation, Replace

PLANS = 3
"""How often a run is planned before it gives up against others who take its names."""


@dataclass(slots=True)
class _Met:
    """Keys of the rows that were not as expected."""

    keys: set[str] = field(default_factory=set[str])

    async def __call__(self, operation: Operation, error: Conflict) -> None:
        del error
        self.keys.add(operation.key if isinstance(operation, Delete) else operation.row.key)


class ClaimStep:
    def __init__(self, context: Context, course: Course) -> None:
        self._context, self._course = context, course
        self._claimer = Claimer(context)
        self._rivals = Rivals(context)
        self._account = Account(context)

    async def __call__(self, message: ClaimMessage) -> None:
        try:
            await self._claim(message)
        except Overtaken:
            await put_right(self._context, self._account, message)
            raise

    async def _claim(self, message: ClaimMessage) -> None:
        run = await self._course.live(message, Phase.CLAIM, message.attempt)
        step = claim_step(message.attempt)
        verdict = await self._course.verdict(run)
        if verdict is not None and message.share in await self._course.unclaimed(run):
            if message.share == GROUPS_SHARE:
                await self._groups(run, verdict)
                lost: set[str] = set()
            else:
                lost = await self._share(run, verdict.plan, message.share)
                await self._course.check_lock(run.directory_key, run.run)  # else what was claimed may have been too late
            await self._context.staging.mark(run.run, step, message.share, ClaimMark(lost=tuple(sorted(lost))))
        if not await self._course.unclaimed(run):
            await self._move_on(run)

    async def _move_on(self, run: Run) -> None:
        marks = await self._context.staging.marks(run.run, claim_step(run.plan_attempt), ClaimMark)
        lost = any(mark.lost for mark in marks.values())
        if not lost:
            await self._course.advance(run, Phase.APPLY if run.chains else Phase.FINISH)
        elif run.outcome is not None:
            await self._course.advance(run, Phase.FINISH)
        elif run.plan_attempt >= PLANS:
            raise StopRun("names that this run needs were taken by others while it ran, three times over; run it again")
        else:
            await self._course.advance(run, Phase.PLAN, lambda now: replace(now, plan_attempt=run.plan_attempt + 1))

    async def _groups(self, run: Run, verdict: Verdict) -> None:
        """Creates the selected groups that are not there yet, and gives the others the names that they have in Entra (D-20)."""
        new: list[Group] = []
        renamed: list[Group] = []
        for selected in settings_of(run).groups:
            if selected.group_id not in verdict.naming:
                continue
            name = verdict.group_names[selected.group_id]
            stored = await self._context.groups.get(selected.group_id)
            if stored is None:
                new.append(Group(group_id=selected.group_id, name=name, sync=run.directory_key, object_id=selected.object_id))
            elif stored[0].name != name:
                renamed.append(replace(stored[0], name=name))
        told = [self._account.group(run, Happening.GROUP_CREATE, group, name=group.name) for group in new]
        told += [self._account.group(run, Happening.GROUP_UPDATE, group, name=group.name) for group in renamed]
        kept = await self._account.to_be_made(run, told)
        for group in new:
            await self._insert_group(group)
        for group in renamed:
            await self._context.groups.change(group.group_id, partial(replace, name=group.name))
        await self._course.check_lock(run.directory_key, run.run)
        await self._account.made(run, kept)

    async def _insert_group(self, group: Group) -> None:
        try:
            await self._context.groups.insert(group)
        except AlreadyExists:
            return

    async def _share(self, run: Run, plan: str, share: str) -> set[str]:
        """Makes the claims of a slice; returns the object ids whose claims are lost."""
        chain, _, number = share.rpartition("-")
        changes = [c for c in await self._context.changes.slice(run.run, plan, chain, int(number)) if c.needs_claim]
        if run.outcome is not None:
            changes = [change for change in changes if change.takes_names]
        await self._course.check_lock(run.directory_key, run.run)
        etags, lost = await self._claimer.objects(hand_of(run), changes)
        await self._context.staging.add_claimed(run.run, share, etags)
        lost |= await self._rivals.are_ahead(run, {c.object_id: c.user_id for c in changes if c.object_id in etags})
        return lost | await self._claimer.names(hand_of(run), [change for change in changes if change.object_id not in lost])


class Claimer:
    """Makes claims on behalf of a run, or of an individual sync."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def objects(self, hand: Hand, changes: list[Change]) -> tuple[dict[str, str], set[str]]:
        """ETags by object id of the rows that name these users now; and the objects that somebody else claimed."""
        wanted = {
            change.object_id: change for change in changes if change.kind is Kind.WRITE and (change.repoint or not change.was_indexed)
        }
        met = _Met()
        operations = [self._object(hand, change) for change in wanted.values()]
        etags = await write_all(self._context.tables, objects.TABLE, operations, on_conflict=met)
        won = {object_id: etag for object_id, etag in zip(wanted, etags, strict=True) if object_id not in met.keys}
        lost: set[str] = set()
        for object_id, (row, etag) in (await self._context.objects.many(hand.directory_key, met.keys)).items():
            if row.user_id == wanted[object_id].user_id:
                won[object_id] = etag
            else:
                lost.add(object_id)
        return won, lost

    def _object(self, hand: Hand, change: Change) -> Operation:
        entry = ObjectRow(object_id=change.object_id, user_id=change.user_id, username=change.username, read_at=hand.read_at, run=hand.mark)
        row = objects.to_row(hand.directory_key, entry, change.etag)
        return Replace(row) if change.repoint else Insert(row)

    async def names(self, hand: Hand, changes: list[Change]) -> set[str]:
        """Moves the names; returns the object ids of those who did not get all of theirs."""
        wanted = {move.digest: (change, move) for change in changes for move in change.moves}
        seen = await self._context.names.many(key for key, (_, move) in wanted.items() if move.seen)
        lost: set[str] = set()
        operations: list[Operation] = []
        for key, (change, move) in wanted.items():
            claim, etag = seen.get(key, (None, ""))
            if _mine(claim, change, hand):
                continue
            if not _as_planned(claim, change, move):
                lost.add(change.object_id)
                continue
            operations.append(_name(hand, change, move, etag))
        met = _Met()
        await write_all(self._context.tables, names.TABLE, operations, on_conflict=met)
        return lost | await self._lost_names(hand, met.keys, wanted)

    async def _lost_names(self, hand: Hand, met: set[str], wanted: Mapping[str, tuple[Change, NameMove]]) -> set[str]:
        claims = await self._context.names.many(met)
        return {wanted[key][0].object_id for key in met if not _mine(claims[key][0] if key in claims else None, wanted[key][0], hand)}


def _mine(claim: Claim | None, change: Change, hand: Hand) -> bool:
    """Whether an earlier delivery made this claim. One that an edit made for the same user may be taken back by an edit."""
    return claim is not None and claim.owner == change.user_id and claim.run == hand.mark


def _as_planned(claim: Claim | None, change: Change, move: NameMove) -> bool:
    """Whether the claim is still the one that was seen, or another of the same user."""
    owner, run = (claim.owner, claim.run) if claim is not None else ("", "")
    return owner == change.user_id or (owner, run) == (move.seen, move.run)


def _name(hand: Hand, change: Change, move: NameMove, etag: str) -> Operation:
    was = move.holder if move.holder != change.user_id else ""
    row = names.to_row(move.digest, Claim(move.name, change.user_id, was, hand.mark), etag)
    return Replace(row) if etag else Insert(row)
