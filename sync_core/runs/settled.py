"""A change and the record that came of it, with all whose rows have to follow: what was planned, and what was found besides.

Somebody may have edited a record since it was planned: then writing it ends memberships, names and pointers that no plan knows. Whoever
dies after that leaves their rows to a delivery that finds the record written, to the next run or to a night. These go by the list of
changes, so what is found besides goes there before the record is written.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from sync_core.directory.lookups import Pointer, pointers
from sync_core.directory.users import Status, User
from sync_core.planning.changes import Action, Change, Kind
from sync_core.planning.describe import fields
from sync_core.planning.settle import Writer, gained, lists_unclaimed, live_holds, read_later, settle
from sync_core.storage.changes import ChangeRows
from sync_core.storage.users import StoredUser

type Widen = Callable[[Mapping[str, Change]], Awaitable[None]]
"""Keeps changes that were found to be wider than planned, by user id, in the list that they come from."""


@dataclass(frozen=True, slots=True)
class Settled:
    """None for `after` when there is no record."""

    change: Change
    after: User | None
    regrouped: frozenset[str]
    """Groups that this entered or left."""
    moved: frozenset[Pointer]
    """What began or ceased to point to the record."""
    dropped: frozenset[str]
    """Digests of names that the record listed and does not list any more: also those that an edit gave it after this was planned."""
    made: Change
    """As much of the change as could be made; `change` itself but for the rare ones that others had made impossible."""

    @property
    def wider(self) -> Change:
        """The change with what was found besides; itself where that is nothing. Which side a row is on, the record decides."""
        change = self.change
        groups = self.regrouped.difference(change.enters, change.leaves)
        moved = self.moved.difference(gained(change), change.loses)
        names = self.dropped.difference(change.frees, change.drops)
        return _wider(change, replace(change, leaves=tuple(groups), loses=tuple(moved), drops=tuple(names)))

    def is_newer_elsewhere(self, writer: Writer) -> bool:
        """Whether a later reading decided: hardly anything of the change is in the record (D-16)."""
        return self.after is not None and read_later(self.after, writer)

    def told(self, writer: Writer) -> Change | None:
        """What may be said to have been done; None where the user is gone, or a later reading decided."""
        return self.made if self.after is not None and not self.is_newer_elsewhere(writer) else None


def settled(change: Change, before: StoredUser | None, writer: Writer) -> Settled:
    known = before.user if before is not None else None
    after = _settle(known, change, writer)
    made = _as_far_as_possible(known, after, change, writer)
    if made is not change:
        after = _settle(known, made, writer)
    listed = frozenset(known.name_digests) if known is not None else frozenset[str]()
    kept = after.name_digests if after is not None else listed
    dropped = listed.union(change.drops).difference(kept, change.yields)
    return Settled(change, after, _regrouped(known, after), pointers(known) ^ pointers(after), dropped, made)


def widen_in(rows: ChangeRows, run: str, plan: str, chain: str, number: int) -> Widen:
    """In that slice of the list; nothing where there is none."""

    async def widen(found: Mapping[str, Change]) -> None:
        if found:
            await rows.rewrite_slice(run, plan, chain, number, partial(_by_what_was_found, found=found))

    return widen


def _by_what_was_found(change: Change, found: Mapping[str, Change]) -> Change:
    return _wider(change, found[change.user_id]) if change.user_id in found else change


def _wider(change: Change, other: Change) -> Change:
    """Nothing that is there already comes twice: two deliveries may find the same."""
    leaves = set(other.leaves).difference(change.enters, change.leaves)
    loses, drops = set(other.loses).difference(change.loses), set(other.drops).difference(change.drops)
    if not (leaves or loses or drops):
        return change
    return replace(
        change,
        leaves=(*change.leaves, *sorted(leaves)),
        loses=(*change.loses, *sorted(loses)),
        drops=(*change.drops, *sorted(drops)),
    )


def _regrouped(before: User | None, after: User | None) -> frozenset[str]:
    known = before.groups if before is not None else ()
    return frozenset(known).symmetric_difference(after.groups if after is not None else known)


def _settle(before: User | None, change: Change, writer: Writer) -> User | None:
    """As `settle`; and None for a user that was deleted since it was planned, or is being purged: it is not made again (D-27)."""
    if before is None:
        return settle(None, change, writer) if Action.CREATE in change.actions else None
    return settle(before, change, writer) if before.status is not Status.PURGING else None


def _as_far_as_possible(before: User | None, after: User | None, change: Change, writer: Writer) -> Change:
    """The change; or what is left of one that may not be made any more: nothing but safety, until the next run judges (D-04)."""
    if before is None or after is None:
        return change
    if _enables_unasked(before, after, change, writer):
        return replace(change, kind=Kind.KEEP, actions=(), fields=())
    if not lists_unclaimed(before, after, change, writer):
        return change
    if writer.directory_key not in before.held_by or change.desired is None or change.desired.enabled:
        return replace(change, kind=Kind.KEEP, actions=(), fields=())
    disabling = replace(change, kind=Kind.DISABLE)
    disabled = _settle(before, disabling, writer)
    if disabled is None or disabled.status is before.status:
        return replace(disabling, actions=(), fields=())
    return replace(disabling, actions=(Action.DISABLE,), fields=fields(before, disabled, {}))


def _enables_unasked(before: User, after: User, change: Change, writer: Writer) -> bool:
    """Whether somebody disabled this unmanaged user after the takeover was planned: then it stays, for the next run to judge (D-05)."""
    managed = before.in_trash or live_holds(before, writer.existing)
    enabled = before.status is Status.DISABLED and after.status is not Status.DISABLED
    return enabled and not managed and Action.ENABLE not in change.actions
