"""When a sync runs by itself: every so many minutes from a phase of its own (B-100, E-02, D-26).

The slots of a sync are the moments `phase` seconds after each whole interval since 1970: they depend on nothing that was done before, so
that late, early, doubled and missed ticks of a timer move none of them.
"""

from datetime import UTC, datetime, timedelta

from sync_core.ids import RandomBits

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def new_phase(random_bits: RandomBits) -> int:
    """Random seconds, chosen once when a sync is created; good for every interval, for only the rest of the division counts."""
    return random_bits(32)


def next_slot(after: datetime, interval: int, phase: int) -> datetime:
    """The first slot later than `after`, for an interval in minutes. Slots missed meanwhile are left out: they do not pile up."""
    every = interval * 60
    since = (after - EPOCH) // _SECOND - phase
    return EPOCH + timedelta(seconds=(since // every + 1) * every + phase)
