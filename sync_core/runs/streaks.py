"""What the end of a full run means for its sync: a success, one more failure of a streak, or a pause with mail (B-121..B-131, D-28).

Under the run's lock, before that is freed. The letters and the log come first, under ids made of the run: whoever dies between
them and the life, and does it again, writes the same ones.
"""

from contextlib import suppress

from msgspec.structs import replace

from sync_core.directory.events import SYSTEM, Event, Happening
from sync_core.directory.lives import Life, Pause, failed, paused, streak_ended
from sync_core.directory.mail import SYNC_CONTACTS, Mail, MailKind
from sync_core.directory.roles import Role
from sync_core.errors import Conflict
from sync_core.runs.context import Context
from sync_core.runs.record import Run, RunKind, State
from sync_core.storage import log_sources

_WELL = frozenset({State.COMPLETED, State.WARNINGS})
_BADLY = frozenset({State.FAILED, State.INCOMPLETE})


async def judge(context: Context, run: Run) -> None:
    """Done once a run, and repeated without a trace. Previews are nobody's life."""
    if run.kind is not RunKind.FULL:
        return
    if run.state in _WELL and run.relink:
        await _linked(context, run.directory_key)
    while True:
        life, etag = await context.lives.read(run.directory_key)
        if life.judged == run.run:
            return
        days = _told_of(context, run, life)
        if days or (run.refused and not life.needs_authorization):
            await context.outbox.add([await _mail(context, run, life, days)])
        after = _judged(context, run, life)
        if after.paused_because is not life.paused_because:
            await context.log.add(*log_sources.paused(run.run), [_pause(context, run, after)])
        with suppress(Conflict):
            await context.lives.write(after, etag)
            return


async def _linked(context: Context, directory_key: str) -> None:
    """Users were found again by name, or are not there: from now on a name that comes back is somebody else's (D-08)."""
    while (stored := await context.syncs.read(directory_key)) is not None and stored.sync.relink:
        linked = replace(stored.sync, relink=False, version=stored.sync.version + 1)
        with suppress(Conflict):
            await context.syncs.replace(linked, stored.etag)


def _judged(context: Context, run: Run, life: Life) -> Life:
    life = replace(life, judged=run.run, wrote=life.wrote or run.wrote)
    if run.state in _WELL:
        return streak_ended(replace(life, succeeded_at=run.ended_at, needs_authorization=False))
    if run.state is State.HELD:  # neither a success nor a failure; but Entra has answered
        return replace(life, needs_authorization=False)
    now = context.clock.now()
    if run.state in _BADLY and run.slot is not None:
        life, _ = failed(life, run.slot, _days(context, run), now)
    if run.refused:
        life = replace(paused(life, Pause.REAUTHORIZATION, now), needs_authorization=True)
    return life


def _pause(context: Context, run: Run, life: Life) -> Event:
    return Event(
        at=run.ended_at or context.clock.now(),
        action=Happening.SYNC_PAUSE,
        actor=SYSTEM,
        object=run.sync.name if run.sync is not None else "",
        object_id=run.directory_key,
        run=run.run,
        description={"Reason": life.paused_because or ""},
    )


def _told_of(context: Context, run: Run, life: Life) -> int:
    """Days of failing that this run's failure makes something to tell of; 0 for none."""
    if run.state not in _BADLY or run.slot is None:
        return 0
    return failed(life, run.slot, _days(context, run), context.clock.now())[1]


def _days(context: Context, run: Run) -> tuple[int, ...]:
    """Whoever has to consent again is told of that alone; the days of failing wait for a failure of another kind."""
    return () if run.refused else context.failure_days


async def _mail(context: Context, run: Run, life: Life, days: int) -> Mail:
    sync = run.sync or await context.syncs.get(run.directory_key)
    about = {"sync": sync.name if sync else "", "directory_key": run.directory_key, "reason": run.reason}
    if run.refused:
        kind, roles = MailKind.REAUTHORIZE, (Role.OWNER,)
    else:
        kind = MailKind.SYNC_PAUSED if days == context.failure_days[-1] else MailKind.SYNC_FAILING
        roles = SYNC_CONTACTS
        about |= {"days": str(days), "since": f"{life.failing_since or run.slot:%Y-%m-%d %H:%M} UTC"}
    now = context.clock.now()
    return Mail(mail_id=f"{run.run}-{days}", kind=kind, to_roles=roles, about=about, run=run.run, created_at=run.ended_at or now)
