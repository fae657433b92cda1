"""Whether a user may authenticate, and why not: by its own status, a lockout, and the statuses of its groups (B-152..B-157, B-159)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.users import Status, User


class Effective(StrEnum):
    """What a user's own status comes to."""

    ACTIVE = "active"
    BYPASS = "bypass"
    DISABLED = "disabled"
    LOCKED_OUT = "locked out"
    PENDING_DELETION = "pending deletion"


@dataclass(frozen=True, slots=True)
class Access:
    status: Effective
    reason: str
    """In words, for a person."""

    @property
    def may_authenticate(self) -> bool:
        return self.status in MAY_AUTHENTICATE


MAY_AUTHENTICATE = frozenset({Effective.ACTIVE, Effective.BYPASS})


def access(user: User, groups: Iterable[tuple[Group, str]]) -> Access:
    """What the user may do. `groups` are its groups, each with the name by which a person knows it.

    The first that applies: in Trash; locked out; disabled itself; disabled by a group, whatever its own status (B-157); bypass of its own;
    bypass by a group (B-152).
    """
    groups = list(groups)
    if user.status is Status.PURGING:
        return Access(Effective.PENDING_DELETION, "it is being deleted for good")
    if user.status is Status.PENDING_DELETION:
        return Access(Effective.PENDING_DELETION, "it is in Trash, and will be deleted unless a sync finds it again")
    if user.lockout_reason:
        return Access(Effective.LOCKED_OUT, f"it is locked out: {user.lockout_reason}")
    if user.status is Status.DISABLED:
        return Access(Effective.DISABLED, "it is disabled")
    if disabling := _named(groups, GroupStatus.DISABLED):
        return Access(Effective.DISABLED, f"it is disabled by {disabling}")
    if user.status is Status.BYPASS:
        return Access(Effective.BYPASS, "it needs no second factor")
    if bypassing := _named(groups, GroupStatus.BYPASS):
        return Access(Effective.BYPASS, f"it needs no second factor, by {bypassing}")
    return Access(Effective.ACTIVE, "it is active")


def _named(groups: Iterable[tuple[Group, str]], status: GroupStatus) -> str:
    """Those of the groups that have this status, as a person would list them; "" for none."""
    names = sorted(name for group, name in groups if group.status is status)
    return f"the group{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""
