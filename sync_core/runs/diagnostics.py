"""The report of a run: how its groups were read, what was asked of Entra, with what answers, and what was decided of whom, with the
reason (B-180).

It is made when it is read, of rows that the steps wrote, some thousand lines at a time. A run without diagnostics has lines of what was
asked only where a step of it failed.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from sync_core.directory.syncs import SelectedGroup
from sync_core.entra.trail import Asked
from sync_core.errors import NotFound
from sync_core.planning.reading import DELETED_MEANWHILE, Outcome
from sync_core.runs.context import Context
from sync_core.runs.preview import is_expired
from sync_core.runs.record import Phase, Run
from sync_core.storage.diagnostics import UNASKED, GroupReport, StepReport
from sync_core.storage.staging import GroupMark

UNCHANGED = "Entra says what is here"

type Line = dict[str, object]


class Diagnostics:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def begin(self, run_ref: str) -> Run:
        """The run to report of. Raises NotFound, for one too whose report there is not."""
        run = await self._context.runs.get(run_ref)
        if is_expired(run, self._context):
            raise NotFound("this preview has expired, and its report with it")
        goes_on = run.diagnostics and run.phase is not Phase.ENDED
        if goes_on or await anext(self._context.diagnostics.reports(run_ref), None) is not None:
            return run
        raise NotFound("this run has no report: start one with diagnostics=true. Reports are kept for 90 days")

    async def lines(self, run: Run) -> AsyncIterator[list[Line]]:
        """Of the run and its groups, then of what was asked, then of what was decided."""
        yield [_of_run(run), *({"line": "group", **msgspec.structs.asdict(g)} for g in await self._context.diagnostics.groups(run.run))]
        async for report in self._context.diagnostics.reports(run.run):
            yield [_of_step(report), *(_of_request(report, asked) for asked in report.asked)]
        verdict = await self._context.changes.verdict(run.run, run.plan_attempt)
        if verdict is None:
            return
        changes = self._context.changes
        async for _, slice_ in changes.slices(run.run, verdict.plan):
            yield [_decided(c.object_id, c.user_id, c.username, ", ".join(c.actions) or c.kind.value, c.reason) for c in slice_]
        async for _, skips in changes.skips(run.run, verdict.plan):
            yield [_decided(s.object_id, s.user_id, s.username, "skip", s.reason.value, s.detail) for s in skips]
        async for _, held in changes.held(run.run, verdict.plan):
            yield [_decided(h.object_id, h.user_id, h.username, "held", ", ".join(h.actions), h.detail) for h in held]
        async for unchanged in self._context.diagnostics.unchanged(run.run, verdict.plan):
            yield [_decided(object_id, "", "", "unchanged", UNCHANGED) for object_id in unchanged]


def group_reports(
    groups: Sequence[SelectedGroup], names: Mapping[str, str], marks: Mapping[str, GroupMark], gone: Collection[str] = ()
) -> list[GroupReport]:
    """Of the selected groups, in order; `names` by group id, as far as the run was told them; `marks` by the groups' places. `gone` are the
    object ids of those that were deleted after they were read.
    """
    reports = [_of_group(group, names.get(group.group_id, group.name), marks.get(f"{place:03d}")) for place, group in enumerate(groups)]
    return [replace(one, outcome=Outcome.GONE.value, detail=DELETED_MEANWHILE) if one.object_id in gone else one for one in reports]


def _of_group(group: SelectedGroup, name: str, mark: GroupMark | None) -> GroupReport:
    if mark is None:
        return GroupReport(object_id=group.object_id, group_id=group.group_id, name=name, outcome=UNASKED)
    return GroupReport(
        object_id=group.object_id, group_id=group.group_id, name=name, outcome=mark.outcome.value, detail=mark.detail,
        attempts=mark.attempt, pages=mark.pages, members=mark.members,
    )  # fmt: skip


def _of_run(run: Run) -> Line:
    sync = run.sync
    return {
        "line": "run",
        "reference_code": run.run,
        "directory_key": run.directory_key,
        "tenant_id": sync.tenant_id if sync is not None else "",
        "settings_version": sync.version if sync is not None else 0,
        "groups": [group.object_id for group in sync.groups] if sync is not None else [],
        "state": run.state,
        "reason": run.reason,
        "counts": run.counts,
        "requests": run.requests,
        "queued_at": run.queued_at,
        "read_at": run.read_at,
        "ended_at": run.ended_at,
    }


def _of_step(report: StepReport) -> Line:
    told: Line = {"line": "step", "step": report.step, "at": report.at, "requests": len(report.asked) + report.left_out}
    return told | ({"error": report.error} if report.error else {})


def _of_request(report: StepReport, asked: Asked) -> Line:
    return {"line": "request", "step": report.step, **msgspec.structs.asdict(asked)}


def _decided(object_id: str, user_id: str, username: str, decision: str, reason: str, detail: str = "") -> Line:
    return {
        "line": "decision",
        "object_id": object_id,
        "user_id": user_id,
        "username": username,
        "decision": decision,
        "reason": reason,
        "detail": detail,
    }
