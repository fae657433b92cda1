"""Mail to send, before anybody knows how: what it is about and for whom."""

from datetime import datetime
from enum import StrEnum

import msgspec

from sync_core.directory.admins import Activation, Admin
from sync_core.directory.enrollments import Enrollment
from sync_core.directory.roles import Role

SYNC_CONTACTS = (Role.OWNER, Role.ADMINISTRATOR, Role.USER_MANAGER)
"""Who is told of a user sync's failures (B-122)."""


class MailKind(StrEnum):
    SYNC_FAILING = "sync failing"
    """B-121. `about`: sync, directory_key, days, since, reason."""
    SYNC_PAUSED = "sync paused after failing"
    """B-123, as above."""
    SYNC_HELD = "sync held by the brake"
    """D-12. `about`: sync, directory_key, users, reason, digest."""
    REAUTHORIZE = "action required: reauthorize"
    """B-130. `about`: sync, directory_key, reason."""
    ADMIN_ACTIVATION = "administrator activation"
    """B-216, E-15. `about`: owner, generation, of which the link is made anew (D-29). One whose owner has another link by then, or none, is
    not sent."""
    ENROLLMENT = "enrollment"
    """B-081, E-16, as above; `about` names the username too."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One letter. Its id is made of what it tells of, so that telling it again is the same letter."""

    mail_id: str
    kind: MailKind
    to_roles: tuple[Role, ...] = ()
    """Active admins of these roles, looked up when it is sent."""
    to_address: str = ""
    about: dict[str, str]
    """What its subject and text name, by parameter."""
    run: str = ""
    """The reference code of the run that it tells of (B-126)."""
    created_at: datetime
    released: bool = True
    """Whether it may be sent: mail that tells of what a run does waits until that run has done it."""


def activation_mail(person: Admin | Activation) -> Mail:
    """With the link that the administrator, present or to be, has now. Raises ValueError for one that has none."""
    if person.link is None:
        raise ValueError("there is no link to mail")
    owner = person.admin_id if isinstance(person, Admin) else person.activation_id
    return _of_link(MailKind.ADMIN_ACTIVATION, owner, person.link.generation, person.email, person.link.created_at, {})


def enrollment_mail(enrollment: Enrollment) -> Mail:
    names = {"username": enrollment.username}
    return _of_link(MailKind.ENROLLMENT, enrollment.user_id, enrollment.generation, enrollment.email, enrollment.created_at, names)


def _of_link(kind: MailKind, owner: str, generation: int, address: str, at: datetime, names: dict[str, str]) -> Mail:
    about = {"owner": owner, "generation": str(generation), **names}
    return Mail(mail_id=f"link-{owner}-{generation}", kind=kind, to_address=address, about=about, created_at=at)
