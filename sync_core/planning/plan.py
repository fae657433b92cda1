"""The plan of a run: a pure function from what was read and what is stored to changes and skips, each with its reason.

Planning again after the changes were applied plans nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from sync_core.directory.lookups import pointers
from sync_core.directory.users import Status, User
from sync_core.planning.changes import Action, Change, Desired, Held, Kind, Repair
from sync_core.planning.claims import shared_names, shared_with_others
from sync_core.planning.contention import contend
from sync_core.planning.describe import actions, fields
from sync_core.planning.handover import Handover
from sync_core.planning.identity import Match, Stored, is_its_user, match, strays, told_apart
from sync_core.planning.leftovers import claimed_in_vain, kept, put_right, without_record
from sync_core.planning.phones import read_phones, warnings
from sync_core.planning.reading import Candidate, Indexed, Outcome, Reading, group_ids
from sync_core.planning.reasons import Reason, Skip
from sync_core.planning.settle import Writer, settle

_CREATED = (Action.CREATE,)
_NOTHING_HELD: Mapping[str, Held] = {}


@dataclass(slots=True)
class Plan:
    changes: list[Change] = field(default_factory=list[Change])
    """In the order of user ids."""
    skips: list[Skip] = field(default_factory=list[Skip])
    repairs: list[Repair] = field(default_factory=list[Repair])
    strays: list[Indexed] = field(default_factory=list[Indexed])
    """Rows of gone objects whose users are other objects' now, and of objects left out that somebody claimed in vain: to be deleted, and
    nothing else."""


def plan(
    reading: Reading,
    candidates: list[Candidate],
    leavers: Iterable[Indexed],
    stored: Stored,
    writer: Writer,
    *,
    new_user_id: Callable[[], str],
    gone: frozenset[str] = frozenset(),
    held: Mapping[str, Held] = _NOTHING_HELD,
) -> Plan:
    """Decides for every candidate and every proved leaver; `gone` are the object ids of leavers that Entra has no more.

    Whoever is `held`, by object id, is skipped, and whoever needs what is held.

    Takes the candidates out of their list, so that what a user needs in memory on its way to a change is never held twice.
    """
    return _Planner(reading, stored, writer, leavers, held).plan(candidates, new_user_id, gone)


class _Planner:
    def __init__(self, reading: Reading, stored: Stored, writer: Writer, leavers: Iterable[Indexed], held: Mapping[str, Held]) -> None:
        self._reading, self._stored, self._writer, self._held = reading, stored, writer, held
        self._leavers = list(leavers)
        self._staying = [leaver for leaver in self._leavers if leaver.object_id in held]
        self._held_users = {leaver.user_id for leaver in self._staying}
        self._going: dict[str, Indexed] = {}
        for leaver in self._leavers:
            if leaver.object_id not in held and (leaver.user_id not in self._going or is_its_user(leaver, stored, writer)):
                self._going[leaver.user_id] = leaver
        self._shared = shared_with_others(reading, stored.shared) | shared_names(reading.mapping, reading.users.values())
        self._matches: dict[str, Match] = {}
        self._names = Handover(stored, writer, self._matches, self._going)
        self._skips: dict[str, Skip] = {}
        self._skipped: list[tuple[Candidate, str]] = []
        self._memberships: dict[int, tuple[tuple[str, ...], str]] = {}

    def plan(self, candidates: list[Candidate], new_user_id: Callable[[], str], gone: frozenset[str]) -> Plan:
        while candidates:
            self._consider(candidates.pop(), new_user_id)
        for loss in contend(self._matches, self._stored, self._names.yields_names, self._held_users):
            del self._matches[loss.match.user_id]
            self._skip(loss.match.candidate, loss.reason, loss.detail, loss.match.user_id if loss.match.before else "")
        wanted = {key: match.user_id for match in self._matches.values() for key, _ in match.wanted}
        given_up, repairs = self._names.given_up(wanted), self._names.repairs(wanted)
        staying = self._matches.keys() | self._held_users
        leaving = [leaver for user_id, leaver in self._going.items() if user_id not in staying]
        changes = [self._leave(leaver, gone, given_up.pop(leaver.user_id, ())) for leaver in leaving]
        changes += self._of_skipped(given_up)
        changes += self._of_staying()
        changes += [self._yield(user_id, digests) for user_id, digests in given_up.items()]
        while self._matches:
            changes.append(self._write(self._matches.popitem()[1], wanted))
        changes += put_right(self._stored, {change.user_id for change in changes})
        changes.sort(key=lambda change: change.user_id)
        self._tell_standing_skips()
        told = {leaver.object_id for leaver in (*leaving, *self._staying)}
        astray = strays(self._leavers, told, self._stored, self._writer)
        astray += claimed_in_vain((candidate for candidate, _ in self._skipped), self._stored, self._writer)
        return Plan(changes, list(self._skips.values()), repairs, astray)

    # Skips

    def _consider(self, candidate: Candidate, new_user_id: Callable[[], str]) -> None:
        known = candidate.indexed.user_id if candidate.indexed is not None else ""
        if not candidate.mapped.username:
            return self._skip(candidate, Reason.EMPTY_USERNAME, f"{self._reading.mapping.username} has no value", known)
        if candidate.user.object_id in self._shared:
            return self._skip(candidate, Reason.SHARED_NAME, _sharers(*self._shared[candidate.user.object_id]), known)
        found = match(candidate, self._stored, self._writer, new_user_id)
        if isinstance(found, Match):
            if candidate.user.object_id in self._held:
                self._held_users.add(found.user_id)
                return self._skip(candidate, Reason.HELD, self._held[candidate.user.object_id].detail, found.user_id)
            return self._add(found, new_user_id)
        return self._skip(candidate, found.reason, found.detail, found.user_id, found.takes)

    def _add(self, found: Match, new_user_id: Callable[[], str]) -> None:
        if (other := self._matches.get(found.user_id)) is not None:
            found, new = told_apart(found, other, self._writer, new_user_id)
            self._matches[new.user_id] = new
        self._matches[found.user_id] = found

    def _skip(self, candidate: Candidate, reason: Reason, detail: str, user_id: str, takes: str = "") -> None:
        user_id, object_id = user_id if user_id in self._stored.records else "", candidate.user.object_id
        self._skips[object_id] = Skip(
            object_id=object_id,
            user_id=user_id,
            username=candidate.mapped.username,
            reason=reason,
            detail=detail,
            shared=self._name_shared(object_id, reason),
            takes=takes,
        )
        self._skipped.append((candidate, user_id))

    def _tell_standing_skips(self) -> None:
        """Those for whom nothing would have changed: they share a name with somebody (B-013), or only just stay (D-10, D-11)."""
        for object_id, (name, others) in self._shared.items():
            self._tell(object_id, Reason.SHARED_NAME, _sharers(name, others))
        for object_id, why in self._reading.kept.items():
            reason = Reason.GROUP_GONE if why is Outcome.GONE else Reason.STILL_A_MEMBER
            self._tell(object_id, reason, "confirmed by its object id")

    def _tell(self, object_id: str, reason: Reason, detail: str) -> None:
        user_id, username = self._reading.user_ids.get(object_id, ""), self._reading.username(object_id)
        shared = self._name_shared(object_id, reason)
        skip = Skip(object_id=object_id, user_id=user_id, username=username, reason=reason, detail=detail, shared=shared)
        self._skips.setdefault(object_id, skip)

    def _name_shared(self, object_id: str, reason: Reason) -> str:
        return self._shared[object_id][0] if reason is Reason.SHARED_NAME else ""

    # Changes

    def _write(self, found: Match, wanted: dict[str, str]) -> Change:
        candidate, indexed, before = found.candidate, found.candidate.indexed, found.before
        groups, reason = self._membership(candidate.mask)
        listed = before.name_digests if before is not None else {}
        change = Change(
            kind=Kind.WRITE,
            user_id=found.user_id,
            object_id=found.object_id,
            username=candidate.mapped.username,
            reason=reason,
            desired=self._desired(found, groups),
            moves=self._names.moves(found),
            yields=tuple(key for key in listed if not found.lists(key) and key in wanted),
            frees=tuple(key for key in listed if not found.lists(key) and key not in wanted),
            was_indexed=indexed is not None,
            etag=indexed.etag if indexed is not None else "",
            repoint=found.repoint,
        )
        if before is None and indexed is None:
            change = replace(change, actions=_CREATED, enters=groups)
        else:
            change = self._described(change, before, indexed)
        self._tell_of_phones(change, before)
        return change

    def _tell_of_phones(self, change: Change, before: User | None) -> None:
        if change.desired is None or not change.desired.phones:
            return
        after = settle(before, change, self._writer) if before is not None else None
        phones, key = change.desired.phones, self._writer.directory_key
        for reason, detail in warnings(phones, after, self._reading.mapping, key):
            known = change.user_id if before is not None else ""
            skip = Skip(object_id=change.object_id, user_id=known, username=change.username, reason=reason, detail=detail)
            self._skips.setdefault(change.object_id, skip)

    def _desired(self, found: Match, groups: tuple[str, ...]) -> Desired:
        """While a group is unread no membership ends, not even in a group selected no more (D-10): the next whole run looks again."""
        candidate, before = found.candidate, found.before
        phones = read_phones(candidate.mapped, partial(self._writer.new_phone_id, found.user_id)) if candidate.mapped.phones else ()
        hold = before.held_by.get(self._writer.directory_key) if before is not None else None
        lasting = set(hold.groups).difference(groups) if hold is not None and self._reading.unread else None
        if lasting:
            return Desired(candidate.mapped, candidate.user.enabled, tuple(sorted(lasting.union(groups))), "", phones)
        return Desired(candidate.mapped, candidate.user.enabled, groups, candidate.fingerprint, phones)

    def _leave(self, leaver: Indexed, gone: frozenset[str], given_up: tuple[str, ...]) -> Change:
        record = self._stored.records.get(leaver.user_id)
        change = Change(
            kind=Kind.LEAVE,
            user_id=leaver.user_id,
            object_id=leaver.object_id,
            username=record.last_username if record is not None else "",
            reason="Entra has no such user any more" if leaver.object_id in gone else "in no selected group any more",
            yields=given_up,
            was_indexed=True,
            etag=leaver.etag,
        )
        return self._described(change, record, leaver)

    def _of_skipped(self, given_up: dict[str, tuple[str, ...]]) -> Iterator[Change]:
        """Skipping withholds names and attributes, never safety (D-04): of whom this sync holds, for nobody else writes (B-150)."""
        for candidate, user_id in self._skipped:
            before, indexed = self._stored.records.get(user_id), candidate.indexed
            if before is None or indexed is None:
                continue
            may = self._writer.directory_key in before.held_by and not self._is_held(indexed.object_id, Action.DISABLE)
            if may and not candidate.user.enabled and before.status is not Status.DISABLED:
                kind, reason = Kind.DISABLE, "disabled in Entra; everything else stays as it is, because the user is skipped"
            elif indexed.object_id in self._reading.put_right:
                kind, reason = Kind.KEEP, "stays as it is, because the user is skipped"
            else:
                continue
            change = Change(
                kind=kind,
                user_id=user_id,
                object_id=indexed.object_id,
                username=before.username,
                reason=reason,
                yields=given_up.pop(user_id, ()),
                was_indexed=True,
                etag=indexed.etag,
            )
            yield self._described(change, before, indexed)

    def _of_staying(self) -> Iterator[Change]:
        """Leavers that the brake holds are told; of what a dead run left of them, the rows are put right (D-12)."""
        for leaver in self._staying:
            record = self._stored.records.get(leaver.user_id)
            username, detail = record.username if record is not None else "", self._held[leaver.object_id].detail
            self._skips[leaver.object_id] = Skip(
                object_id=leaver.object_id, user_id=leaver.user_id, username=username, reason=Reason.HELD, detail=detail
            )
            if leaver.object_id in self._reading.put_right:
                yield self._described(kept(leaver, username, "stays as it is, because its removal is held"), record, leaver)

    def _is_held(self, object_id: str, action: Action) -> bool:
        return object_id in self._held and action in self._held[object_id].actions

    def _yield(self, user_id: str, digests: tuple[str, ...]) -> Change:
        before = self._stored.records[user_id]
        reason = "in Trash, and another user takes the name"
        change = Change(kind=Kind.YIELD, user_id=user_id, username=before.username, reason=reason, yields=digests)
        return self._described(change, before, None)

    def _described(self, change: Change, before: User | None, indexed: Indexed | None) -> Change:
        """The change with what it comes to, and the member rows that it concerns."""
        after = settle(before, change, self._writer)
        if after is None:
            return without_record(change, self._stored) if change.object_id in self._reading.put_right else change
        known = set(before.groups) if before is not None else set[str]()
        left, old, new = set(known), pointers(before), pointers(after)
        gains, loses = new - old, old - new
        if indexed is not None:
            left.update(group_ids(self._reading.groups, indexed.mask))
        if change.object_id in self._reading.put_right:
            left.update(group.group_id for group in self._reading.groups)
            left.update(self._stored.own_groups, self._stored.regrouped.get(change.user_id, ()))
            known.clear()
            gains, loses = new, old.union(self._stored.points.get(change.user_id, ())) - new
        key, existing = self._writer.directory_key, self._writer.existing
        return replace(
            change,
            actions=actions(before, after, key, existing) if after is not before else (),
            fields=fields(before, after, self._stored.group_names) if before is not None and after is not before else (),
            enters=tuple(group for group in after.groups if group not in known),
            leaves=tuple(sorted(left.difference(after.groups))),
            gains=tuple(sorted(gains)),
            loses=tuple(sorted(loses)),
        )

    def _membership(self, mask: int) -> tuple[tuple[str, ...], str]:
        """The ids of the groups, and what they are as a reason. Made once for all users in the same groups."""
        if mask not in self._memberships:
            groups = group_ids(self._reading.groups, mask)
            names = sorted(self._stored.group_names.get(group, group) for group in groups)
            self._memberships[mask] = groups, "member of " + ", ".join(names)
        return self._memberships[mask]


def _sharers(name: str, others: dict[str, str]) -> str:
    return f"{name} also belongs to " + ", ".join(f"{username} ({object_id})" for object_id, username in sorted(others.items()))
