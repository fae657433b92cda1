"""Mail to send, before anybody knows how: what it is about and for whom."""

from datetime import datetime
from enum import StrEnum

import msgspec

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
