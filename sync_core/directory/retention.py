"""How long a user stays in Trash (B-159..B-164, D-27)."""

from datetime import datetime, timedelta

from sync_core.directory.users import Status, User
from sync_core.errors import Rejected

LEAST_DAYS, MOST_DAYS = 1, 90
"""What the setting may say (D-26)."""


def due(trashed_at: datetime, days: int) -> datetime:
    """The target deletion date (B-161): to the second, so many days after the user went to Trash; never before (B-163, D-27)."""
    return trashed_at + timedelta(days=days)


def is_due(user: User, now: datetime) -> bool:
    """Whether the user may be deleted for good now: still in Trash, and its own date has come."""
    return user.status is Status.PENDING_DELETION and user.trashed_at is not None and due(user.trashed_at, user.trash_days) <= now


def check_trash_days(days: int) -> int:
    """Raises Rejected for days out of bounds."""
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise Rejected(f"users stay in Trash for {LEAST_DAYS} to {MOST_DAYS} days, not {days}", field="trash_days")
    return days
