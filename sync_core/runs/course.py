"""The course of a run: who may go on, which phase comes next, and what is sent for it.

The phase moves, by ETag, before the messages of the next step are sent; a message delivered again that finds it moved sends them
again. So whatever dies between the two, the run goes on.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from sync_core.directory.syncs import Sync
from sync_core.errors import Overtaken, StopRun, Superseded
from sync_core.runs.context import Context
from sync_core.runs.messages import GROUPS_SHARE, Apply, Begin, Claim, Finish, Message, Plan, Read
from sync_core.runs.record import Phase, Run, RunKind, State
from sync_core.storage.bulk import each
from sync_core.storage.changes import Verdict
from sync_core.storage.locks import LockRows
from sync_core.storage.staging import ClaimMark, GroupMark, StepMark
from sync_core.storage.together import together

PARALLEL_GROUPS = 32
"""Chains of pages read at a time; each that closes releases the next. At 0.3 s a page they take half of what Graph allows an application in
a tenant (800 units a second, 4 a page).
"""
_SENDS = 8
"""At the same time."""
_VERDICTS = 8
"""Kept at most."""

_NEXT = {
    Phase.BEGIN: (Phase.READ,),
    Phase.READ: (Phase.PLAN,),
    Phase.PLAN: (Phase.CLAIM, Phase.APPLY, Phase.FINISH),
    Phase.CLAIM: (Phase.APPLY, Phase.PLAN, Phase.FINISH),
    Phase.APPLY: (Phase.FINISH,),
}
_STATES = {
    Phase.READ: State.READING,
    Phase.PLAN: State.PLANNING,
    Phase.CLAIM: State.APPLYING,
    Phase.APPLY: State.APPLYING,
    Phase.FINISH: State.FINISHING,
}
_BEFORE_WRITING = frozenset({Phase.BEGIN, Phase.READ, Phase.PLAN})


class Course:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._verdicts: dict[tuple[str, int], Verdict] = {}

    async def live(self, message: Message, phase: Phase, attempt: int | None = None) -> Run:
        """The run, if it is in this phase. Raises Superseded otherwise: then the message has nothing left to do; Overtaken when the run has
        ended. From its beginning until then it has its sync's lock.

        A run whose settings changed, or whose sync was deleted, is cancelled here (D-17). Once it has begun to move names, it comes
        back with its `outcome` set: the transfers that have begun are to be finished (D-14).
        """
        run, sync = await together(self._context.runs.get(message.run), self._context.syncs.get(message.directory_key))
        if run.phase is not phase or (attempt is not None and run.plan_attempt != attempt):
            if run.phase in _NEXT.get(phase, ()):
                await self.dispatch(run)
            if run.phase is Phase.ENDED:
                raise Overtaken(f"run {run.run} has ended")
            raise Superseded(f"run {run.run} is past the step {phase}")
        if run.outcome is None and run.sync is not None and (reason := _overtaken(run, run.sync, sync)):
            run = await self.end(run.run, State.CANCELLED, reason)
            if run.phase is not phase:
                raise Superseded(f"run {run.run} was cancelled")
        return run

    async def check_lock(self, directory_key: str, run: str, *, preview: bool = False) -> None:
        """The fence of every table but Users: raises Overtaken when the sync's lock is not this run's."""
        lock, _ = await self.locks(preview).read(directory_key)
        if lock.run != run:
            raise Overtaken(f"the lock of {directory_key} is not run {run}'s any more")

    def locks(self, preview: bool) -> LockRows:
        return self._context.previews if preview else self._context.locks

    async def advance(self, run: Run, phase: Phase, also: Callable[[Run], Run] = lambda run: run) -> Run | None:
        """Moves the run from the phase that `run` shows to the next; whoever does it sends that one's messages, and gets the run."""
        mine = False
        mover = f"{self._context.random_bits(64):016x}"

        def moved(now: Run) -> Run | None:
            nonlocal mine
            mine = now.phase is run.phase and now.plan_attempt == run.plan_attempt
            return replace(also(now), phase=phase, state=_STATES[phase], moved_by=mover) if mine else None

        after = await self._context.runs.change(run.run, moved)
        if mine:
            await self.dispatch(after)
        return after if mine else None

    async def end(self, run: str, outcome: State, reason: str, *, refused: bool = False) -> Run:
        """Lets a run end early: at once when it has not begun to write or has failed, else after the transfers that have begun."""

        def ended(now: Run) -> Run | None:
            if now.phase in (Phase.FINISH, Phase.ENDED) or (now.outcome is not None and outcome is not State.FAILED):
                return None
            at_once = now.phase in _BEFORE_WRITING or outcome is State.FAILED
            phase, state = (Phase.FINISH, State.FINISHING) if at_once else (now.phase, now.state)
            return replace(now, outcome=outcome, reason=reason, refused=refused, phase=phase, state=state)

        after = await self._context.runs.change(run, ended)
        if after.phase is Phase.FINISH:
            await self.dispatch(after)
        return after

    async def dispatch(self, run: Run) -> None:
        """Sends the messages of the run's phase, for all parts without a mark."""
        kind = {"preview": run.kind is RunKind.PREVIEW, "diagnostics": run.diagnostics}
        await each([message.model_copy(update=kind) for message in await self._messages(run)], self.send, _SENDS)

    async def send(self, message: Message, delay: float = 0) -> None:
        await self._context.queues.send(message.queue, message.model_dump_json(), delay=delay)

    async def _messages(self, run: Run) -> Sequence[Message]:
        key, code, attempt = run.directory_key, run.run, run.plan_attempt
        match run.phase:
            case Phase.BEGIN:
                return [Begin(directory_key=key, run=code)]
            case Phase.READ:
                return [Read(directory_key=key, run=code, group=group) for group in await self._unread(run)]
            case Phase.PLAN:
                return [Plan(directory_key=key, run=code, attempt=attempt)]
            case Phase.CLAIM:
                return [Claim(directory_key=key, run=code, attempt=attempt, share=share) for share in await self.unclaimed(run)]
            case Phase.APPLY:
                reached = await self._reached(run)
                unapplied = await self.unapplied(run)
                return [Apply(directory_key=key, run=code, attempt=attempt, chain=chain, number=reached[chain]) for chain in unapplied]
            case Phase.FINISH | Phase.ENDED:
                return [Finish(directory_key=key, run=code)]

    async def _unread(self, run: Run) -> list[int]:
        marks = await self._context.staging.marks(run.run, "read", GroupMark)
        unread = [group for group in range(len(settings_of(run).groups)) if f"{group:03d}" not in marks]
        return unread[:PARALLEL_GROUPS]

    async def unclaimed(self, run: Run) -> list[str]:
        """The shares of claims that have no mark yet."""
        verdict = await self.verdict(run)
        shares = shares_of(verdict) if verdict is not None else ()
        marks = await self._context.staging.marks(run.run, claim_step(run.plan_attempt), ClaimMark)
        return [share for share in shares if share not in marks]

    async def verdict(self, run: Run) -> Verdict | None:
        """Of the run's present plan. There is one for good once it was decided: it is kept for the run's other messages."""
        key = (run.run, run.plan_attempt)
        if (kept := self._verdicts.get(key)) is not None:
            return kept
        found = await self._context.changes.verdict(*key)
        if found is not None:
            while len(self._verdicts) >= _VERDICTS:
                del self._verdicts[next(iter(self._verdicts))]
            self._verdicts[key] = found
        return found

    async def unapplied(self, run: Run) -> list[str]:
        """The chains of slices that have no mark yet."""
        marks = await self._context.staging.marks(run.run, "apply", StepMark)
        return [chain for chain in run.chains if chain not in marks]

    async def _reached(self, run: Run) -> Counter[str]:
        """The first slice of each chain that has shown no sign of life."""
        prefix = f"apply-{run.plan_attempt:02d}-"
        signs = await self._context.staging.signs(run.run, prefix)
        slices = {tuple(sign.removeprefix(prefix).split("-")[:2]) for sign in signs}
        return Counter(chain for chain, _ in slices)


def shares_of(verdict: Verdict) -> tuple[str, ...]:
    """What is to be claimed before anything is written."""
    return ((GROUPS_SHARE,) if verdict.naming else ()) + verdict.claims


def after_plan(run: Run, verdict: Verdict) -> Phase:
    if run.kind is RunKind.PREVIEW:
        return Phase.FINISH
    return Phase.CLAIM if shares_of(verdict) else Phase.APPLY if verdict.slices else Phase.FINISH


def _overtaken(run: Run, fixed: Sync, now: Sync | None) -> str:
    """Why the run is to be cancelled for its sync's sake, "" for no reason. A preview goes by settings of its own."""
    if now is None or now.deleted_at is not None:
        return "the sync was deleted while it ran"
    changed = run.kind is RunKind.FULL and now.version != fixed.version
    return "the settings of the sync changed while it ran; run it again" if changed else ""


def claim_step(attempt: int) -> str:
    return f"claim{attempt:02d}"


def settings_of(run: Run) -> Sync:
    """The settings that the run goes by; every step after begin has them."""
    if run.sync is None:
        raise StopRun("the run has no settings")
    return run.sync
