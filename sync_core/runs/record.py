"""A run: one full sync from its start to its end, under one reference code (D-21)."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from sync_core.directory.syncs import Sync


class State(StrEnum):
    QUEUED = "queued"
    READING = "reading"
    PLANNING = "planning"
    APPLYING = "applying"
    FINISHING = "finishing"
    COMPLETED = "completed"
    WARNINGS = "completed with warnings"
    INCOMPLETE = "incomplete"
    HELD = "held"
    """The brake held changes back; the others are applied (D-12)."""
    PREVIEWED = "previewed"
    EXPIRED = "expired"
    """A preview whose lists are gone (D-13)."""
    CANCELLED = "cancelled"
    FAILED = "failed"


ENDED = frozenset(
    {
        State.COMPLETED, State.WARNINGS, State.INCOMPLETE, State.HELD, State.PREVIEWED, State.EXPIRED, State.CANCELLED, State.FAILED,
    }
)  # fmt: skip


class RunKind(StrEnum):
    FULL = "full"
    PREVIEW = "preview"
    """The same run stopped after planning, under a lock of its own; it writes nothing in the directory (D-13)."""
    INDIVIDUAL = "individual"
    """Of up to 50 users, inside the call that asks for it; it has no lock, and runs beside a full run (B-110, D-15)."""


INDIVIDUAL_LASTS = timedelta(minutes=10)
"""No individual sync takes longer: its claims count as alive for so long."""
WORKER_LIFE = timedelta(minutes=10)
"""functionTimeout in host.json: no message is worked on for longer."""
KEPT = timedelta(hours=24)
"""How long a preview is there after its end (D-13), and what a run held may be approved (D-12)."""


class Phase(StrEnum):
    """The step whose messages are out. Phases move forward only, but for planning again after a claim was lost."""

    BEGIN = "begin"
    READ = "read"
    PLAN = "plan"
    CLAIM = "claim"
    APPLY = "apply"
    FINISH = "finish"
    ENDED = "ended"


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """What was held and may be done by one run: the set of this digest, as listed with another run's plan (D-12)."""

    run: str
    plan: str
    digest: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One row, changed by ETag only. What parallel steps report stands in rows of their own (marks)."""

    run: str
    directory_key: str
    fence: int
    actor: str
    queued_at: datetime
    slot: datetime | None = None
    """Of the schedule, the one that it was started for; None when somebody asked for it."""
    kind: RunKind = RunKind.FULL
    approval: Approval | None = None
    diagnostics: bool = False
    """Whether what it asks of Entra, and whom it finds unchanged, is kept for a report (B-180)."""
    relink: bool = False
    """Whether it finds users of the sync's former tenant again by their usernames (D-08)."""
    state: State = State.QUEUED
    phase: Phase = Phase.BEGIN
    moved_by: str = ""
    """Random: tells who moved it to this phase from others who were about to, with the same words otherwise."""
    sync: Sync | None = None
    """The settings that this run goes by, fixed by its begin step (D-17)."""
    read_at: datetime | None = None
    """When its reading counts as made: before its first request to Graph (D-16)."""
    plan_attempt: int = 1
    slices: int = 0
    """How many slices of changes the plan made; chains of them are applied in parallel."""
    chains: tuple[str, ...] = ()
    outcome: State | None = None
    """How it will end, once that is settled before its last step."""
    reason: str = ""
    refused: bool = False
    """Failed because Entra refuses this application: somebody has to consent again (B-130)."""
    wrote: bool = False
    """Whether anything may have been written in the directory: claims had begun."""
    resends: int = 0
    """How often its present step was sent again, because it had shown no sign of life."""
    resent_at: datetime | None = None
    ended_at: datetime | None = None
    counts: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    requests: dict[str, int] = msgspec.field(default_factory=dict[str, int])


def as_it_stands(run: Run, now: datetime) -> Run:
    """An individual sync ends with its call: one that did not is dead, and nobody else will write its end."""
    if run.kind is not RunKind.INDIVIDUAL or run.phase is Phase.ENDED or run.queued_at + INDIVIDUAL_LASTS > now:
        return run
    reason = "the process that made it ended before it did; what it left is put right by the next full sync"
    return msgspec.structs.replace(run, phase=Phase.ENDED, state=State.FAILED, outcome=State.FAILED, reason=reason)


def may_write(past: Run, now: datetime) -> bool:
    """Whether a worker may still be writing for a run that is over; an individual sync that died was ended by nobody."""
    if past.kind is RunKind.INDIVIDUAL:
        return (past.ended_at or past.queued_at) + INDIVIDUAL_LASTS > now
    return past.ended_at is None or past.ended_at + WORKER_LIFE > now


class Progress(msgspec.Struct, frozen=True):
    """How far the present step is: `done` of `total` of its own units (groups, then slices of changes)."""

    step: str
    done: int
    total: int
