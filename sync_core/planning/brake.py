"""The brake: which changes of a plan are too many to be made unasked, and the plan without them (D-12).

What is held is named exactly, as object ids and what would be done to each: that is what a person approves, by its digest.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from sync_core.directory.brake import Brake
from sync_core.planning.changes import Action, Change
from sync_core.planning.identity import Stored
from sync_core.planning.leftovers import without_claims
from sync_core.planning.plan import Held, Plan, plan
from sync_core.planning.reading import Candidate, Indexed, Population, Reading
from sync_core.planning.settle import Writer

REMOVALS = frozenset({Action.TRASH, Action.LEAVE, Action.DISABLE})
_LEAVING = (Action.TRASH, Action.LEAVE)
_WORDS: dict[str, str] = {Action.TRASH: "go to Trash", Action.LEAVE: "leave this sync", Action.DISABLE: "be disabled"}
_LEAVE_GROUP = "leave group "
_RENAME = "rename to "

type Item = tuple[str, str]
"""An object id, and what would be done to it: an action, with what it leads to where that matters."""


class Class(StrEnum):
    REMOVALS = "removals and disables"
    GROUP_LOSSES = "group losses"
    RENAMES = "renames and takeovers"


class Overrun(msgspec.Struct, frozen=True, kw_only=True):
    """A class of changes that is over its limit."""

    what: Class
    count: int
    of: int
    """How many there are of what is counted: the sync's users, or the group's members."""
    group_id: str = ""
    detail: str


class Since(StrEnum):
    """How a held change compares with the set that was held before."""

    NEW = "new"
    STILL = "still held"
    GONE = "held no more"
    """It is in the set before only."""


class HeldChange(msgspec.Struct, frozen=True, kw_only=True):
    object_id: str
    user_id: str
    username: str
    """As it is known here today."""
    actions: tuple[str, ...]
    """What is held, exactly: the second halves of its items."""
    detail: str
    """The same in words."""
    since: Since = Since.NEW

    @property
    def items(self) -> Iterable[Item]:
        return ((self.object_id, action) for action in self.actions)

    @property
    def without_values(self) -> "HeldChange":
        """Without what tells of a person (D-35): ids stay, and it names nothing any more that could be approved."""
        actions = (Action.RENAME.value if action.startswith(_RENAME) else action for action in self.actions)
        return replace(self, username="", detail="", actions=tuple(actions))


@dataclass(frozen=True, slots=True)
class Braking:
    overruns: tuple[Overrun, ...] = ()
    held: tuple[HeldChange, ...] = ()
    """In the order of object ids."""
    digest: str = ""
    """Of all items; "" when nothing is held."""


NOTHING = Braking()


def braked_plan(
    reading: Reading,
    candidates: list[Candidate],
    leavers: list[Indexed],
    stored: Stored,
    writer: Writer,
    *,
    new_user_id: Callable[[], str],
    gone: frozenset[str],
    limits: Brake,
    population: Population,
    approved: frozenset[Item] = frozenset(),
) -> tuple[Plan, Braking]:
    """The plan of all changes that pass, and what is held. `approved` items pass whatever the limits; they count all the same.

    A sync that holds nobody yet is planned once and its candidates are not kept. Otherwise, where something is held, the plan is made
    again without it: whatever needs a held change, such as a name that it would free, is skipped by the rules that any skip has.
    """
    indexed = [candidate.indexed for candidate in candidates if candidate.indexed is not None]
    population = without_claims(population, (*indexed, *leavers), stored, writer)
    again = list(candidates) if population.users else []
    made = plan(reading, candidates, leavers, stored, writer, new_user_id=new_user_id, gone=gone)
    braking = brake(made.changes, stored, writer.directory_key, limits, population, approved)
    if not braking.held:
        return made, braking
    del made
    held = {change.object_id: Held(frozenset(change.actions), change.detail) for change in braking.held}
    return plan(reading, again, leavers, stored, writer, new_user_id=new_user_id, gone=gone, held=held), braking


def brake(
    changes: Iterable[Change], stored: Stored, key: str, limits: Brake, population: Population, approved: frozenset[Item] = frozenset()
) -> Braking:
    """What is held of the changes that the sync `key` would make."""
    if not population.users:
        return NOTHING
    tally = _Tally(stored, key)
    for change in changes:
        tally.count(change)
    overruns = tuple(_overruns(tally, limits, population, stored.group_names))
    over = frozenset((overrun.what, overrun.group_id) for overrun in overruns)
    named = ((change, tally.named(change, over)) for change in tally.changes) if over else ()
    held = [_held(change, actions, stored) for change, actions in named if any((change.object_id, a) not in approved for a in actions)]
    if not held:
        return Braking(overruns)
    held.sort(key=lambda change: change.object_id)
    return Braking(overruns, tuple(held), digest_of(item for change in held for item in change.items))


def compared(held: Iterable[HeldChange], earlier: Iterable[HeldChange]) -> list[HeldChange]:
    """What is held, each change told from those of the set before; and at the end those that are held no more."""
    known = {change.object_id: change for change in earlier if change.since is not Since.GONE}
    found: list[HeldChange] = []
    for change in held:
        before = known.pop(change.object_id, None)
        still = before is not None and set(change.actions) <= set(before.actions)
        found.append(replace(change, since=Since.STILL if still else Since.NEW))
    return found + [replace(change, since=Since.GONE) for change in known.values()]


def digest_of(items: Iterable[Item]) -> str:
    """Two sets of items are the same when their digests are."""
    hashed = hashlib.blake2b(digest_size=16)
    for object_id, action in sorted(items):
        hashed.update(msgspec.msgpack.encode((object_id, action)))
    return hashed.hexdigest()


@dataclass(slots=True)
class _Tally:
    """Counts the changes that any limit is about, and keeps them."""

    stored: Stored
    key: str
    changes: list[Change] = field(default_factory=list[Change])
    removals: int = 0
    renames: int = 0
    losses: Counter[str] = field(default_factory=Counter[str])
    """By group id."""

    def count(self, change: Change) -> None:
        lost = self._lost(change)
        removed = not REMOVALS.isdisjoint(change.actions)
        renamed = Action.RENAME in change.actions or Action.TAKEOVER in change.actions
        if lost or removed or renamed:
            self.changes.append(change)
            self.losses.update(lost)
            self.removals += removed
            self.renames += renamed

    def named(self, change: Change, over: frozenset[tuple[Class, str]]) -> tuple[str, ...]:
        """What the change would do of these classes, exactly."""
        found: list[str] = []
        leaving = [action.value for action in change.actions if action in _LEAVING]
        if (Class.REMOVALS, "") in over:
            found += leaving or [action.value for action in change.actions if action is Action.DISABLE]
        lost = [group for group in self._lost(change) if (Class.GROUP_LOSSES, group) in over]
        if lost:
            found += leaving or [_LEAVE_GROUP + group for group in lost]
        if (Class.RENAMES, "") in over:
            if Action.RENAME in change.actions:
                found.append(_RENAME + change.username)
            if Action.TAKEOVER in change.actions:
                found.append(f"take over {change.user_id}")
        return tuple(dict.fromkeys(found))

    def _lost(self, change: Change) -> tuple[str, ...]:
        """The sync's groups that the user is in and would not be in any more; Trash takes it out of them all (B-159)."""
        leaving = Action.TRASH in change.actions or Action.LEAVE in change.actions
        if not leaving and Action.GROUPS not in change.actions:
            return ()
        record = self.stored.records.get(change.user_id)
        hold = record.held_by.get(self.key) if record is not None else None
        if hold is None:
            return ()
        left = change.desired.groups if change.desired is not None and not leaving else ()
        return tuple(group for group in hold.groups if group not in left)


def _overruns(tally: _Tally, limits: Brake, population: Population, group_names: Mapping[str, str]) -> Iterable[Overrun]:
    users = population.users
    if tally.removals > limits.removals and (
        _over(tally.removals, users, limits.removals_percent) or tally.removals > limits.removals_most
    ):
        detail = (
            f"{tally.removals} of {users} users would be removed or disabled: over {limits.removals}, "
            f"and over {limits.removals_percent} % or {limits.removals_most}"
        )
        yield Overrun(what=Class.REMOVALS, count=tally.removals, of=users, detail=detail)
    for group, lost in sorted(tally.losses.items()):
        members = population.members.get(group, 0)
        if lost > limits.group_losses and _over(lost, members, limits.group_losses_percent):
            name = group_names.get(group, group)
            over = f"over {limits.group_losses}, and over {limits.group_losses_percent} %"
            detail = f"the group {name} would lose {lost} of {members} members: {over}"
            yield Overrun(what=Class.GROUP_LOSSES, count=lost, of=members, group_id=group, detail=detail)
    if tally.renames > limits.renames and _over(tally.renames, users, limits.renames_percent):
        over = f"over {limits.renames}, and over {limits.renames_percent} %"
        detail = f"{tally.renames} users would be renamed or taken over, where the sync holds {users}: {over}"
        yield Overrun(what=Class.RENAMES, count=tally.renames, of=users, detail=detail)


def _over(count: int, of: int, percent: int) -> bool:
    return count * 100 > of * percent


def _held(change: Change, actions: tuple[str, ...], stored: Stored) -> HeldChange:
    record = stored.records.get(change.user_id)
    username = record.username if record is not None else change.username
    words = [_in_words(action, stored) for action in actions]
    return HeldChange(
        object_id=change.object_id, user_id=change.user_id, username=username, actions=actions, detail=f"would {' and '.join(words)}"
    )


def _in_words(action: str, stored: Stored) -> str:
    if action.startswith(_LEAVE_GROUP):
        group = action.removeprefix(_LEAVE_GROUP)
        return f"leave the group {stored.group_names.get(group, group)}"
    return _WORDS.get(action, action)
