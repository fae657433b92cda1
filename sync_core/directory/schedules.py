"""When a sync runs by itself: every so many minutes from a phase of its own (B-100, E-02, D-26).

The slots of a sync are the moments `phase` seconds after each whole interval since 1970: they depend on nothing that was done before, so
that late, early, doubled and missed ticks of a timer move none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sync_core.errors import Rejected
from sync_core.ids import RandomBits

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class SyncKind(StrEnum):
    """Whom a sync brings here (B-002)."""

    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Pace:
    """Minutes between scheduled runs."""

    default: int
    least: int


PACES: Mapping[SyncKind, Pace] = {
    SyncKind.USER: Pace(default=12 * 60, least=30),  # B-003, B-100
    SyncKind.ADMIN: Pace(default=30, least=10),  # B-003, B-218
}
MOST_MINUTES = 7 * 24 * 60
DEFAULT_INTERVALS: Mapping[SyncKind, int] = {kind: pace.default for kind, pace in PACES.items()}
"""Where a deployment has no others (D-26)."""


def check_interval(kind: SyncKind, minutes: int) -> None:
    """Raises Rejected for less than a sync of this kind takes well, and for more than a week, between scheduled runs."""
    if not PACES[kind].least <= minutes <= MOST_MINUTES:
        raise Rejected(f"the interval of a {kind} sync is {PACES[kind].least} to {MOST_MINUTES} minutes", field="interval")


def new_phase(random_bits: RandomBits) -> int:
    """Random seconds, chosen once when a sync is created; good for every interval, for only the rest of the division counts."""
    return random_bits(32)


def next_slot(after: datetime, interval: int, phase: int) -> datetime:
    """The first slot later than `after`, for an interval in minutes. Slots missed meanwhile are left out: they do not pile up."""
    every = interval * 60
    since = (after - EPOCH) // _SECOND - phase
    return EPOCH + timedelta(seconds=(since // every + 1) * every + phase)
