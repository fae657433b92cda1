"""A user's record: one row that is the truth; every other row that names the user is a pointer to it.

Synced fields are written by the syncs in `held_by` and nobody else (B-150); a user that no existing sync holds is unmanaged.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from sync_core.directory import names
from sync_core.directory.bypass_codes import BypassCode
from sync_core.directory.phones import Phone

A_WEEK = 7
"""Days in Trash, where no setting says otherwise (B-163)."""


class Status(StrEnum):
    """The user's own status. What it may do also depends on its groups (B-157)."""

    ACTIVE = "active"
    BYPASS = "bypass"
    DISABLED = "disabled"
    PENDING_DELETION = "pending deletion"
    PURGING = "purging"
    """Being removed for good: no sync may restore it any more (D-27)."""


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What one sync knows of the user: the object it is in Entra, and what that sync last wrote."""

    tenant_id: str
    object_id: str
    groups: tuple[str, ...] = ()
    """Ids of that sync's groups, sorted."""
    fingerprint: str = ""


class User(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    user_id: str
    username: str
    realname: str = ""
    firstname: str = ""
    """With `lastname` known to the Admin API only; no sync writes them."""
    lastname: str = ""
    email: str = ""
    notes: str = ""
    aliases: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """By position, "1" to "8"; positions without a value are absent."""
    custom_attributes: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """Known to the Admin API only, as first and last names are; no sync writes them. Names without a value are absent."""
    status: Status = Status.ACTIVE
    groups: tuple[str, ...] = ()
    """Ids of all its groups, sorted."""
    phones: tuple[Phone, ...] = ()
    """In the order in which they came."""
    bypass_codes: tuple[BypassCode, ...] = ()
    held_by: dict[str, Hold] = msgspec.field(default_factory=dict[str, Hold])
    """By directory key."""
    known_as: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """Object id by directory key of syncs that know the user without holding it: that it left for Trash, or that were deleted."""
    read_at: datetime | None = None
    """When the reading was made that this record shows; the newer reading wins (D-16)."""
    created_at: datetime | None = None
    synced_at: datetime | None = None
    sessions_valid_after: datetime | None = None
    """Sessions begun before this moment are void: set when the user is disabled (B-154)."""
    lockout_reason: str = ""
    """Why it is locked out; "" when it is not."""
    trashed_at: datetime | None = None
    trash_days: int = A_WEEK
    """How long it stays there: what the setting said when it went (B-161, D-26)."""
    former_username: str = ""
    """The name it had when, in Trash, another user took it over (D-07)."""

    @property
    def last_username(self) -> str:
        """The username, or the one that another user took over in the meantime: what a person knows it by."""
        return self.username or self.former_username

    @property
    def name_digests(self) -> dict[str, str]:
        """The claims of this record: digest to spelling. One value repeated is one claim (D-03)."""
        return {names.digest(name): name for name in (*self.aliases.values(), self.username) if name}

    @property
    def objects(self) -> frozenset[tuple[str, str]]:
        """Directory key and object id of every row of Objects that names the user."""
        return frozenset({*self.known_as.items(), *((key, hold.object_id) for key, hold in self.held_by.items())})

    @property
    def has_device(self) -> bool:
        """Whether it has an activated device (B-078)."""
        return any(phone.activated for phone in self.phones)

    @property
    def in_trash(self) -> bool:
        return self.status in TRASHED


TRASHED = frozenset({Status.PENDING_DELETION, Status.PURGING})


def called(user: User | None, user_id: str) -> str:
    """A user as errors and reasons name it: by its name and its id; None for one whose record is about to be written."""
    return f"{user.last_username} ({user_id})" if user is not None else f"a user in the making ({user_id})"
