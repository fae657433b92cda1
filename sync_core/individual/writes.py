"""What an individual sync writes, in the order of a full run: its plan and its place in the lock row, claims, records, what points to them,
rows of Objects.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from sync_core.directory.events import Event, Happening
from sync_core.directory.groups import Group
from sync_core.errors import AlreadyExists, Conflict, Rejected
from sync_core.individual.beside import Beside
from sync_core.individual.few import Decided
from sync_core.planning.changes import Change, Kind, Repair
from sync_core.planning.events import events_of
from sync_core.planning.reasons import WARNINGS
from sync_core.planning.settle import Writer
from sync_core.runs.apply import Applier
from sync_core.runs.claim import Claimer
from sync_core.runs.context import Context
from sync_core.runs.course import settings_of
from sync_core.runs.hand import Hand
from sync_core.runs.record import Run
from sync_core.runs.repair import remove_strays, repair_claims
from sync_core.runs.rivals import Rivals
from sync_core.runs.settled import Settled, widen_in
from sync_core.storage import applied, log_sources, objects
from sync_core.storage.applied import Applied
from sync_core.storage.bulk import each, leave_out, write_all
from sync_core.storage.changes import Verdict
from sync_core.storage.rows import key_of
from sync_core.storage.tables import Delete, Operation, Replace
from sync_core.storage.together import together

_CHAIN = "00"


class SingleWrites:
    def __init__(self, context: Context, run: Run, hand: Hand) -> None:
        self._context, self._run, self._hand = context, run, hand
        self._claimer, self._applier, self._rivals = Claimer(context), Applier(context), Rivals(context)
        self._beside: Beside | None = None
        self._given_up: list[Change] = []
        """Changes of plans that could not be made as planned: of their claims some may have been made."""
        self._alone = True

    async def write(self, attempt: int, decided: Decided, writer: Writer) -> list[Settled] | None:
        """None when claims were lost to somebody else: then it is to be planned again."""
        changes = decided.plan.changes
        if self._beside is None and all(map(_stamps_only, changes)):
            plan = await self._keep_plan(attempt, decided) if decided.plan.skips else ""
            settled = await self._applier.records(
                self._hand, writer, changes, widen_in(self._context.changes, self._run.run, plan, _CHAIN, 0)
            )
            await self._applier.pointers(settled)  # of records that somebody edited since
            await self._applier.objects(self._hand, writer, settled, {})
            return settled
        plan = await self._enter(attempt, decided)
        etags, lost = await self._claim(decided)
        if lost:
            self._given_up += changes
            return None
        settled = await self._applier.records(self._hand, writer, changes, widen_in(self._context.changes, self._run.run, plan, _CHAIN, 0))
        await self._applier.pointers(settled)
        await self._release(decided)
        await together(
            self._applier.objects(self._hand, writer, settled, etags),
            self._list(plan, attempt, writer, settled, decided.stored.group_names),
        )
        return settled

    async def _list(self, plan: str, attempt: int, writer: Writer, settled: Sequence[Settled], names: Mapping[str, str]) -> None:
        """Among the changes that were made, where the histories of users look; and in the log, as a full run tells its slices."""
        made = (made for one in settled if (made := one.told(writer)) is not None and made.actions)
        if changes := sorted(made, key=lambda change: change.user_id):
            at, run = writer.now, self._run
            key = applied.key(at, run.run, f"{attempt:02d}")
            slice_ = Applied(run.directory_key, key, at, run.actor, run.run, plan, _CHAIN, 0, "", "")
            events = events_of(changes, at=at, actor=run.actor, run=run.run, group_names=names)
            await together(self._context.applied.add(slice_, changes), self._context.log.add(*slice_.source, events, by_object=False))

    async def leave(self) -> None:
        """After the last write, when all of them were made."""
        if self._beside is not None:
            await self._beside.leave(alone=self._alone and not self._given_up)

    async def _enter(self, attempt: int, decided: Decided) -> str:
        """Before the first write: the plan is kept, the settings are still those that it was made by, and the lock row says who writes.
        Gives the plan's name.
        """
        plan, _ = await together(self._keep_plan(attempt, decided), self._check_settings())
        if self._beside is None:
            self._beside = Beside(self._context, self._run.directory_key, self._run.run)
            await self._beside.enter()
        return plan

    async def _keep_plan(self, attempt: int, decided: Decided) -> str:
        plan = f"{attempt:02d}{self._context.random_bits(48):012x}"
        made, rows = decided.plan, self._context.changes
        await together(rows.add_slice(self._run.run, plan, _CHAIN, 0, made.changes), rows.add_skips(self._run.run, plan, made.skips))
        verdict = Verdict(
            plan=plan,
            slices={_CHAIN: 1},
            claims=(),
            counts={},
            repairs=tuple(made.repairs),
            strays=tuple((stray.object_id, stray.etag) for stray in made.strays),
            warned=any(skip.reason in WARNINGS for skip in made.skips),
            skips=len(made.skips),
            group_names=dict(decided.stored.group_names),
        )
        await rows.decide(self._run.run, attempt, verdict)
        return plan

    async def _check_settings(self) -> None:
        sync = await self._context.syncs.get(self._run.directory_key)
        if sync is None or sync.deleted_at is not None or sync.version != settings_of(self._run).version:
            raise Rejected("the settings of the sync changed while its users were looked at, and nothing was changed: repeat")

    # Claims

    async def _claim(self, decided: Decided) -> tuple[dict[str, str], set[str]]:
        """ETags of the rows of Objects by object id; and the objects of whom something was lost to somebody else."""
        changes = [change for change in decided.plan.changes if change.needs_claim]
        (claimed, lost), (emptied, met), _ = await together(
            self._claimer.objects(self._hand, changes), self._empty(decided), self._make_groups(decided)
        )
        lost |= met
        lost |= await self._rivals.are_ahead(
            replace(self._run, run=self._hand.mark), {change.object_id: change.user_id for change in changes if change.object_id in claimed}
        )
        lost |= await self._claimer.names(self._hand, [change for change in changes if change.object_id not in lost])
        return emptied | claimed, lost

    async def _empty(self, decided: Decided) -> tuple[dict[str, str], set[str]]:
        """The fingerprints of those that it changes, before anything of them is written: whatever comes of it, the next run looks again."""
        known = [change for change in decided.plan.changes if change.etag and not change.repoint and not _stamps_only(change)]
        operations: list[Operation] = []
        for change in known:
            row, etag = decided.rows[change.object_id]
            if not row.fingerprint and row.run != self._hand.mark and row.run in decided.stored.alive:
                self._alone = False
            emptied = replace(row, fingerprint="", run=self._hand.mark)
            operations.append(Replace(objects.to_row(self._hand.directory_key, emptied, etag)))
        met: set[str] = set()

        async def meet(operation: Operation, error: Conflict) -> None:
            del error
            met.add(key_of(operation)[1])

        etags = await write_all(self._context.tables, objects.TABLE, operations, on_conflict=meet)
        self._alone = self._alone and not met
        return {change.object_id: etag for change, etag in zip(known, etags, strict=True) if etag}, met

    async def _make_groups(self, decided: Decided) -> None:
        """The selected groups that no full run has made yet and somebody enters now (D-20)."""
        entered = {group for change in decided.plan.changes for group in change.enters}
        selected = [group for group in decided.sync.groups if group.group_id in entered.difference(decided.kept_groups)]
        new = [
            Group(group_id=group.group_id, name=group.name, sync=decided.sync.directory_key, object_id=group.object_id)
            for group in selected
        ]
        if new:
            told = [self._told(group) for group in new]
            await together(
                self._context.log.add(*log_sources.groups_made(self._run.run), told, by_object=False),
                each(new, self._insert_group, len(new)),
            )

    async def _insert_group(self, group: Group) -> None:
        try:
            await self._context.groups.insert(group)
        except AlreadyExists:
            return

    def _told(self, group: Group) -> Event:
        return Event(
            at=self._run.queued_at,
            action=Happening.GROUP_CREATE,
            actor=self._run.actor,
            object=group.name,
            object_id=group.group_id,
            run=self._run.run,
            description={"name": group.name},
        )

    # Claims that came to nothing

    async def _release(self, decided: Decided) -> None:
        """Of plans given up, and claims of the dead that this one came across (as the end of a full run does)."""
        left = [Repair(move.digest, change.user_id, "") for change in self._given_up for move in change.moves]
        await repair_claims(self._context, [*decided.plan.repairs, *left], self._hand.mark)
        strays = [(stray.object_id, stray.etag) for stray in decided.plan.strays]
        await remove_strays(self._context, self._hand.directory_key, strays, self._hand.mark)
        given_up = {change.object_id for change in self._given_up if change.kind is Kind.WRITE}
        await self._forget_objects(given_up.difference(change.object_id for change in decided.plan.changes))

    async def _forget_objects(self, object_ids: Sequence[str] | set[str]) -> None:
        """Rows that it claimed for users that never came to be."""
        rows = await self._context.objects.many(self._hand.directory_key, object_ids)
        made = await self._context.users.many(row.user_id for row, _ in rows.values())
        deletes: list[Operation] = [
            Delete(objects.partition(self._hand.directory_key, object_id), object_id, etag)
            for object_id, (row, etag) in rows.items()
            if row.run == self._hand.mark and row.user_id not in made
        ]
        await write_all(self._context.tables, objects.TABLE, deletes, on_conflict=leave_out)


def _stamps_only(change: Change) -> bool:
    """Nothing but the time of reading is written."""
    pointers = (*change.enters, *change.leaves, *change.frees, *change.yields, *change.gains, *change.loses)
    return change.was_indexed and not change.actions and not pointers and not change.needs_claim and not change.fields
