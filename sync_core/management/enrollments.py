"""Users who are made and asked to enroll in one call (E-16). The link goes out by mail; the portal behind it is not part of this."""

from datetime import timedelta

import msgspec

from sync_core.clock import Clock
from sync_core.directory.admins import checked_email
from sync_core.directory.edits import UserEdit
from sync_core.directory.enrollments import DEFAULT_SECONDS, Enrollment
from sync_core.directory.events import Happening
from sync_core.directory.lookups import email_key
from sync_core.directory.mail import enrollment_mail
from sync_core.directory.users import User
from sync_core.links import LinkKind, Links
from sync_core.management.journal import Journal
from sync_core.management.naming import NameInUse
from sync_core.management.users import Users
from sync_core.storage.enrollments import EnrollmentRows
from sync_core.storage.outbox import OutboxRows


class NewEnrollment(msgspec.Struct, frozen=True, kw_only=True):
    username: str
    email: str
    seconds: int = DEFAULT_SECONDS
    """Until the link expires; 0: never."""


class Enrollments:
    def __init__(self, users: Users, rows: EnrollmentRows, outbox: OutboxRows, links: Links, journal: Journal, clock: Clock) -> None:
        self._users = users
        self._rows = rows
        self._outbox = outbox
        self._links = links
        self._journal = journal
        self._clock = clock

    async def enroll(self, new: NewEnrollment, *, by: str) -> str:
        """The enrollment code. Asked again, or by whom the answer was lost, for a user of this name and address that has no device: the
        code that there is, and no second mail.

        Raises Rejected, naming the field, NameInUse for anybody else's name, and Misconfigured when a link would lead nowhere.
        """
        self._links.check()
        user = await self._user(new, by)
        enrollment = await self._pending(user, new, by)
        await self._outbox.add([enrollment_mail(enrollment)])
        return self._links.token(LinkKind.ENROLLMENT, user.user_id, enrollment.generation)

    async def _user(self, new: NewEnrollment, by: str) -> User:
        email = checked_email(new.email)
        try:
            return (await self._users.create(UserEdit(username=new.username, email=email), by=by)).user
        except NameInUse:
            stored = await self._users.find(new.username)
            if stored is None or stored.user.has_device or email_key(stored.user.email) != email_key(email):
                raise
            return stored.user

    async def _pending(self, user: User, new: NewEnrollment, by: str) -> Enrollment:
        now = self._clock.now()
        there, etag = await self._rows.read(user.user_id) or (None, "")
        if there is not None and not there.is_over(now):
            return there
        enrollment = Enrollment(
            user_id=user.user_id,
            generation=there.generation + 1 if there is not None else 1,
            email=user.email,
            username=user.username,
            created_at=now,
            expires_at=now + timedelta(seconds=new.seconds) if new.seconds else None,
        )
        async with self._journal.about(by, Happening.SEND_ENROLL_CODE, user.username, user.user_id, {"email": user.email}):
            await self._rows.put(enrollment, etag)
        return enrollment
