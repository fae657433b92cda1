"""A user sent to Trash by hand, and brought back (B-159, B-165, D-17)."""

from datetime import datetime

from msgspec.structs import replace

from sync_core.directory.locks import Syncs
from sync_core.directory.users import A_WEEK, Status, User
from sync_core.errors import Rejected


def trashed(user: User, now: datetime, days: int) -> User:
    """The record in Trash for so many days, with all its names, groups and devices. Whether it may go there is asked in `locks.py`."""
    return replace(user, status=Status.PENDING_DELETION, trashed_at=now, trash_days=days, sessions_valid_after=now)


def restored(user: User, syncs: Syncs) -> User:
    """The record as it comes back. Raises Rejected for one that is not in Trash, that a sync brings back, or whose name is
    another's by now.
    """
    if user.status is not Status.PENDING_DELETION:
        raise Rejected(f"{user.username} is not in Trash" if not user.in_trash else f"{user.user_id} is being deleted for good")
    known = sorted(sync.name for key in user.known_as if (sync := syncs.get(key)) is not None and sync.deleted_at is None)
    if known:
        raise Rejected(
            f'{user.last_username} was managed by the sync "{known[0]}": only that brings it back, once it is in one of its groups again'
        )
    if not user.username:
        raise Rejected(f"{user.former_username} is the name of another user by now: {user.user_id} cannot come back")
    return replace(user, status=Status.ACTIVE, trashed_at=None, trash_days=A_WEEK)
