"""The individual sync: up to 50 users synced at once, inside the call that asks for it (B-110..B-118).

The same plan, claims and order of writing as a full run's, beside which it may run: its reading is its own, and the later one wins (D-15,
D-16). It has no lock; before its first write its plan is kept and its code listed in the lock row, and the rows of Objects lose their
fingerprints: wherever it dies, the next full run puts right what it left.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import replace as with_

from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.events import Event, Happening
from sync_core.directory.syncs import Sync, check_runnable
from sync_core.errors import NotFound, Rejected, SyncError, Transient
from sync_core.individual.few import FewPlanner
from sync_core.individual.lookup import Found, object_of
from sync_core.individual.writes import SingleWrites
from sync_core.planning.asked import asked_names
from sync_core.planning.changes import Action
from sync_core.planning.claims import edit_mark
from sync_core.planning.events import events_of_skips
from sync_core.planning.outcomes import NAMES_IN_MOTION, READ_LATER, Became, Outcome
from sync_core.planning.reasons import WARNINGS, Skip
from sync_core.planning.settle import read_later
from sync_core.runs.context import Context
from sync_core.runs.hand import Hand
from sync_core.runs.plan import make_writer
from sync_core.runs.record import Phase, Run, RunKind, State
from sync_core.storage import log_sources
from sync_core.storage.together import together
from sync_core.tally import tally

PLANS = 3
"""How often it is planned before it gives up against others who take its names."""

type Find = Callable[[Sync], Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class Synced:
    run: Run
    outcomes: tuple[Outcome, ...]
    """In the order of the names."""


class IndividualSync:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._few = FewPlanner(context)

    async def of_names(self, directory_key: str, names: str | Sequence[str], by: str) -> Synced:
        """Raises NotFound; Rejected, naming the field, for more than 50 names, or a sync without groups; Transient, Reauthorize and StopRun
        as the source does, with nothing changed.
        """
        asked = asked_names(names)
        sync = await self._context.syncs.existing(directory_key)

        async def find(sync: Sync) -> Found:
            named, known = await together(self._few.lookup.named(sync, asked), self._few.lookup.known(sync, asked))
            return await self._few.lookup.found(sync, named, known)

        return await self._run(sync, asked, find, by)

    async def of_user(self, user_id: str, by: str) -> list[Synced]:
        """By each sync that holds the user, or put it into Trash (B-116). Raises as `of_names`; NotFound for a user that is not there;
        Rejected for one that no sync knows, or only such as normalize usernames (B-067).
        """
        user = await self._context.users.get(user_id)
        if user is None:
            raise NotFound(f"there is no user {user_id}")
        holding = [sync for sync in await self._context.syncs.all() if sync.deleted_at is None and object_of(user, sync.directory_key)]
        if not holding:
            raise Rejected("no sync manages this user", field="user_id")
        if not (syncs := [sync for sync in holding if not sync.mapping.normalize]):
            names = " and ".join(sync.name for sync in holding)
            raise Rejected(f"{names} normalizes usernames: sync the user by the whole userPrincipalName", field="user_id")
        return [await self._run(sync, (user_id,), self._by_id({user_id: object_of(user, sync.directory_key)}), by) for sync in syncs]

    async def outcomes(self, run_ref: str) -> tuple[Outcome, ...]:
        """What an individual sync answered, in the order of its names; none for other runs. Raises NotFound."""
        await self._context.runs.get(run_ref)
        return await self._context.changes.outcomes(run_ref)

    def _by_id(self, known: Mapping[str, str]) -> Find:
        return lambda sync: self._few.lookup.found(sync, dict.fromkeys(known, ()), known)

    async def _run(self, sync: Sync, names: Sequence[str], find: Find, by: str) -> Synced:
        check_runnable(sync)
        now = self._context.clock.now()
        run = Run(
            run=ids.new_reference_code(self._context.random_bits),
            directory_key=sync.directory_key,
            fence=0,
            actor=by,
            queued_at=now,
            kind=RunKind.INDIVIDUAL,
            state=State.READING,
            phase=Phase.READ,
            sync=sync,
            read_at=now,
        )
        with tally() as requests:
            try:
                return await self._made(run, sync, names, find, requests)
            except SyncError as error:
                with suppress(SyncError):  # the first error is told; a run that nobody ended shows as failed by its age
                    await self._end(run, requests, State.FAILED, (), [], reason=str(error))
                raise

    async def _made(self, run: Run, sync: Sync, names: Sequence[str], find: Find, requests: Counter[str]) -> Synced:
        _, found, (lock, _), writer = await together(
            self._announce(run), _called(find, sync), self._context.locks.read(sync.directory_key), make_writer(self._context, run)
        )
        writer = with_(writer, individual=True)
        mark = edit_mark(run.queued_at, run.run)
        writes = SingleWrites(self._context, run, Hand(sync.directory_key, mark, run.read_at or run.queued_at))
        for attempt in range(1, PLANS + 1):
            decided = await self._few.decide(replace(run, run=mark), sync, found, writer, lock.last_run)
            settled = await writes.write(attempt, decided, writer)
            if settled is not None:
                break
        else:
            raise Transient("names that these users need were taken by others meanwhile, three times over", retry_after=5)
        made = {one.change.object_id: one.made.actions for one in settled if one.made is not one.change}
        late = {one.change.object_id for one in settled if one.after is not None and read_later(one.after, writer)}
        outcomes = tuple(_told(decided.outcome(name), late, made) for name in names)
        run = replace(run, plan_attempt=attempt, counts=_counts(outcomes, len(decided.plan.skips)))
        warned = any(skip.reason in WARNINGS for skip in decided.plan.skips)
        run, _ = await together(
            self._end(run, requests, State.WARNINGS if warned else State.COMPLETED, outcomes, decided.plan.skips),
            writes.leave(),
        )
        return Synced(run, outcomes)

    async def _announce(self, run: Run) -> None:
        begin = self._event(run, Happening.SYNC_BY_USER_BEGIN, {})
        await self._context.runs.insert(run)  # first: what the history lists is there
        await together(
            self._context.runs.list_in_history(run), self._context.log.add(*log_sources.frame(run.run), [begin], by_object=False)
        )

    async def _end(
        self,
        run: Run,
        requests: Counter[str],
        state: State,
        outcomes: Sequence[Outcome],
        skips: Sequence[Skip],
        *,
        reason: str = "",
    ) -> Run:
        now = self._context.clock.now()
        told = {"State": state.value, **({"Reason": reason} if reason else {}), **{name.title(): str(n) for name, n in run.counts.items()}}
        begin = self._event(run, Happening.SYNC_BY_USER_BEGIN, {})  # again: at the same moment, it has the same row
        end = replace(self._event(run, Happening.SYNC_BY_USER_FINISH, told), at=now)

        def ended(_: Run) -> Run:
            last = replace(run, phase=Phase.ENDED, state=state, outcome=state, reason=reason, ended_at=now)
            return replace(last, requests=dict(requests))

        left_out = events_of_skips(skips, at=now, actor=run.actor, run=run.run)
        _, _, _, after = await together(
            self._context.changes.add_outcomes(run.run, outcomes),
            self._context.log.add(*log_sources.frame(run.run), [begin, end], by_object=False),
            self._context.log.add(*log_sources.skips(run.run, 0), left_out, by_object=False),
            self._context.runs.change(run.run, ended),
        )
        return after

    def _event(self, run: Run, action: Happening, told: dict[str, str]) -> Event:
        name = run.sync.name if run.sync is not None else ""
        return Event(
            at=run.queued_at, action=action, actor=run.actor, object=name, object_id=run.directory_key, run=run.run, description=told
        )


async def _called(find: Find, sync: Sync) -> Found:
    return await find(sync)


def _told(outcome: Outcome, late: set[str], made: Mapping[str, tuple[Action, ...]]) -> Outcome:
    """Where a later reading decided, this one changed nothing (D-16); of a change that others made impossible, little is `made`."""
    if outcome.object_id in made:
        actions = made[outcome.object_id]
        became = Became.DISABLED if actions else Became.SKIPPED
        return replace(outcome, became=became, actions=actions, fields=(), reason=NAMES_IN_MOTION)
    if outcome.object_id not in late:
        return outcome
    return replace(outcome, became=Became.UNCHANGED, actions=(), fields=(), reason=READ_LATER)


def _counts(outcomes: Sequence[Outcome], skips: int) -> dict[str, int]:
    """`skipped` are all of whom the plan left out something."""
    counts = {"users": len(outcomes), **Counter(outcome.became.value for outcome in outcomes)}
    return counts | ({"skipped": skips} if skips else {})
