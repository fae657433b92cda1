"""Who writes in the directory: a full run, or an individual sync beside it. Both claim and apply by the same code."""

from dataclasses import dataclass
from datetime import datetime

from sync_core.runs.record import Run


@dataclass(frozen=True, slots=True)
class Hand:
    directory_key: str
    mark: str
    """What its claims carry: a run's reference code, or the mark of an edit (`planning/claims.py`)."""
    read_at: datetime
    fence: int | None = None
    """A run's; an individual sync has none: each of its writes is by ETag."""


def hand_of(run: Run) -> Hand:
    return Hand(run.directory_key, run.run, run.read_at or run.queued_at, run.fence)
