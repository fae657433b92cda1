"""Takes the values of deleted users out of changes, skips and the log; their ids stay (D-35).

Rows are rewritten by ETag, so whoever writes at the same time loses nothing. Done again, it changes nothing; a message that dies is
delivered again, and each sends the next from the place that it has reached.
"""

import logging
from collections.abc import Callable, Collection

from msgspec.structs import replace

from sync_core.directory.events import Event
from sync_core.errors import NotFound, Transient
from sync_core.planning.brake import HeldChange
from sync_core.planning.changes import Change
from sync_core.planning.events import DETAIL, OBJECT_ID
from sync_core.planning.outcomes import Outcome
from sync_core.planning.reasons import Skip
from sync_core.retention.later import send_later
from sync_core.retention.messages import Forget
from sync_core.runs.record import Run, RunKind
from sync_core.storage import log_sources
from sync_core.storage.applied import AppliedRows
from sync_core.storage.changes import ChangeRows
from sync_core.storage.log import LogRows
from sync_core.storage.queues import Queues
from sync_core.storage.runs import RunRows

log = logging.getLogger(__name__)

SLICES_A_MESSAGE = 50
RUNS_A_MESSAGE = 20
AN_HOUR = 3600.0


class Forgetter:
    def __init__(self, log: LogRows, applied: AppliedRows, changes: ChangeRows, runs: RunRows, queues: Queues) -> None:
        self._log = log
        self._applied = applied
        self._changes = changes
        self._runs = runs
        self._queues = queues

    async def __call__(self, message: Forget) -> None:
        try:
            await self._forget(message)
        except Transient as busy:
            await send_later(self._queues, message, busy)

    async def poisoned(self, message: Forget) -> None:
        """A message that failed as often as the host tries: it is tried again an hour later, for what it forgets may not be kept."""
        log.error("forgetting %d users failed again and again; again in an hour", len(message.user_ids))
        await self._queues.send(Forget.queue, message.model_copy(update={"tries": 0}).model_dump_json(), delay=AN_HOUR)

    async def _forget(self, message: Forget) -> None:
        wanted = frozenset(message.user_ids)
        if not message.directory_key:
            for user_id in message.user_ids:
                await self._log.forget_object(user_id, without_values)
        elif message.of == "slices":
            await self._slices(message, wanted)
        else:
            await self._skips(message, wanted)

    async def _slices(self, message: Forget, wanted: Collection[str]) -> None:
        looked_at, last = 0, message.after
        async for page in self._applied.newest(message.directory_key, message.after):
            for one in page:
                near = [user_id for user_id in wanted if one.may_hold(user_id)]
                if not near:
                    continue
                if looked_at == SLICES_A_MESSAGE:
                    await self._send(message.model_copy(update={"after": last, "tries": 0}))
                    return
                looked_at, last = looked_at + 1, one.key
                if found := frozenset(await self._applied.holds(one, near)):
                    await self._changes.rewrite_slice(one.run, one.plan, one.chain, one.number, _forgotten(found))
                    await self._log.rewrite(*one.source, one.at, _of(found))
        await self._send(message.model_copy(update={"of": "skips", "after": "", "tries": 0}))

    async def _skips(self, message: Forget, wanted: Collection[str]) -> None:
        """Of each of the sync's runs: who is skipped, and what was never applied, stand in no index."""
        codes, after = await self._runs.history(message.directory_key, RUNS_A_MESSAGE, message.after)
        for code in codes:
            await self._of_run(code, wanted, (*wanted, *message.object_ids))
        if after:
            await self._send(message.model_copy(update={"after": after, "tries": 0}))

    async def _of_run(self, code: str, wanted: Collection[str], ids: Collection[str]) -> None:
        try:
            run = await self._runs.get(code)
        except NotFound:
            return
        if run.kind is RunKind.INDIVIDUAL:
            await self._changes.rewrite_outcomes(code, _outcome_without(ids))
        if not _planned(run):
            return
        for plan in await self._changes.plans(code):
            await self._changes.rewrite_slices(code, plan, _forgotten(wanted))  # what was planned and not applied stands in no index
            await self._changes.rewrite_held(code, plan, _held_without(wanted))
            rows = await self._changes.rewrite_skips(code, plan, _skip_without(wanted, ids))
            if run.ended_at is not None:
                for number in range(rows):
                    await self._log.rewrite(*log_sources.skips(code, number), run.ended_at, _of(wanted, ids))

    async def _send(self, message: Forget) -> None:
        await self._queues.send(Forget.queue, message.model_dump_json())


def _planned(run: Run) -> bool:
    """Whether any of its plans may tell of somebody."""
    return bool(run.kind is RunKind.INDIVIDUAL or run.slices or run.plan_attempt > 1 or run.counts.get("skipped"))


def without_values(event: Event) -> Event:
    """The event with its fields' names, and no value."""
    return replace(event, object="", description={name: text if name == OBJECT_ID else "" for name, text in event.description.items()})


def _of(wanted: Collection[str], ids: Collection[str] = ()) -> Callable[[Event], Event]:
    """Their own events, and the reasons of others' that mention one of the ids."""

    def how(event: Event) -> Event:
        if event.object_id in wanted:
            return without_values(event)
        detail = event.description.get(DETAIL, "")
        return replace(event, description=event.description | {DETAIL: ""}) if any(one in detail for one in ids) else event

    return how


def _forgotten(wanted: Collection[str]) -> Callable[[Change], Change]:
    """What a run that did not end cleanly is put right by stays: ids and digests."""

    def how(change: Change) -> Change:
        if change.user_id not in wanted:
            return change
        fields = tuple(replace(field, before="", after="") for field in change.fields)
        moves = tuple(replace(move, name="") for move in change.moves)
        return replace(change, username="", reason="", fields=fields, moves=moves, desired=None, gains=(), loses=())

    return how


def _held_without(wanted: Collection[str]) -> Callable[[HeldChange], HeldChange]:
    """What was to be done stays, without the name that it led to."""
    return lambda change: change.without_values if change.user_id in wanted else change


def _outcome_without(ids: Collection[str]) -> Callable[[Outcome], Outcome]:
    """As `_of`; `ids` are those of users and of objects."""

    def how(outcome: Outcome) -> Outcome:
        if outcome.user_id in ids or outcome.object_id in ids:
            return outcome.without_values
        return replace(outcome, reason="") if any(one in outcome.reason for one in ids) else outcome

    return how


def _skip_without(wanted: Collection[str], ids: Collection[str]) -> Callable[[Skip], Skip]:
    """As `_of`."""

    def how(skip: Skip) -> Skip:
        if skip.user_id in wanted:
            return Skip(object_id=skip.object_id, user_id=skip.user_id, username="", reason=skip.reason, detail="")
        return replace(skip, detail="", shared="") if any(one in skip.detail for one in ids) else skip

    return how
