"""What a run has read: the selected groups, the users found in them, and how that compares with what is stored."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from sync_core.directory.attributes import Mapped, Mapping, apply_mapping, mapper
from sync_core.entra.port import Presence, SourceUser


class Outcome(StrEnum):
    READ = "read"
    UNREAD = "unread"
    """Could not be read whole: its absentees prove nothing (D-10)."""
    GONE = "gone"
    """Entra no longer has it (404)."""


DELETED_MEANWHILE = "it was deleted while the run read"
"""Why a group is gone whose pages had come."""


@dataclass(frozen=True, slots=True)
class GroupReading:
    object_id: str
    group_id: str
    name: str
    outcome: Outcome
    detail: str = ""


class Indexed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One row of a sync's Objects: what it last knew of an object. `mask` has a bit for each of the run's groups."""

    object_id: str
    user_id: str
    fingerprint: str
    trashed: bool
    mask: int
    etag: str


@dataclass(frozen=True, slots=True)
class Population:
    """Whom the sync holds before a run: what the limits of the brake are shares of (D-12)."""

    users: int = 0
    members: dict[str, int] = field(default_factory=dict[str, int])
    """By group id."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A user of the source that may need a change: new, differing from its fingerprint, or to be put right."""

    user: SourceUser
    mapped: Mapped
    mask: int
    fingerprint: str
    indexed: Indexed | None


@dataclass(slots=True)
class Reading:
    groups: tuple[GroupReading, ...]
    mapping: Mapping
    users: dict[str, SourceUser] = field(default_factory=dict[str, SourceUser])
    masks: dict[str, int] = field(default_factory=dict[str, int])
    kept: dict[str, Outcome | None] = field(default_factory=dict[str, Outcome | None])
    """Absentees that stay, by object id: GONE when for a gone group's sake, None when Entra still calls them members."""
    user_ids: dict[str, str] = field(default_factory=dict[str, str])
    """User id by object id, of every object that the index knows and the source has."""
    put_right: frozenset[str] = frozenset()
    """Ids of objects whose rows a dead run may have left behind."""

    def add(self, group: int, users: Iterable[SourceUser]) -> None:
        """Members of `self.groups[group]`. A user seen again keeps the newest values."""
        bit, masks = 1 << group, self.masks
        members = {user.object_id: user for user in users}
        self.users.update(members)
        for object_id in members:
            masks[object_id] = masks.get(object_id, 0) | bit

    @property
    def unread(self) -> bool:
        return any(group.outcome is Outcome.UNREAD for group in self.groups)

    @property
    def lasting_mask(self) -> int:
        """The groups whose stored memberships stay although nobody listed them: all while any is unread, else the gone ones (D-10)."""
        if self.unread:
            return (1 << len(self.groups)) - 1
        return sum(1 << n for n, group in enumerate(self.groups) if group.outcome is Outcome.GONE)

    def username(self, object_id: str) -> str:
        """As the mapping gives it."""
        return apply_mapping(self.mapping, self.users[object_id].values).username

    def confirm(self, absent: Iterable[Indexed], presences: dict[str, Presence]) -> list[Indexed]:
        """Takes back those whom Entra, asked by id, still has in a selected group, or who are known by a gone one (D-11).

        Returns the others: proved to be gone or in no selected group.
        """
        bits = {group.object_id: 1 << n for n, group in enumerate(self.groups)}
        lasting = self.lasting_mask
        leavers: list[Indexed] = []
        for indexed in absent:
            presence = presences[indexed.object_id]
            listed = sum(bits[group] for group in presence.groups if group in bits)
            if presence.user is None or not (listed or indexed.mask & lasting):
                leavers.append(indexed)
                continue
            self.users[indexed.object_id] = presence.user
            self.masks[indexed.object_id] = listed
            self.kept[indexed.object_id] = None if listed else Outcome.GONE
        return leavers


class Comparison:
    """Finds what differs between a reading and the stored index, page by page of the index, holding only what differs."""

    def __init__(self, reading: Reading, put_right: frozenset[str]) -> None:
        self._reading = reading
        self._put_right = reading.put_right = put_right
        self._lasting = reading.lasting_mask
        self._key = hashlib.blake2b(msgspec.msgpack.encode(reading.mapping), digest_size=16).digest()
        self._apply = mapper(reading.mapping)
        self._group_bytes: dict[int, bytes] = {}
        self._seen: set[str] = set()
        self.absent: list[Indexed] = []
        self.candidates: list[Candidate] = []
        self.unchanged = 0
        self._held = Counter[int]()
        """How many live users of the index have each mask."""

    def take(self, page: Sequence[Indexed]) -> None:
        self._held.update(indexed.mask for indexed in page if not indexed.trashed)
        self._take(page)

    def population(self, bits: dict[str, int]) -> Population:
        """Of the whole index. `bits` by group id are those of its masks."""
        members = {group: sum(users for mask, users in self._held.items() if mask & bit) for group, bit in bits.items()}
        return Population(self._held.total(), members)

    def _take(self, page: Iterable[Indexed]) -> None:
        users, masks = self._reading.users, self._reading.masks
        for indexed in page:
            user = users.get(indexed.object_id)
            if user is None:
                if not indexed.trashed or indexed.object_id in self._put_right:
                    self.absent.append(indexed)
                continue
            self._seen.add(indexed.object_id)
            self._reading.user_ids[indexed.object_id] = indexed.user_id
            self._compare(user, masks[user.object_id] | (indexed.mask & self._lasting), indexed)

    def take_back(self, kept: Iterable[Indexed]) -> None:
        """Absentees that `Reading.confirm` kept."""
        self.absent = []
        self._take(kept)

    def finish(self) -> None:
        """The index is read: whoever it did not know is new."""
        for object_id, user in self._reading.users.items():
            if object_id not in self._seen:
                self._compare(user, self._reading.masks[object_id], None)

    def _compare(self, user: SourceUser, mask: int, indexed: Indexed | None) -> None:
        fingerprint = self._fingerprint(user, mask)
        put_right = user.object_id in self._put_right
        if indexed is not None and indexed.fingerprint == fingerprint and not indexed.trashed and not put_right:
            self.unchanged += 1
            return
        mapped = self._apply(user.values)
        self.candidates.append(Candidate(user, mapped, mask, fingerprint, indexed))

    def _fingerprint(self, user: SourceUser, mask: int) -> str:
        groups = self._group_bytes.get(mask)
        if groups is None:
            groups = self._group_bytes[mask] = " ".join(group_ids(self._reading.groups, mask)).encode()
        content = msgspec.msgpack.encode((user.values, user.enabled))
        return hashlib.blake2b(groups + content, digest_size=12, key=self._key).hexdigest()


def group_ids(groups: tuple[GroupReading, ...], mask: int) -> tuple[str, ...]:
    """The ids, here, of the groups whose bits are set; sorted."""
    return tuple(sorted(group.group_id for n, group in enumerate(groups) if mask >> n & 1))
