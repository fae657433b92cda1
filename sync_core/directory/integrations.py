"""Integration keys: by them programs sign their calls, and each call acts as its key (D-34)."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

import msgspec

from sync_core.directory.roles import Action, Role, is_above, may


class Grant(StrEnum):
    """What a key may do on the Admin API. Its role says what it may on `/api/v1`."""

    READ_RESOURCE = "read resource"
    WRITE_RESOURCE = "write resource"
    ADMINISTRATORS = "administrators"
    READ_INFORMATION = "read information"
    READ_LOG = "read log"
    SETTINGS = "settings"


_NEEDS = {
    Grant.READ_RESOURCE: Action.READ,
    Grant.WRITE_RESOURCE: Action.MANAGE_USERS,
    Grant.ADMINISTRATORS: Action.MANAGE_DEPLOYMENT,
    Grant.READ_INFORMATION: Action.READ,
    Grant.READ_LOG: Action.READ,
    Grant.SETTINGS: Action.MANAGE_DEPLOYMENT,
}
"""What the creator of a key with this grant must be allowed to do itself."""


class Integration(msgspec.Struct, frozen=True, kw_only=True):
    ikey: str
    name: str
    role: Role
    grants: tuple[Grant, ...] = ()
    """In the order of `Grant`."""
    sealed_secret: bytes
    """Its secret, sealed by the box of `secrets.py` with the ikey as associated data."""
    created_at: datetime
    created_by: str = ""
    rotated_at: datetime | None = None
    """When its secret was last replaced."""


def beyond(creator: Role, role: Role, grants: Collection[Grant]) -> str:
    """What of a key with this role and these grants its creator may not give, in words; "" when it may give all (D-34).

    Roles are no ladder: an Application Manager stands above a User Manager and yet may not manage users, so it makes no key that may.
    """
    if is_above(role, creator):
        return f"the role {role}, which is above {creator}"
    if more := [action for action in Action if may(role, action) and not may(creator, action)]:
        return f"the role {role}, which may {more[0]}: {creator} may not"
    for grant in grants:
        if not may(creator, _NEEDS[grant]):
            return f'the grant "{grant}", which needs a role that may {_NEEDS[grant]}: {creator} may not'
    return ""
