"""What the brake holds of a sync, as its runs find it and leave it (D-12).

A set stands from the end of the run that held it until a later run ends without the brake or holds another set. A run that was started
to make the changes of a set carries its name: nothing else remembers an approval, so one whose run dies may be given again.
"""

from collections.abc import Iterable

from sync_core.directory.events import Event, Happening
from sync_core.directory.mail import SYNC_CONTACTS, Mail, MailKind
from sync_core.directory.texts import listed
from sync_core.planning.brake import Braking, HeldChange, Item, Overrun, Since, compared
from sync_core.planning.held import HeldSet
from sync_core.runs.context import Context
from sync_core.runs.course import settings_of
from sync_core.runs.record import Run, State
from sync_core.storage import log_sources
from sync_core.storage.changes import Verdict

MOST_TOLD = 5
_WELL = frozenset({State.COMPLETED, State.WARNINGS})


async def approval_stands(context: Context, run: Run) -> bool:
    """Whether the run is the one that its approval was given for last: it is not when another has used it meanwhile."""
    held = await context.holds.get(run.directory_key)
    return held is not None and held.approved_run == run.run and not held.discarded_by


async def approved_items(context: Context, run: Run) -> frozenset[Item]:
    """What this run may do although it is over a limit."""
    if run.approval is None:
        return frozenset()
    held = await context.changes.all_held(run.approval.run, run.approval.plan)
    return frozenset(item for change in held if change.since is not Since.GONE for item in change.items)


async def compared_with_before(context: Context, run: Run, braking: Braking) -> list[HeldChange]:
    """What is held, and what is held no more, told from the set that stands."""
    if not braking.held:
        return []
    before = await context.holds.get(run.directory_key)
    earlier = await context.changes.all_held(before.run, before.plan) if before is not None else []
    return compared(braking.held, earlier)


async def settle_held(context: Context, run: Run, verdict: Verdict, outcome: State) -> None:
    """What stands after the run. Repeated, it ends the same; mail goes to the contacts once a set."""
    if not verdict.held:
        if outcome in _WELL:
            await context.holds.change(run.directory_key, lambda _: None)
        return
    now = context.clock.now()

    def after(before: HeldSet | None) -> HeldSet:
        if before is not None and before.run == run.run:
            return before
        first_run = before.first_run if before is not None and before.digest == verdict.digest else run.run
        return HeldSet(
            digest=verdict.digest,
            run=run.run,
            plan=verdict.plan,
            first_run=first_run,
            held_at=now,
            overruns=verdict.overruns,
            users=verdict.held,
            new=verdict.new,
            gone=verdict.gone,
        )

    held = await context.holds.change(run.directory_key, after)
    if held is not None and held.first_run == run.run:
        await context.log.add(*log_sources.held(run.run), [_event(run, held)])
        await context.outbox.add([_mail(run, held)])


def told(verdict: Verdict) -> str:
    """Why the brake holds something, in words; "" when it holds nothing."""
    return f"held by the brake: {_words(verdict.overruns)}" if verdict.held else ""


def _words(overruns: Iterable[Overrun]) -> str:
    """Five at most: a reason is read by people, and every group may lose too many."""
    return listed([overrun.detail for overrun in overruns], MOST_TOLD, "; ")


def _event(run: Run, held: HeldSet) -> Event:
    told = {"Users": str(held.users), "Digest": held.digest, "Reason": _words(held.overruns)}
    name = settings_of(run).name
    return Event(
        at=held.held_at,
        action=Happening.SYNC_HOLD,
        actor=run.actor,
        object=name,
        object_id=run.directory_key,
        run=run.run,
        description=told,
    )


def _mail(run: Run, held: HeldSet) -> Mail:
    about = {
        "sync": settings_of(run).name,
        "directory_key": run.directory_key,
        "users": str(held.users),
        "reason": _words(held.overruns),
        "digest": held.digest,
    }
    return Mail(
        mail_id=f"{run.run}-held", kind=MailKind.SYNC_HELD, to_roles=SYNC_CONTACTS, about=about, run=run.run, created_at=held.held_at
    )
