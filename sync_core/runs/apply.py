"""Writes one slice of changes: Trash pointers, records, members, names given up, and last of all the rows of Objects.

The order is what makes every cut harmless: a pointer that comes first is not believed until the record agrees, and the index says
"done" only when all else is written. A record that somebody changed meanwhile is read and settled again; `read_at` decides (D-16).
"""

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.lookups import Pointer, pointers
from sync_core.errors import Conflict, Missing, Overtaken
from sync_core.planning.changes import Action, Change, Kind
from sync_core.planning.settle import Writer, gained, live_holds, same
from sync_core.runs.account import Account
from sync_core.runs.context import Context
from sync_core.runs.course import Course
from sync_core.runs.hand import Hand, hand_of
from sync_core.runs.late import put_right
from sync_core.runs.messages import Apply, slice_share
from sync_core.runs.plan import make_writer
from sync_core.runs.record import Phase, Run
from sync_core.runs.repair import remove_strays
from sync_core.runs.settled import Settled, Widen, settled, widen_in
from sync_core.runs.untold import written
from sync_core.storage import names, objects
from sync_core.storage.bulk import each, leave_out, write_all
from sync_core.storage.members import Edits
from sync_core.storage.objects import ObjectRow
from sync_core.storage.staging import StepMark
from sync_core.storage.tables import Delete, Insert, Operation, Replace, Row
from sync_core.storage.user_counts import Known
from sync_core.storage.users import Edit, StoredUser

_PARALLEL_PARTITIONS = 8
_FEW = 100
"""No more changes than these wait for no other partition: somebody waits for an individual sync (B-110)."""


class ApplyStep:
    def __init__(self, context: Context, course: Course) -> None:
        self._context, self._course = context, course
        self._applier = Applier(context)
        self._account = Account(context)

    async def __call__(self, message: Apply) -> None:
        try:
            await self._slice(message)
        except Overtaken:
            await put_right(self._context, self._account, message)
            raise

    async def _slice(self, message: Apply) -> None:
        run = await self._course.live(message, Phase.APPLY, message.attempt)
        verdict = await self._course.verdict(run)
        slices = verdict.slices.get(message.chain, 0) if verdict is not None else 0
        if verdict is not None and message.number < slices:
            changes = await self._context.changes.slice(run.run, verdict.plan, message.chain, message.number)
            widen = widen_in(self._context.changes, run.run, verdict.plan, message.chain, message.number)
            done = await self._apply(run, message, [c for c in changes if run.outcome is None or c.takes_names], widen)
            if run.outcome is not None:  # of the others, what was done before somebody cancelled, and may be told nowhere yet
                done += await written(self._context, run, [change for change in changes if not change.takes_names])
            await self._account.applied(run, verdict.plan, message, done)
            await self._course.check_lock(run.directory_key, run.run)  # else what was written may have been too late
        if message.number + 1 < slices:
            await self._course.send(message.model_copy(update={"number": message.number + 1, "tries": 0}))
            return
        await self._context.staging.mark(run.run, "apply", message.chain, StepMark())
        if not await self._course.unapplied(run):
            await self._course.advance(run, Phase.FINISH)

    async def _apply(self, run: Run, message: Apply, changes: Sequence[Change], widen: Widen) -> list[Change]:
        """Returns those that are in the records now."""
        writer = await make_writer(self._context, run)
        hand = hand_of(run)
        settled = await self._applier.records(hand, writer, changes, widen)
        await self._course.check_lock(run.directory_key, run.run)
        await self._applier.pointers(settled)
        claimed = await self._context.staging.claimed(run.run, slice_share(message.chain, message.number))
        await self._applier.objects(hand, writer, settled, claimed)
        return [made for one in settled if (made := one.told(writer)) is not None]


class Applier:
    """Writes changes on behalf of whoever has claimed what they need: records, then what points to them, then rows of Objects."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def records(self, hand: Hand, writer: Writer, changes: Sequence[Change], widen: Widen) -> list[Settled]:
        if any(change.kind is Kind.LEAVE for change in changes):
            writer = dataclasses.replace(writer, trash_days=await self._context.deployment.trash_days())
        by_partition: defaultdict[str, list[Change]] = defaultdict(list)
        for change in changes:
            by_partition[ids.user_partition(change.user_id)].append(change)

        async def records(known: Known) -> tuple[list[Settled], Known]:
            return await self._records(hand, writer, known, by_partition[known.partition], widen)

        # Before the records: whoever is in the directory is found, whatever dies on the way.
        await self._context.lookups.follow({pointer: True for change in changes for pointer in gained(change)})
        at_once = len(by_partition) if len(changes) <= _FEW else _PARALLEL_PARTITIONS
        known = await self._context.users.known(by_partition)
        parts = await each(list(known.values()), records, at_once)
        await self._context.users.copy_counts(known for _, known in parts)
        return [one for found, _ in parts for one in found]

    async def pointers(self, settled: Sequence[Settled]) -> None:
        await self._members(settled)
        await self._lookups(settled)
        await self._free_names(settled)

    # Records

    async def _records(
        self, hand: Hand, writer: Writer, known: Known, changes: Sequence[Change], widen: Widen
    ) -> tuple[list[Settled], Known]:
        """Settles and writes the records of one partition, those that others changed meanwhile again. Also gives what it then counts."""
        found: dict[str, Settled] = {}
        pending = {change.user_id: change for change in changes}
        written = 0
        # A new user is not looked for: if an earlier delivery made it, inserting it is refused, and then it is read.
        read = [change.user_id for change in changes if Action.CREATE not in change.actions]
        while pending:
            stored = await self._context.users.many(read)
            edits: list[Edit] = []
            wider: dict[str, Change] = {}
            for user_id, change in pending.items():
                before = stored.get(user_id)
                found[user_id] = one = settled(change, before, writer)
                if one.after is not None and (before is None or one.after is not before.user):
                    edits.append(Edit(before, one.after))
                    if before is not None and one.wider is not change:
                        wider[user_id] = one.wider
            await widen(wider)
            await self._before_writing(hand, edits, writer)
            done = await self._context.users.write(known, edits, hand.directory_key, hand.fence)
            written += len(edits) - len(done.refused)
            known = done.known
            read = [edit.after.user_id for edit in done.refused]
            pending = {user_id: pending[user_id] for user_id in read}
        if written < len(changes):  # an earlier delivery, or run, may have written the rest and died before it was counted
            known = await self._context.users.look(known)
        return list(found.values()), known

    async def _before_writing(self, hand: Hand, edits: Sequence[Edit], writer: Writer) -> None:
        """Trash pointers, and the fingerprints of other syncs emptied, come before the records (D-06, D-27). So do rows of objects that the
        record names no more: nobody would find them after that.
        """
        await self._context.trash.point(edit.after for edit in edits if edit.after.in_trash and not _was_in_trash(edit.before))
        for edit in edits:
            if object_id := _known_no_more(edit, writer.directory_key):
                await self._forget_object(writer.directory_key, object_id, edit.after.user_id)
            if edit.before is None or same(edit.before.user, replace(edit.after, held_by=edit.before.user.held_by)):
                continue
            for key, hold in live_holds(edit.after, writer.existing).items():
                if key != writer.directory_key:
                    await self._empty_fingerprint(hand, key, hold.object_id)

    async def _forget_object(self, directory_key: str, object_id: str, user_id: str) -> None:
        """Of a user that the sync put into Trash, and writes as another object now (D-02, D-08)."""
        found = (await self._context.objects.many(directory_key, [object_id])).get(object_id)
        if found is not None and found[0].user_id == user_id:
            delete = Delete(objects.partition(directory_key, object_id), object_id, found[1])
            await write_all(self._context.tables, objects.TABLE, [delete], on_conflict=leave_out)

    async def _empty_fingerprint(self, hand: Hand, directory_key: str, object_id: str) -> None:
        """Says who did it: a run of that sync that is about to write its fingerprint shall see that the record changed behind its back."""
        while True:
            found = (await self._context.objects.many(directory_key, [object_id])).get(object_id)
            if found is None or (not found[0].fingerprint and found[0].run == hand.mark):
                return
            row = objects.to_row(directory_key, replace(found[0], fingerprint="", run=hand.mark), found[1])
            try:
                await self._context.tables.write(objects.TABLE, Replace(row))
            except Conflict:
                continue
            return

    # Pointers

    async def _members(self, settled: Sequence[Settled]) -> None:
        """The record decides who is in which group; the change says which rows may have to follow: those planned, and those that it was
        found to be in meanwhile.
        """
        edits: defaultdict[str, Edits] = defaultdict(Edits)
        for one in settled:
            groups = one.after.groups if one.after is not None else ()
            for group in one.regrouped.union(one.change.enters, one.change.leaves):
                side = edits[group].enters if group in groups else edits[group].leaves
                side.add(one.change.user_id)
        await self._context.members.edit(edits)

    async def _lookups(self, settled: Sequence[Settled]) -> None:
        """As members; but what the change was to gain points to the record already."""
        points: dict[Pointer, bool] = {}
        for one in settled:
            standing, gains = pointers(one.after), gained(one.change)
            moved = one.moved.union(gains, one.change.loses)
            points |= {pointer: pointer in standing for pointer in moved if pointer not in standing or pointer not in gains}
        await self._context.lookups.follow(points)

    async def _free_names(self, settled: Sequence[Settled]) -> None:
        """Deletes the claims of names that were given up and that nobody took, and those made for a record that does not list them.

        Of what was not planned to be given up, not the claims of full runs that go on: a delivery of theirs may write the name again.
        """
        given_up: defaultdict[str, set[str]] = defaultdict(set)  # by several at once, where a dead run had two records list one name
        for one in settled:
            listed = one.after.name_digests if one.after is not None else ()
            for key in (*one.change.frees, *(move.digest for move in one.change.moves)):
                if key not in listed:
                    given_up[key].add(one.change.user_id)
        unplanned = [(key, one.change.user_id) for one in settled for key in one.dropped.difference(given_up)]
        running = {lock.run for lock in (await self._context.locks.taken()).values()} if unplanned else set[str]()
        claims = await self._context.names.many((*given_up, *(key for key, _ in unplanned)))
        for key, user_id in unplanned:
            if key in claims and claims[key][0].run not in running:
                given_up[key].add(user_id)
        deletes = [Delete(key[0], key, etag) for key, (claim, etag) in claims.items() if claim.owner in given_up[key]]
        await write_all(self._context.tables, names.TABLE, deletes, on_conflict=leave_out)

    async def objects(self, hand: Hand, writer: Writer, settled: Sequence[Settled], claimed: Mapping[str, str]) -> None:
        operations: list[Operation] = []
        in_vain: list[tuple[str, str]] = []
        for one in settled:
            etag = claimed.get(one.change.object_id, one.change.etag)
            if not etag:
                continue
            if not one.is_newer_elsewhere(writer):
                operations.append(_object(hand, writer, one, etag))
            elif one.after is not None and (hand.directory_key, one.change.object_id) not in one.after.objects:
                in_vain.append((one.change.object_id, etag))

        async def meet(operation: Operation, error: Conflict) -> Operation | None:
            return await self._object_again(hand, writer, operation, error)

        await write_all(self._context.tables, objects.TABLE, operations, on_conflict=meet)
        # A claim that a later reading left without a record: no purge would find it, should the sync be deleted (D-16, D-27).
        await remove_strays(self._context, hand.directory_key, in_vain, hand.mark)

    async def _object_again(self, hand: Hand, writer: Writer, operation: Operation, error: Conflict) -> Operation | None:
        """A later reading's row stays; one that this run wrote before, or claimed, is written over.

        Where another sync changed the record behind this run's back (D-06), the row stays without a fingerprint: the next run looks again.
        """
        key = operation.key if isinstance(operation, Delete) else operation.row.key
        found = (await self._context.objects.many(hand.directory_key, [key])).get(key)
        if found is None:
            return Insert(operation.row) if isinstance(operation, Replace) and isinstance(error, Missing) else None
        if found[0].read_at > writer.read_at:
            return None
        if isinstance(operation, Delete):
            return Delete(operation.partition, key, found[1])
        values = operation.row.values
        if not found[0].fingerprint and found[0].run != hand.mark:
            values = {**values, "fingerprint": ""}
        if values == objects.to_row(hand.directory_key, found[0]).values:  # another delivery was faster
            return None
        return Replace(Row(operation.row.partition, key, values, found[1]))


def _known_no_more(edit: Edit, directory_key: str) -> str:
    """The object as which the sync put the user into Trash, where it is another one to it from now on; "" for none."""
    object_id = edit.before.user.known_as.get(directory_key, "") if edit.before is not None else ""
    return "" if (directory_key, object_id) in edit.after.objects else object_id


def _was_in_trash(before: StoredUser | None) -> bool:
    return before is not None and before.user.in_trash


def _object(hand: Hand, writer: Writer, one: Settled, etag: str) -> Operation:
    """What becomes of the object's row: done, in Trash, or away when the user is no longer this sync's."""
    change, after = one.change, one.after
    partition = objects.partition(hand.directory_key, change.object_id)
    hold = after.held_by.get(hand.directory_key) if after is not None else None
    held = hold is not None and hold.object_id == change.object_id
    if after is None or not (held or (after.in_trash and (hand.directory_key, change.object_id) in after.objects)):
        return Delete(partition, change.object_id, etag)
    desired = change.desired
    entry = ObjectRow(
        object_id=change.object_id,
        user_id=change.user_id,
        username=change.username,
        fingerprint=hold.fingerprint if hold is not None and held and desired is not None else "",
        read_at=writer.read_at,
        trashed=after.in_trash,
        groups=hold.groups if hold is not None and held else (),
        run=hand.mark,
    )
    return Replace(objects.to_row(hand.directory_key, entry, etag))
