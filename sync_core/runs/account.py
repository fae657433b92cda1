"""The account that a run gives in the log: its begin, what it did to whom, whom it left out, and how it ended (B-181, E-05).

Every row has a key of its own in the run, and a time that is kept with the run: a step delivered again writes the same row again.
"""

from collections.abc import Sequence
from datetime import datetime

from sync_core.directory.events import Event, Happening
from sync_core.directory.groups import Group
from sync_core.planning.changes import Action, Change
from sync_core.planning.events import events_of, events_of_skips
from sync_core.runs.context import Context
from sync_core.runs.messages import Apply
from sync_core.runs.record import Run, RunKind, State
from sync_core.storage import applied, log_sources
from sync_core.storage.applied import Applied
from sync_core.storage.log_sources import Source

_ADDED = (Action.CREATE, Action.TAKEOVER, Action.JOIN, Action.RESTORE)
_TO_BE_MADE = "groups"
_REMOVED = (Action.TRASH, Action.LEAVE)
_ENDS = {State.FAILED: Happening.SYNC_FAIL, State.CANCELLED: Happening.SYNC_CANCEL}


class Account:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def begun(self, run: Run | None) -> None:
        """None for somebody else's begin."""
        if run is not None and run.kind is RunKind.FULL:
            await self._tell(log_sources.frame(run.run), self._begin(run))

    async def applied(self, run: Run, plan: str, message: Apply, changes: Sequence[Change]) -> None:
        """Of one slice of a plan, whose records are written: a row for 500 users, and where to find the slice by its users."""
        names = {group.group_id: group.name for group in run.sync.groups} if run.sync is not None else {}
        told = sorted((change for change in changes if change.actions), key=lambda change: change.user_id)
        if not told:
            return
        part = message.part
        at = await self._context.changes.moment(run.run, part, self._context.clock.now())
        slice_ = Applied(
            run.directory_key, applied.key(at, run.run, part), at, run.actor, run.run, plan, message.chain, message.number, "", ""
        )
        await self._context.applied.add(slice_, told)
        events = events_of(told, at=at, actor=run.actor, run=run.run, group_names=names)
        await self._tell(slice_.source, events)

    async def has_told(self, run: Run, slice_: Apply) -> bool:
        at = await self._context.changes.told_at(run.run, slice_.part)
        return at is not None and await self._context.log.holds(*log_sources.of_slice(run.run, slice_.part), at)

    async def to_be_made(self, run: Run, events: Sequence[Event]) -> Sequence[Event]:
        """Keeps what is to be told of groups once they are made or renamed: afterwards a step that is delivered again would not see any
        more what was its own doing. Returns what was kept first; without events, what was, if anything.
        """
        return await self._context.changes.keep_events(run.run, _TO_BE_MADE, events)

    async def made(self, run: Run, events: Sequence[Event]) -> None:
        """Of groups, as `to_be_made` returned them."""
        if events:
            await self._tell(log_sources.groups_made(run.run), events)

    async def retiring_groups(self, run: Run, events: Sequence[Event]) -> None:
        """Told before it is done: afterwards a step that is delivered again would not see any more what was its own doing."""
        await self._of_groups(run, log_sources.groups_retired(run.run), events)

    def group(self, run: Run, action: Happening, group: Group, **told: str) -> Event:
        now, name = self._context.clock.now(), group.name
        return Event(at=now, action=action, actor=run.actor, object=name, object_id=group.group_id, run=run.run, description=told)

    async def ended(self, run: Run) -> None:
        if run.ended_at is None or run.kind is not RunKind.FULL:
            return
        action = _ENDS.get(run.state, Happening.SYNC_FINISH)
        if action is Happening.SYNC_FINISH:
            await self._skips(run, run.ended_at)
        told = {"State": run.state.value, **({"Reason": run.reason} if run.reason else {})}
        counters = _counters(run) if action is Happening.SYNC_FINISH else {}
        end = self._of_run(run, action, run.ended_at, told | counters)
        # the begin again: whoever began may have died before telling
        await self._tell(log_sources.frame(run.run), [*self._begin(run), end])

    def _begin(self, run: Run) -> list[Event]:
        return [self._of_run(run, Happening.SYNC_BEGIN, run.read_at, {})] if run.read_at is not None else []

    async def _skips(self, run: Run, at: datetime) -> None:
        verdict = await self._context.changes.verdict(run.run, run.plan_attempt) if run.counts.get("skipped") else None
        if verdict is None:
            return
        number = 0
        async for _, skips in self._context.changes.skips(run.run, verdict.plan):
            events = events_of_skips(skips, at=at, actor=run.actor, run=run.run)
            await self._tell(log_sources.skips(run.run, number), events)
            number += 1

    async def _of_groups(self, run: Run, source: Source, events: Sequence[Event]) -> None:
        if events and run.kind is RunKind.FULL:
            _, sequence = source
            await self._tell(source, await self._context.changes.keep_events(run.run, f"{sequence}", events))

    async def _tell(self, source: Source, events: Sequence[Event]) -> None:
        await self._context.log.add(*source, events, by_object=False)

    def _of_run(self, run: Run, action: Happening, at: datetime, told: dict[str, str]) -> Event:
        name = run.sync.name if run.sync is not None else ""
        return Event(at=at, action=action, actor=run.actor, object=name, object_id=run.directory_key, run=run.run, description=told)


def _counters(run: Run) -> dict[str, str]:
    """Users seen, added, removed and modified, each under one of these, and those left out (E-05)."""
    added, removed = (sum(run.counts.get(f"users {action}", 0) for action in actions) for actions in (_ADDED, _REMOVED))
    figures = {
        "Users Processed": run.counts.get("users", 0),
        "Users Added": added,
        "Users Removed": removed,
        "Users Modified": run.counts.get("changes", 0) - added - removed,
        "Users Skipped": run.counts.get("skipped", 0),
        "Users Held": run.counts.get("held", 0),
    }
    return {name: str(figure) for name, figure in figures.items()}
