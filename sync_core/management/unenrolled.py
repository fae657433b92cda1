"""Enrollment mail switched on for a sync that has users already: they are counted, and somebody says yes once (D-32)."""

from sync_core.directory.syncs import Sync
from sync_core.directory.users import Status, User
from sync_core.errors import Rejected
from sync_core.storage.users import UserRows


class Unconfirmed(Rejected):
    """`users` of the sync would be sent a link with its next run."""

    def __init__(self, users: int) -> None:
        who = "1 user of this sync has" if users == 1 else f"{users} users of this sync have"
        super().__init__(
            f"{who} no device and would be sent an enrollment link: repeat with confirm: true to switch enrollment mail on", field="confirm"
        )
        self.users = users


async def check_enrollment(before: Sync, after: Sync, users: UserRows, *, confirmed: bool) -> None:
    """Raises Unconfirmed where mail is being switched on, unconfirmed, and somebody would get some. Only then all users are read."""
    if confirmed or before.enrollment_mail or not after.enrollment_mail:
        return

    def waits(user: User) -> bool:  # B-082
        return user.status is Status.ACTIVE and bool(user.email) and not user.has_device and after.directory_key in user.held_by

    if waiting := await users.count(waits):
        raise Unconfirmed(waiting)
