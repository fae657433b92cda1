"""Runs, as callers see them: started, watched, cancelled, and what became of whom."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.syncs import check_runnable
from sync_core.errors import AlreadyRunning, NotFound, Rejected
from sync_core.planning.brake import HeldChange
from sync_core.planning.changes import Action, Change
from sync_core.planning.describe import fields_of_new
from sync_core.planning.reasons import Skip
from sync_core.runs.context import Context
from sync_core.runs.course import Course, claim_step, settings_of
from sync_core.runs.messages import Begin
from sync_core.runs.preview import is_expired
from sync_core.runs.record import ENDED, Approval, Phase, Progress, Run, RunKind, State, as_it_stands
from sync_core.storage.bulk import each
from sync_core.storage.changes import Verdict
from sync_core.storage.runs import place
from sync_core.storage.staging import ClaimMark, GroupMark

RUNS_LOOKED_THROUGH = 100
_PARALLEL_READS = 8
ROWS_LOOKED_THROUGH = 20
"""By one call that picks: of some 1,000 changes, or 500 skips, each."""


class Runs:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._course = Course(context)

    async def start(
        self,
        directory_key: str,
        actor: str,
        slot: datetime | None = None,
        *,
        approval: Approval | None = None,
        code: str = "",
        relink: bool = False,
        diagnostics: bool = False,
    ) -> Run:
        """Queues a full run, for a slot of the schedule or because somebody asked; `approval` is what it may do over the limits, `relink`
        finds users that the sync brought from another tenant by their usernames (D-08); `diagnostics` keeps a report (B-180).

        Raises NotFound; Rejected when no groups are selected, or the connection has moved (D-08); AlreadyRunning (D-15), for a slot that
        a run was started for also when that has ended.
        """
        sync = await self._context.syncs.get(directory_key)
        if sync is None or sync.deleted_at is not None:
            raise NotFound(f"there is no sync with the directory key {directory_key}")
        check_runnable(sync)
        lock, etag = await self._context.locks.read(directory_key)
        if lock.run or (slot is not None and lock.slot is not None and lock.slot >= slot):
            raise AlreadyRunning(lock.run or lock.last_run)
        run = Run(
            run=code or ids.new_reference_code(self._context.random_bits),
            directory_key=directory_key,
            fence=lock.fence + 1,
            approval=approval,
            relink=relink or sync.relink,
            diagnostics=diagnostics,
            actor=actor,
            queued_at=self._context.clock.now(),
            slot=slot,
        )
        await self._context.runs.insert(run)
        try:
            await self._context.locks.take(directory_key, replace(lock, run=run.run, fence=run.fence, slot=slot or lock.slot), etag)
        except AlreadyRunning:
            await self._context.runs.remove(run)
            raise
        await self._context.runs.list_in_history(run)
        await self._course.send(Begin(directory_key=directory_key, run=run.run, diagnostics=diagnostics))
        return run

    async def view(self, run_ref: str) -> tuple[Run, Progress]:
        """The run and how far its present step is. Raises NotFound."""
        found = as_it_stands(await self._context.runs.get(run_ref), self._context.clock.now())
        return replace(found, state=State.EXPIRED) if is_expired(found, self._context) else found, await self._progress(found)

    async def running(self, directory_key: str) -> str:
        """The reference code of the sync's present run; "" when there is none."""
        return (await self._context.locks.read(directory_key))[0].run

    async def newest(self, directory_key: str) -> Run | None:
        """The sync's newest full run: the one that goes on, else the one that ended last."""
        lock, _ = await self._context.locks.read(directory_key)
        code = lock.run or lock.last_run
        return await self._context.runs.get(code) if code else None

    async def history(
        self, directory_key: str, *, limit: int, cursor: str = "", match: Callable[[Run], bool] | None = None
    ) -> tuple[list[Run], str]:
        """The sync's runs but for previews, newest first, and the cursor for more ("" at the end). Picked by `match`, one call looks
        through 100 runs: fewer than `limit` may come although there are more.
        """
        codes, after = await self._context.runs.history(directory_key, limit if match is None else RUNS_LOOKED_THROUGH, cursor)
        now = self._context.clock.now()
        runs = [as_it_stands(run, now) for run in await each(codes, self._context.runs.get, _PARALLEL_READS)]
        if match is None:
            return runs, after
        found = [run for run in runs if match(run)]
        return found[:limit], place(found[limit - 1]) if len(found) > limit else after

    async def cancel(self, run_ref: str, actor: str) -> Run:
        """Asks the run to end: what is applied stays, nothing more is removed (B-104, D-14). NotFound; Rejected when it has ended."""
        found = await self._context.runs.get(run_ref)
        if found.kind is RunKind.INDIVIDUAL:
            raise Rejected("an individual sync ends with the call that asked for it")
        if found.state in ENDED:
            raise Rejected(f"the run has ended already: {found.state}")
        return await self._course.end(run_ref, State.CANCELLED, f"cancelled by {actor}; run the sync again to complete what is missing")

    async def skips(
        self, run_ref: str, *, limit: int, cursor: str = "", match: Callable[[Skip], bool] | None = None
    ) -> tuple[list[Skip], str]:
        """Who was left out and why, and the cursor for more. Picked by `match`, fewer than `limit` may come although there are more."""
        verdict = await self._verdict(run_ref)
        return await _paged(self._context.changes.skips(run_ref, verdict.plan, _row(cursor)), limit, cursor, match) if verdict else ([], "")

    async def skip_of(self, run_ref: str, object_id: str) -> Skip | None:
        """Why this object was left out; None when it was not. One request for each 5,000 that were."""
        verdict = await self._verdict(run_ref)
        if verdict is not None:
            async for _, skips in self._context.changes.skips(run_ref, verdict.plan):
                for skip in skips:
                    if skip.object_id == object_id:
                        return skip
        return None

    async def held(self, run_ref: str, *, limit: int, cursor: str = "") -> tuple[list[HeldChange], str]:
        """What the brake holds, or would hold, and the cursor for more (D-12)."""
        verdict = await self._verdict(run_ref)
        return await _paged(self._context.changes.held(run_ref, verdict.plan, _row(cursor)), limit, cursor) if verdict else ([], "")

    async def changes(
        self, run_ref: str, *, limit: int, cursor: str = "", match: Callable[[Change], bool] | None = None
    ) -> tuple[list[Change], str]:
        """The changes planned, in the order of user ids, and the cursor for more. Picked by `match` as skips are."""
        verdict = await self._verdict(run_ref)
        if verdict is None:
            return [], ""
        found, following = await _paged(self._context.changes.slices(run_ref, verdict.plan, _row(cursor)), limit, cursor, match)
        names = verdict.group_names
        new = (change.desired is not None and Action.CREATE in change.actions for change in found)
        return [
            replace(c, fields=fields_of_new(c.desired, names)) if n and c.desired else c for c, n in zip(found, new, strict=True)
        ], following

    async def _verdict(self, run: str) -> Verdict | None:
        """What names the run's lists; None while there are none."""
        found = await self._context.runs.get(run)
        if is_expired(found, self._context):
            raise NotFound("this preview has expired: its lists are there for 24 hours. Make another")
        return await self._context.changes.verdict(run, found.plan_attempt)

    async def _progress(self, run: Run) -> Progress:
        staging = self._context.staging
        match run.phase:
            case Phase.READ:
                return Progress("read", len(await staging.marks(run.run, "read", GroupMark)), len(settings_of(run).groups))
            case Phase.CLAIM:
                done = len(await staging.marks(run.run, claim_step(run.plan_attempt), ClaimMark))
                return Progress("claim", done, done + len(await self._course.unclaimed(run)))
            case Phase.APPLY:
                signs = await staging.signs(run.run, f"apply-{run.plan_attempt:02d}-")
                return Progress("apply", min(len(signs), run.slices), run.slices)
            case Phase.ENDED:
                return Progress("ended", 1, 1)
            case _:
                return Progress(run.phase.value, 0, 1)


async def _paged[T](
    rows: AsyncIterator[tuple[str, tuple[T, ...]]], limit: int, cursor: str, match: Callable[[T], bool] | None = None
) -> tuple[list[T], str]:
    """`limit` items from the cursor on: "row key:items of it that were given already". One call that picks looks through some rows only."""
    found: list[T] = []
    start = int(cursor.rpartition(":")[2] or 0) if cursor else 0
    looked_through = 0
    async for key, items in rows:
        for index, item in enumerate(items[start:], start):
            if match is not None and not match(item):
                continue
            if len(found) == limit:
                return found, f"{key}:{index}"
            found.append(item)
        looked_through += 1
        if match is not None and looked_through == ROWS_LOOKED_THROUGH:
            return found, f"{key}:{len(items)}"
        start = 0
    return found, ""


def _row(cursor: str) -> str:
    return cursor.rpartition(":")[0]
