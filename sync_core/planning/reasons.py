"""Why a user of the source is left out of a run, in words. One value: preview, run, explanation and panel show the same."""

from enum import StrEnum

import msgspec


class Reason(StrEnum):
    EMPTY_USERNAME = "the username attribute is empty"  # E-03, D-04
    SHARED_NAME = "a username or alias belongs to several users of the source"  # B-013, D-04
    NAME_IN_USE = "a username or alias is in use by another user here"  # D-04
    HOLDER_SKIPPED = "a name it would take over stays with a user that is skipped itself"  # D-04
    DISABLED_HERE = "taking this user over would enable somebody who is disabled here"  # D-05
    PURGING = "the user is being deleted for good; it comes back as a new one at the next run"  # D-27
    STILL_A_MEMBER = "missing from the groups as listed, but Entra still calls it a member: kept"  # D-11
    HELD = "held back by the brake until somebody approves it"  # D-12
    NEEDS_HELD = "needs a change that the brake holds back"  # D-12
    PHONE_UNREAD = "a phone number cannot be read: it is kept out, and everything else is imported"  # B-074, B-075
    LAST_DEVICE = "the phone's number is gone from the source, but nothing else of the user is activated: kept"  # D-23
    GROUP_GONE = "known only through a group that Entra no longer has: kept"  # D-10


WARNINGS = frozenset(Reason) - {Reason.STILL_A_MEMBER}
"""Those that make a run end with warnings. A lagging index mends itself."""


class Skip(msgspec.Struct, frozen=True, kw_only=True):
    object_id: str
    user_id: str
    """"" when it has no user here."""
    username: str
    """As the source spells it."""
    reason: Reason
    detail: str
    shared: str = ""
    """The name, as compared, that it shares with others of the source (B-013)."""
    takes: str = ""
    """The user that it would take over, once an admin confirms that (D-05); "" where there is nothing to confirm."""
