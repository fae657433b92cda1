"""The last step, of failed and cancelled runs too: settles what is left over, retires groups, writes how it ended, frees the lock last."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from sync_core.directory.events import Happening
from sync_core.directory.syncs import Sync
from sync_core.directory.texts import listed
from sync_core.errors import Conflict, Superseded
from sync_core.planning.reading import Outcome
from sync_core.runs.account import Account
from sync_core.runs.context import Context
from sync_core.runs.course import Course
from sync_core.runs.diagnostics import group_reports
from sync_core.runs.holds import settle_held, told
from sync_core.runs.messages import Finish
from sync_core.runs.record import KEPT, Phase, Run, RunKind, State, may_write
from sync_core.runs.repair import remove_strays, repair_claims
from sync_core.runs.streaks import judge
from sync_core.runs.untold import tell_untold
from sync_core.storage.changes import Verdict
from sync_core.storage.diagnostics import GroupReport
from sync_core.storage.staging import GroupMark, GroupsTold

MOST_NAMED = 5
"""Groups that a reason names."""
_UNCLEAN = frozenset({State.CANCELLED, State.FAILED})
_TELLING = frozenset({State.WARNINGS, State.INCOMPLETE, State.HELD, State.PREVIEWED})
_WITHHOLDING = frozenset({State.INCOMPLETE, State.HELD})
"""So ends a run that did not do all that it found: it retires no group (D-20)."""


class FinishStep:
    def __init__(self, context: Context, course: Course) -> None:
        self._context, self._course = context, course
        self._account = Account(context)

    async def __call__(self, message: Finish) -> None:
        try:
            await self._course.check_lock(message.directory_key, message.run, preview=message.preview)
        except Superseded:
            await self._context.staging.drop(message.run)
            raise
        run = await self._context.runs.get(message.run)
        if run.phase is Phase.FINISH:
            run = await self._end(run)
        if run.phase is not Phase.ENDED:
            raise Superseded(f"run {run.run} is not at its end")
        await self._account.ended(run)
        await self._context.staging.drop(run.run)
        await judge(self._context, run)
        if run.state is State.FAILED and run.wrote:  # a worker of it may be on its way to a record: the next run's fence is no lower
            await self._context.users.raise_fence(run.directory_key, run.fence + 1)
            await tell_untold(self._context, self._account, run)
        await self._free_lock(run)

    async def _end(self, run: Run) -> Run:
        verdict = await self._context.changes.verdict(run.run, run.plan_attempt)
        outcome = run.outcome or _outcome(run, verdict)
        if run.outcome is None and run.sync is not None and verdict is not None and run.kind is RunKind.FULL:
            await repair_claims(self._context, verdict.repairs, run.run)
            await remove_strays(self._context, run.directory_key, verdict.strays, run.run)
            if outcome not in _WITHHOLDING:
                await self._retire_groups(run, run.sync)
            await self._context.confirmations.remove(run.directory_key, verdict.confirmed)
            await settle_held(self._context, run, verdict, outcome)
        requests: Counter[str] = Counter()
        for sign in (await self._context.staging.signs(run.run)).values():
            requests.update(sign.requests)
        groups = await self._groups_told(run, verdict)
        now = self._context.clock.now()
        if run.kind is RunKind.PREVIEW:
            await self._context.runs.expire_at(run, now + KEPT)
        else:
            await self._context.runs.list_in_history(run)  # whoever started it may have died before

        def ended(before: Run) -> Run | None:
            if before.phase is not Phase.FINISH:
                return None
            final = before.outcome or outcome
            reason = before.reason or ("; ".join(filter(None, (groups, told(verdict)))) if verdict and final in _TELLING else "")
            return replace(before, phase=Phase.ENDED, state=final, outcome=final, reason=reason, ended_at=now, requests=dict(requests))

        return await self._context.runs.change(run.run, ended)

    async def _groups_told(self, run: Run, verdict: Verdict | None) -> str:
        """Reports how each group was read, with diagnostics (B-180). Returns, in words, which did not come whole, and why, and which Entra
        has no more (D-10); "" for none.
        """
        if run.sync is None or not (run.diagnostics or run.counts.get("groups unread") or run.counts.get("groups gone")):
            return ""
        staging = self._context.staging
        marks = await staging.marks(run.run, "read", GroupMark)
        told = (await staging.marks(run.run, "groups", GroupsTold)).get("told")
        names = verdict.group_names if verdict is not None else {}
        reports = group_reports(run.sync.groups, names, marks, told.gone if told is not None else ())
        if run.diagnostics:
            await self._context.diagnostics.add_groups(run.run, reports)
        return _in_words(reports)

    async def _retire_groups(self, run: Run, sync: Sync) -> None:
        """A group that is not selected any more is unmanaged from now on (B-174)."""
        selected = {group.group_id for group in sync.groups}
        retired = partial(replace, sync="", object_id="", former_sync_name=sync.name)
        groups = [group for group, _ in await self._context.groups.all()]
        going = [group for group in groups if group.sync == sync.directory_key and group.group_id not in selected]
        update = partial(self._account.group, run, Happening.GROUP_UPDATE)
        await self._account.retiring_groups(run, [update(group, sync="") for group in going])
        for group in going:
            await self._context.groups.change(group.group_id, retired)

    async def _free_lock(self, run: Run) -> None:
        locks = self._course.locks(run.kind is RunKind.PREVIEW)
        while True:
            lock, etag = await locks.read(run.directory_key)
            if lock.run != run.run:
                return
            unclean = lock.unclean
            if run.state in _UNCLEAN:
                unclean = (*unclean, run.run) if run.wrote else unclean
            elif run.state is not State.INCOMPLETE:
                unclean = await self._still_at_work(unclean, run)
            try:
                await locks.write(run.directory_key, replace(lock, run="", unclean=unclean, last_run=run.run), etag)
            except Conflict:
                continue
            return

    async def _still_at_work(self, unclean: tuple[str, ...], run: Run) -> tuple[str, ...]:
        """Those of the runs that a worker may still have been writing for when `run` began: the next one puts them right once more."""
        found = [await self._context.runs.get(code) for code in unclean]
        began = run.read_at or run.queued_at
        return tuple(dead.run for dead in found if may_write(dead, began))


def _in_words(reports: Sequence[GroupReport]) -> str:
    unread = [f"{report.name}: {report.detail}" for report in reports if report.outcome == Outcome.UNREAD]
    gone = [report.name for report in reports if report.outcome == Outcome.GONE]
    told = [f"not read whole, so nobody was removed: {listed(unread, MOST_NAMED, '; ')}"] if unread else []
    if gone:
        told.append(f"gone from Entra, so their members stay until they are removed or replaced: {listed(gone, MOST_NAMED)}")
    return "; ".join(told)


def _outcome(run: Run, verdict: Verdict | None) -> State:
    if run.kind is RunKind.PREVIEW and verdict is not None:
        return State.PREVIEWED
    if verdict is None or run.counts.get("groups unread"):
        return State.INCOMPLETE
    if verdict.held:
        return State.HELD
    warned = verdict.warned or run.counts.get("groups gone")
    return State.WARNINGS if warned else State.COMPLETED
