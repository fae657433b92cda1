"""The directory and its syncs as plain dicts, and the steps of a run over them: read, plan, claim, apply.

What the steps do here with dicts is what they do with tables in a run; the plan between them is the product's own.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched

from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.brake import MOST, Brake
from sync_core.directory.names import digest
from sync_core.directory.retention import is_due
from sync_core.directory.users import Status, User
from sync_core.planning.brake import Item, braked_plan
from sync_core.planning.changes import Change, Kind, Repair
from sync_core.planning.claims import Claim, holder, wanted_names
from sync_core.planning.identity import Stored
from sync_core.planning.reading import Comparison, GroupReading, Indexed, Outcome, Reading
from sync_core.planning.settle import Writer, live_holds, same, settle
from tests.planning.planned import Planned
from tests.planning.source import SALES, STAFF, SourceModel

STEPS = 4
"""Of writing a change: the record, its member rows, the names it gives up, its row in the index."""

type Order = Callable[[Sequence[Change]], Iterable[Change]]

LIMITLESS = Brake(removals=MOST, group_losses=MOST, renames=MOST)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 3
"""Rows of a page of the index: small, so that most plans see several."""


def etag_of(object_id: str) -> str:
    """Of its row in the index."""
    return f"etag of {object_id}"


def as_planned(changes: Sequence[Change]) -> Iterable[Change]:
    return changes


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sync's Objects."""

    user_id: str
    fingerprint: str = ""
    trashed: bool = False
    groups: tuple[str, ...] = ()


NO_ROW = Row("")


@dataclass(slots=True)
class DirectoryModel:
    records: dict[str, User] = field(default_factory=dict[str, User])
    claims: dict[str, Claim] = field(default_factory=dict[str, Claim])
    members: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    syncs: dict[str, "SyncModel"] = field(default_factory=dict[str, "SyncModel"])
    deleted: set[str] = field(default_factory=set[str])
    """Directory keys of syncs that were deleted."""
    disabled_groups: set[str] = field(default_factory=set[str])
    now: datetime = BEGAN
    _ids: int = 0

    def new_user_id(self) -> str:
        self._ids += 1
        return f"DU{self._ids:03d}"

    def tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def connect(self, key: str, source: SourceModel, *groups: str, mapping: Mapping | None = None) -> "SyncModel":
        """A sync of these groups; of staff and sales if none is named."""
        for group in groups or (STAFF, SALES):
            source.groups.setdefault(group, set())
        self.syncs[key] = SyncModel(
            self, key, source, {group: f"{key}:{group}" for group in groups or (STAFF, SALES)}, mapping or Mapping()
        )
        return self.syncs[key]

    def existing(self) -> frozenset[str]:
        return frozenset(self.syncs) - self.deleted

    def delete_sync(self, key: str) -> None:
        """A tombstone; those whom another sync holds too are written anew by that (D-17)."""
        self.deleted.add(key)
        for other in self.syncs.values():
            for object_id, row in other.objects.items():
                if key in self.records[row.user_id].held_by:
                    other.objects[object_id] = Row(row.user_id, "", row.trashed, row.groups)

    def night(self, days: int = 0) -> None:
        """Some days pass, then everybody who has been in Trash for a week is deleted for good, with all rows that name it (D-27)."""
        self.now += timedelta(days=days)
        for user in list(self.records.values()):
            if is_due(user, self.now):
                self._purge(user)

    def _purge(self, user: User) -> None:
        for key in user.name_digests:
            if self.claims[key].owner == user.user_id:
                del self.claims[key]
        for row in self.members.values():
            row.discard(user.user_id)
        for key, object_id in user.objects:
            if self.syncs[key].objects.get(object_id, NO_ROW).user_id == user.user_id:
                del self.syncs[key].objects[object_id]
        del self.records[user.user_id]

    def by_hand(self, username: str, *groups: str, status: Status = Status.ACTIVE, **aliases: str) -> User:
        """A user that no sync manages. Aliases as alias1="..."."""
        user_id = self.new_user_id()
        given = {name.removeprefix("alias"): value for name, value in aliases.items()}
        self.records[user_id] = User(user_id=user_id, username=username, aliases=given, status=status, groups=tuple(sorted(groups)))
        for key, name in self.records[user_id].name_digests.items():
            self.claims[key] = Claim(name, user_id, "")
        for group in groups:
            self.members.setdefault(group, set()).add(user_id)
        return self.records[user_id]

    def edit(self, user: User, **changes: object) -> None:
        """What an administrator does to a record in ways that touch no name."""
        self.records[user.user_id] = replace(self.records[user.user_id], **changes)

    def named(self, name: str) -> User | None:
        """Who holds the name, as readers find it."""
        user_id = holder(self.claims.get(digest(name)), digest(name), self.records)
        return self.records[user_id] if user_id else None


@dataclass(slots=True)
class SyncModel:
    directory: DirectoryModel
    key: str
    source: SourceModel
    selected: dict[str, str]
    """Group id here by object id there."""
    mapping: Mapping
    limits: Brake = LIMITLESS
    confirmed: dict[str, str] = field(default_factory=dict[str, str])
    """User id by object id of the takeovers that somebody confirmed."""
    objects: dict[str, Row] = field(default_factory=dict[str, Row])
    unsettled: set[str] = field(default_factory=set[str])
    """Objects in the changes of a run that did not end."""
    claimed: set[str] = field(default_factory=set[str])
    """Digests of the names that such a run had claimed or given up."""
    selections: int = 0

    @property
    def state(self) -> tuple[object, ...]:
        """All that a run may have changed."""
        return self.objects, self.directory.records, self.directory.claims, self.directory.members

    def select(self, group: str) -> None:
        """Selected again it is another group here (D-20)."""
        self.source.groups.setdefault(group, set())
        self.selections += 1
        self.selected[group] = f"{self.key}:{group}:{self.selections}"

    def user(self, object_id: str) -> User:
        return self.directory.records[self.objects[object_id].user_id]

    def run(self, order: Order = as_planned) -> Planned:
        planned = self.plan()
        self.apply(planned, order)
        return planned

    # Plan

    def read(self) -> Reading:
        groups = tuple(GroupReading(group, group_id, group, self._outcome(group)) for group, group_id in self.selected.items())
        reading = Reading(groups, self.mapping)
        for number, group in enumerate(groups):
            if group.outcome is Outcome.READ:
                reading.add(number, self.source.members(group.object_id, self.mapping.sources))
        return reading

    def plan(self, approved: frozenset[Item] = frozenset()) -> Planned:
        read_at, reading = self.directory.tick(), self.read()
        writer = Writer(self.key, self.source.tenant_id, read_at, self.directory.tick(), self.directory.existing())
        comparison = Comparison(reading, frozenset(self.unsettled))
        for page in batched(self._index(), PAGE, strict=False):
            comparison.take(page)
        leavers: list[Indexed] = []
        gone: set[str] = set()
        if not reading.unread:
            absent = comparison.absent
            presences = self.source.presences((indexed.object_id for indexed in absent), self.mapping.sources)
            leavers = reading.confirm(absent, presences)
            gone = {object_id for object_id, presence in presences.items() if presence.user is None}
            left = {leaver.object_id for leaver in leavers}
            comparison.take_back([indexed for indexed in absent if indexed.object_id not in left])
        comparison.finish()
        stored = self._stored(comparison, leavers)
        made, braking = braked_plan(
            reading,
            comparison.candidates,
            leavers,
            stored,
            writer,
            new_user_id=self.directory.new_user_id,
            gone=frozenset(gone),
            limits=self.limits,
            population=comparison.population(self._bits()),
            approved=approved,
        )
        return Planned(made, writer, reading, leavers, braking)

    def _outcome(self, group: str) -> Outcome:
        if group not in self.source.groups:
            return Outcome.GONE
        return Outcome.UNREAD if group in self.source.unread_groups else Outcome.READ

    def _bits(self) -> dict[str, int]:
        """Of the groups selected, and after them of those that are not any more."""
        kept = (group for row in self.objects.values() for group in row.groups)
        return {group_id: 1 << number for number, group_id in enumerate(dict.fromkeys((*self.selected.values(), *kept)))}

    def _index(self) -> list[Indexed]:
        bits = self._bits()
        return [
            Indexed(
                object_id, row.user_id, row.fingerprint, row.trashed, sum(bits.get(group, 0) for group in row.groups), etag_of(object_id)
            )
            for object_id, row in self.objects.items()
        ]

    def _stored(self, comparison: Comparison, leavers: list[Indexed]) -> Stored:
        """No more than a plan may ask for: what it uses beyond that is missing here."""
        directory = self.directory
        wanted = {key for candidate in comparison.candidates for key in wanted_names(candidate.mapped)} | self.claimed
        claims = {key: directory.claims[key] for key in wanted if key in directory.claims}
        elsewhere = self._elsewhere()
        users = {candidate.indexed.user_id for candidate in comparison.candidates if candidate.indexed is not None}
        users |= {leaver.user_id for leaver in leavers} | set(elsewhere.values())
        users |= {user_id for claim in claims.values() for user_id in (claim.owner, claim.was)}
        records = {user_id: directory.records[user_id] for user_id in users if user_id in directory.records}
        return Stored(
            records,
            claims,
            elsewhere,
            group_names={group_id: group for group, group_id in self.selected.items()},
            confirmed=self.confirmed,
            disabled_groups=frozenset(self.directory.disabled_groups),
        )

    def _elsewhere(self) -> dict[str, str]:
        """Of the objects that are unknown here or whose user never came to be."""
        known = {object_id for object_id, row in self.objects.items() if row.user_id in self.directory.records}
        others = (
            sync
            for sync in self.directory.syncs.values()
            if sync is not self and sync.source.tenant_id == self.source.tenant_id and sync.key not in self.directory.deleted
        )
        return {object_id: row.user_id for sync in others for object_id, row in sync.objects.items() if object_id not in known}

    # Claim and apply

    def apply(self, planned: Planned, order: Order = as_planned) -> None:
        changes = list(order(planned.plan.changes))
        assert len({change.user_id for change in changes}) == len(changes), "a user's record is written by one change"
        for change in changes:
            self.claim(change)
        for change in changes:
            self.write(change, planned.writer)
        for repair in planned.plan.repairs:
            self._repair(repair)
        if not planned.reading.unread:
            self.unsettled.clear()
            self.claimed.clear()

    def die(self, planned: Planned, changes: Sequence[Change], claims: int, writes: int, steps: int) -> None:
        """Makes the first so many claims; if that is all, the first so many writes, of which the last ends after so many steps."""
        for change in changes[:claims]:
            self.claim(change)
        written = changes[:writes] if claims >= len(changes) else ()
        for number, change in enumerate(written, 1):
            self.write(change, planned.writer, steps if number == len(written) else STEPS)
        self.unsettled |= {change.object_id for change in changes}
        self.claimed |= {key for change in changes for key in (*(move.digest for move in change.moves), *change.frees)}

    def claim(self, change: Change) -> None:
        directory = self.directory
        if change.kind is Kind.WRITE:
            if change.repoint:
                self.objects[change.object_id] = Row(change.user_id)
            assert self.objects.setdefault(change.object_id, Row(change.user_id)).user_id == change.user_id
        for move in change.moves:
            seen = directory.claims.get(move.digest)
            assert (seen.owner if seen is not None else "") in (move.seen, change.user_id)
            directory.claims[move.digest] = Claim(move.name, change.user_id, move.holder)

    def write(self, change: Change, writer: Writer, steps: int = STEPS) -> None:
        before = self.directory.records.get(change.user_id)
        after = settle(before, change, writer)
        if after is not None:
            if before is not None and not same(before, replace(after, held_by=before.held_by)):
                self._empty_others(after)
            self.directory.records[change.user_id] = after
        if steps > 1 and after is not None:
            self._member_rows(change, after)
        if steps > 2 and after is not None:
            self._free_names(change, after)
        if steps > 3 and (after is None or after.read_at is None or after.read_at <= writer.read_at):
            self._index_row(change, after)

    def _free_names(self, change: Change, after: User) -> None:
        for key in change.frees:
            claim = self.directory.claims.get(key)
            if claim is not None and claim.owner == change.user_id and key not in after.name_digests:
                del self.directory.claims[key]

    def _empty_others(self, after: User) -> None:
        for key, hold in live_holds(after, self.directory.existing()).items():
            if key != self.key and hold.object_id in self.directory.syncs[key].objects:
                row = self.directory.syncs[key].objects[hold.object_id]
                self.directory.syncs[key].objects[hold.object_id] = Row(row.user_id, "", row.trashed, row.groups)

    def _member_rows(self, change: Change, after: User) -> None:
        """The record decides who is in which group; the change says which rows may have to follow."""
        for group in (*change.enters, *change.leaves):
            row = self.directory.members.setdefault(group, set())
            (row.add if group in after.groups else row.discard)(change.user_id)

    def _index_row(self, change: Change, after: User | None) -> None:
        if change.object_id not in self.objects:
            return
        hold = after.held_by.get(self.key) if after is not None else None
        if hold is not None and hold.object_id != change.object_id:
            hold = None
        if after is None or (hold is None and not after.in_trash):
            del self.objects[change.object_id]
            return
        fingerprint = change.desired.fingerprint if hold is not None and change.desired is not None else ""
        groups = hold.groups if hold is not None else ()
        self.objects[change.object_id] = Row(change.user_id, fingerprint, after.in_trash, groups)

    def _repair(self, repair: Repair) -> None:
        claim = self.directory.claims[repair.digest]
        assert claim.owner == repair.owner
        if repair.holder:
            self.directory.claims[repair.digest] = Claim(claim.name, repair.holder, "")
        else:
            del self.directory.claims[repair.digest]
