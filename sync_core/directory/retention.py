"""How long a user stays in Trash (B-159..B-164, D-27)."""

from datetime import datetime, timedelta

from sync_core.directory.users import Status, User


def due(trashed_at: datetime, days: int) -> datetime:
    """The target deletion date (B-161): to the second, so many days after the user went to Trash; never before (B-163, D-27)."""
    return trashed_at + timedelta(days=days)


def is_due(user: User, days: int, now: datetime) -> bool:
    """Whether the user may be deleted for good now: still in Trash, and its own date has come."""
    return user.status is Status.PENDING_DELETION and user.trashed_at is not None and due(user.trashed_at, days) <= now
