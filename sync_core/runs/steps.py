"""Handles the messages of runs: the one place where a step's errors become what happens next, and where stalled runs are found."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from sync_core.entra.trail import Trail, trail, without_addresses
from sync_core.errors import NotFound, Reauthorize, Superseded, SyncError, Transient
from sync_core.runs.apply import ApplyStep
from sync_core.runs.begin import BeginStep
from sync_core.runs.claim import ClaimStep
from sync_core.runs.context import Context
from sync_core.runs.course import Course
from sync_core.runs.finish import FinishStep
from sync_core.runs.messages import Apply, Begin, Claim, Finish, Further, Message, Plan, Read
from sync_core.runs.plan import PlanStep
from sync_core.runs.read import ReadStep
from sync_core.runs.record import Phase, Run, State
from sync_core.storage.diagnostics import StepReport
from sync_core.storage.records import BrokenRow
from sync_core.storage.staging import Sign
from sync_core.tally import tally

log = logging.getLogger(__name__)

STALLED = timedelta(minutes=3)
RESENDS = 5
MOST_TRIES = 60
GRACE_TRIES = 3
GRACE_SECONDS = 30.0
"""Between the tries of an application that Entra refuses."""
PUT_OFF = "put-off"
"""What a message leaves a sign of when it is to come again: it did not do its work, and until it comes no other sign is due."""
LONGEST_DELAY = 300.0
"""Seconds that a busy outside is given at most before the next try, unless it asks for more itself."""


class Steps:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._course = Course(context)
        self._begin = BeginStep(context, self._course)
        self._read = ReadStep(context, self._course)
        self._plan = PlanStep(context, self._course)
        self._claim = ClaimStep(context, self._course)
        self._apply = ApplyStep(context, self._course)
        self._finish = FinishStep(context, self._course)

    async def begin(self, message: Begin) -> None:
        await self._handle(message, lambda: self._begin(message))

    async def read(self, message: Read) -> None:
        await self._handle(message, lambda: self._read(message))

    async def plan(self, message: Plan) -> None:
        await self._handle(message, lambda: self._plan(message))

    async def claim(self, message: Claim) -> None:
        await self._handle(message, lambda: self._claim(message))

    async def apply(self, message: Apply) -> None:
        await self._handle(message, lambda: self._apply(message))

    async def finish(self, message: Finish) -> None:
        await self._handle(message, lambda: self._finish(message))

    async def poisoned(self, message: Message) -> None:
        """A message that failed as often as the host tries: its run fails, with the reason (a finish is sent again by `watch`)."""
        step = message.queue.removeprefix("sync-")
        try:
            await self._course.check_lock(message.directory_key, message.run, preview=message.preview)
            await self._course.end(message.run, State.FAILED, f"the step {step} failed again and again; its error is in the log")
        except (Superseded, NotFound) as past:
            log.info("poisoned message of %s dropped: %s", message.run, past)

    async def watch(self) -> None:
        """Sends again what a run waits for that has shown no sign of life for 3 minutes; after 5 times the run fails."""
        taken = [*(await self._context.locks.taken()).items(), *(await self._context.previews.taken()).items()]
        for directory_key, lock in taken:
            try:
                await self._watch(await self._context.runs.get(lock.run))
            except NotFound:
                log.exception("the lock of %s names a run that is not there", directory_key)

    async def _handle(self, message: Message, step: Callable[[], Awaitable[None]]) -> None:
        what, delay = f"{message.queue.removeprefix('sync-')}-{message.piece}-{message.tries}", 0.0
        error: SyncError | None = None
        with tally() as requests, trail(counting=message.diagnostics) as asked:
            try:
                await step()
            except (Superseded, NotFound) as past:
                log.info("message of run %s dropped: %s", message.run, past)
                return
            except Transient as busy:
                delay = await self._put_off(busy.rest if isinstance(busy, Further) else message, busy)
                what, error = f"{PUT_OFF}-{what}", busy
            except Reauthorize as refusal:
                delay = await self._ask_again(message, refusal)
                what, error = f"{PUT_OFF}-{what}", refusal
            except BrokenRow as broken:
                if isinstance(message, Finish):  # it has ended but for this: the host tries again, then `watch`
                    raise
                log.exception("run %s fails", message.run)
                await self._course.end(message.run, State.FAILED, f"{broken}: put this row right, or delete it; then run the sync again")
            except SyncError as fault:
                log.warning("run %s fails: %s", message.run, fault)
                await self._course.end(message.run, State.FAILED, str(fault))
                error = fault
        if asked.asked and (message.diagnostics or (error is not None and not delay)):
            await self._report(message.run, what, asked, error)
        if not isinstance(message, Finish):
            alive_at = self._context.clock.now() + timedelta(seconds=delay)
            await self._context.staging.sign(message.run, what, Sign(alive_at, dict(requests)))

    async def _report(self, run: str, step: str, asked: Trail, error: SyncError | None) -> None:
        """Where a run fails it is told what Entra said, with diagnostics or without them."""
        words = without_addresses(str(error)) if error is not None else ""
        report = StepReport(at=self._context.clock.now(), step=step, asked=tuple(asked.asked), left_out=asked.left_out, error=words)
        await self._context.diagnostics.add(run, report)

    async def _ask_again(self, message: Message, refusal: Reauthorize) -> float:
        """Consent takes a while to be known everywhere: only a refusal that persists means that it is gone (B-130). Gives the delay."""
        if message.refusals == GRACE_TRIES:
            log.warning("run %s fails: %s", message.run, refusal)
            await self._course.end(message.run, State.FAILED, str(refusal), refused=True)
            return 0
        again = message.model_copy(update={"refusals": message.refusals + 1})
        return await self._put_off(again, Transient(str(refusal), retry_after=GRACE_SECONDS))

    async def _put_off(self, message: Message, busy: Transient) -> float:
        """Sends the message again for later, and is done: a step neither sleeps nor throws because somebody is busy. Gives the delay."""
        tries = message.tries + 1
        if tries > MOST_TRIES:
            await self._course.end(message.run, State.FAILED, f"gave up after {MOST_TRIES} tries: {busy}")
            return 0
        delay = max(busy.retry_after, min(2.0 ** min(message.tries, 10), LONGEST_DELAY) if message.tries else 0.0)
        log.info("run %s: %s; again in %.1f s", message.run, busy, delay)
        await self._course.send(message.model_copy(update={"tries": tries}), delay)
        return delay

    async def _watch(self, run: Run) -> None:
        now = self._context.clock.now()
        signs = await self._context.staging.signs(run.run)
        alive = max([run.queued_at, *(sign.at for sign in signs.values())])
        if now - max(alive, run.resent_at or alive) < STALLED:
            return
        resends = run.resends if run.resent_at is not None and run.resent_at >= alive else 0
        if resends >= RESENDS and run.phase not in (Phase.FINISH, Phase.ENDED):
            reason = f"no sign of life since {alive:%Y-%m-%d %H:%M:%S} UTC, although its step was sent again {RESENDS} times"
            await self._course.end(run.run, State.FAILED, reason)
            return
        await self._resend(run, resends + 1, now)

    async def _resend(self, run: Run, resends: int, now: datetime) -> None:
        def counted(before: Run) -> Run | None:
            return replace(before, resends=resends, resent_at=now) if before.resent_at == run.resent_at else None

        after = await self._context.runs.change(run.run, counted)
        if after.resent_at == now:
            log.warning("run %s stalled in %s: sent again, time %d", run.run, run.phase, resends)
            await self._course.dispatch(after)
