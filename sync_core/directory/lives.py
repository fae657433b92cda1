"""What a sync goes through beside its settings: pauses, its next run, its streak of failures (B-100..B-132, D-28).

A row of its own: nothing here touches the version of the settings, so nothing here stops a run (D-17).
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from sync_core.directory.schedules import next_slot
from sync_core.directory.syncs import Sync

CONNECTED = "Connected"
REAUTHORIZATION_REQUIRED = "Could not connect to Entra ID: Reauthorization required"
"""B-028."""
FAILURE_DAYS = (3, 7, 14, 30)
"""B-121; a setting (D-26)."""
NO_GROUPS_SELECTED = "no groups selected"
"""B-035."""


class Pause(StrEnum):
    """Why a sync does not run by itself."""

    BY_HAND = "paused by an administrator"
    NO_GROUPS = "no groups are selected"
    FAILING = "it kept failing"
    """B-123."""
    REAUTHORIZATION = "Entra ID refuses this application: reauthorization is required"
    """B-130."""
    MOVED = "its connection moved to another tenant"
    """D-08."""


class Life(msgspec.Struct, frozen=True, kw_only=True):
    directory_key: str
    phase: int = 0
    """Seconds; see schedules.py."""
    next_at: datetime | None = None
    """The slot of the next scheduled run; of no meaning while paused. None: it has no schedule yet."""
    paused_at: datetime | None = None
    paused_because: Pause | None = None
    paused_by: str = ""
    """Whoever paused it by hand."""
    needs_authorization: bool = False
    wrote: bool = False
    """A full run has begun to write: the source of usernames is fixed (B-043)."""
    succeeded_at: datetime | None = None
    """When the last full run that did well ended."""
    failing_since: datetime | None = None
    """The slot of the streak's first failed scheduled run, moved on by the time that the sync was paused since (D-28)."""
    failures: int = 0
    """Failed scheduled runs of the streak."""
    reported: tuple[int, ...] = ()
    """Days of this streak that were told of: each once (B-124)."""
    judged: str = ""
    """The run that this shows last."""

    @property
    def paused(self) -> bool:
        return self.paused_at is not None


def paused(life: Life, because: Pause, now: datetime, by: str = "") -> Life:
    """Paused before: since then, and why by the newest reason, unless an administrator only repeats it."""
    if life.paused and because is Pause.BY_HAND:
        return life
    return replace(life, paused_at=life.paused_at or now, paused_because=because, paused_by=by)


def resumed(life: Life, interval: int, now: datetime) -> Life:
    """Runs at the next slot after now. The time of the pause is no time of failing; a streak that had run its course is begun anew."""
    if life.paused_at is None:
        return life
    going = replace(
        life, paused_at=None, paused_because=None, paused_by="", needs_authorization=False, next_at=next_slot(now, interval, life.phase)
    )
    if life.failing_since is None:
        return going
    if life.paused_because is Pause.FAILING:
        return streak_ended(going)
    return replace(going, failing_since=life.failing_since + (now - life.paused_at))


def streak_ended(life: Life) -> Life:
    return replace(life, failing_since=None, failures=0, reported=())


def failed(life: Life, slot: datetime, days: tuple[int, ...], now: datetime) -> tuple[Life, int]:
    """The streak with one more scheduled run that failed, the one of `slot`; and the days to tell of, 0 for none (B-121, D-28).

    `days` rise; with the last the sync is paused (B-123). Several that have come at once, after a time without any run, are told
    of as the longest.
    """
    since = life.failing_since or slot
    until = slot if life.paused_at is None else min(slot, life.paused_at)
    due = [day for day in days if day not in life.reported and until - since >= timedelta(days=day)]
    after = replace(life, failing_since=since, failures=life.failures + 1, reported=(*life.reported, *due))
    if not due:
        return after, 0
    return (paused(after, Pause.FAILING, now) if due[-1] == days[-1] else after), due[-1]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A sync's life as people see it (B-028, B-106)."""

    schedule: str
    """"active" or "paused"."""
    paused_because: str
    paused_by: str
    paused_at: datetime | None
    next_run_at: datetime | None
    last_full_sync_at: datetime | None
    connection_status: str
    alert: str
    """What somebody has to do something about; "" for nothing."""
    failing_since: datetime | None
    failures: int


def standing(sync: Sync, life: Life) -> Standing:
    return Standing(
        schedule="paused" if life.paused else "active",
        paused_because=life.paused_because or "",
        paused_by=life.paused_by,
        paused_at=life.paused_at,
        next_run_at=None if life.paused else life.next_at,
        last_full_sync_at=life.succeeded_at,
        connection_status=REAUTHORIZATION_REQUIRED if life.needs_authorization else CONNECTED,
        alert=_alert(sync, life),
        failing_since=life.failing_since,
        failures=life.failures,
    )


def _alert(sync: Sync, life: Life) -> str:
    if life.needs_authorization:
        return REAUTHORIZATION_REQUIRED
    if not sync.groups:
        return NO_GROUPS_SELECTED
    if sync.moved_from:
        return "the connection moved to another tenant: preview the sync, and accept the preview"
    return f"scheduled runs have failed since {life.failing_since:%Y-%m-%d %H:%M} UTC" if life.failing_since else ""
