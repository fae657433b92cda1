"""A decision about one user, as data: what a run stores, applies and shows."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from sync_core.directory.attributes import Mapped
from sync_core.directory.lookups import Pointer
from sync_core.directory.phones import Listed


class Kind(StrEnum):
    """What is asked of the record; what that comes to is in `actions`."""

    WRITE = "write"
    """Make the record say what the source says."""
    LEAVE = "leave"
    """The user is in none of the sync's groups any more: to other syncs that hold it, else to Trash (B-159, B-160)."""
    DISABLE = "disable"
    """Safety for a skipped user: disabled in Entra, everything else stays (D-04)."""
    KEEP = "keep"
    """Nothing new for a skipped user; the rows that a dead run may have left behind are put right by its record."""
    YIELD = "yield"
    """A user in Trash gives up a name that somebody else takes (D-07)."""


class Action(StrEnum):
    CREATE = "create"
    TAKEOVER = "takeover"
    JOIN = "join"
    RESTORE = "restore"
    RENAME = "rename"
    ENABLE = "enable"
    DISABLE = "disable"
    UPDATE = "update"
    GROUPS = "groups"
    LEAVE = "leave"
    TRASH = "trash"


class Desired(msgspec.Struct, frozen=True, array_like=True, gc=False):
    mapped: Mapped
    enabled: bool
    groups: tuple[str, ...]
    """Ids of this sync's groups that the user shall be in, sorted."""
    fingerprint: str
    phones: tuple[Listed, ...] = ()
    """One for each slot that is imported; none at all leaves the phones alone (B-070, B-076)."""


class NameMove(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A claim to make: the row of `name` goes from `seen` (its owner when planned, "" where there was no row) to the user.

    Not where somebody has claimed it since, also for that owner anew: then `run`, who had claimed it when planned, is another.
    """

    digest: str
    name: str
    seen: str
    holder: str
    """Whom readers believe to hold the name until the user's record lists it; "" for nobody."""
    run: str = ""


class Field(msgspec.Struct, frozen=True, array_like=True, gc=False):
    name: str
    before: str
    after: str


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    kind: Kind
    user_id: str
    object_id: str = ""
    username: str = ""
    """As a person knows the user: the new name where there is one."""
    actions: tuple[Action, ...] = ()
    reason: str = ""
    fields: tuple[Field, ...] = ()
    """What differs, of a user that there is; a new one's fields are all in `desired`."""
    desired: Desired | None = None
    moves: tuple[NameMove, ...] = ()
    yields: tuple[str, ...] = ()
    """Digests of names that others take from this user."""
    frees: tuple[str, ...] = ()
    """Digests of names that it gives up and nobody takes."""
    drops: tuple[str, ...] = ()
    """Digests of names that it was found to give up besides, when it was written: an edit had given them after this was planned."""
    enters: tuple[str, ...] = ()
    """Ids of groups whose member rows shall list the user: those that are new to it, or all of them when its rows are to be put right."""
    leaves: tuple[str, ...] = ()
    """Ids of groups whose member rows shall not list it any more."""
    gains: tuple[Pointer, ...] = ()
    """What shall point to the record from now on, or all that shall when its rows are to be put right; of a new user it is in `desired`."""
    loses: tuple[Pointer, ...] = ()
    """What shall not point to it any more."""
    was_indexed: bool = False
    etag: str = ""
    """Of its row in Objects when planned."""
    repoint: bool = False
    """Its row in Objects names a user that no record agrees with; a claim of it is made anew, of this user."""

    @property
    def needs_claim(self) -> bool:
        return bool(self.moves) or self.repoint or (self.kind is Kind.WRITE and not self.was_indexed)

    @property
    def takes_names(self) -> bool:
        """Whether it takes a name from another user, or gives one to it: begun, such a transfer is finished (D-14)."""
        return bool(self.yields) or any(move.holder not in ("", self.user_id) for move in self.moves)


@dataclass(frozen=True, slots=True)
class Held:
    """What the brake holds of one object: its changes, exactly, and in words (D-12)."""

    actions: frozenset[str]
    detail: str


@dataclass(frozen=True, slots=True)
class Repair:
    """A claim that a dead run left: the row of `digest` goes from `owner` to `holder`, or away for ""."""

    digest: str
    owner: str
    holder: str
