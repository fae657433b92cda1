"""What a user's record becomes by a change. The plan describes changes with it, apply writes by it: one function, no surprises.

Settling twice is settling once: a change delivered again finds nothing left to do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.edits import without_names
from sync_core.directory.lookups import Pointer, pointers
from sync_core.directory.names import digest
from sync_core.directory.phones import imported
from sync_core.directory.users import A_WEEK, Hold, Status, User
from sync_core.planning.changes import Action, Change, Desired, Kind


@dataclass(frozen=True, slots=True)
class Writer:
    """On whose behalf records are written, and as of when."""

    directory_key: str
    tenant_id: str
    read_at: datetime
    now: datetime
    existing: frozenset[str]
    """Directory keys of the syncs that exist: only these hold a user (D-17)."""
    individual: bool = False
    """It changes no username (B-114, D-02), and stamps its reading also where it changes nothing (D-16)."""
    trash_days: int = A_WEEK
    """For whom it sends to Trash."""
    new_phone_id: Callable[[str], str] = ids.new_phone_id
    """Takes the id of the phone's user."""


def settle(before: User | None, change: Change, writer: Writer) -> User | None:
    """The record after the change; `before` itself when nothing is to be written; None when there is and shall be no record."""
    if before is None:
        return _created(change, change.desired, writer) if change.desired is not None else None
    if before.status is Status.PURGING:
        return before
    after = _yielding(_settled(before, change, writer), change)
    if same(before, after):
        return after if writer.individual else before
    return _emptied(before, after, writer)


def same(one: User, other: User) -> bool:
    """Whether two records say the same, times of reading and writing aside."""
    return one == replace(other, read_at=one.read_at, synced_at=one.synced_at)


def live_holds(user: User, existing: frozenset[str]) -> dict[str, Hold]:
    """The syncs that hold the user, less those that were deleted (D-17)."""
    return {key: hold for key, hold in user.held_by.items() if key in existing}


def read_later(record: User, writer: Writer) -> bool:
    """Whether the record shows a newer reading than the writer's: then hardly anything is written (D-16)."""
    return record.read_at is not None and record.read_at > writer.read_at


def lists_unclaimed(before: User, after: User, change: Change, writer: Writer) -> bool:
    """Whether the record would list a name that this change has not claimed, and that was not its own for sure: another sync has renamed
    or left the user since this was planned, and the name may have gone to somebody else.

    Names in positions that the sync does not map are not looked at: whoever takes one, takes it from the record (`_yielding`).
    """
    if change.desired is None or after is before or read_later(before, writer):
        return False
    mapped = change.desired.mapped.aliases
    names = (after.username, *(name for position, name in after.aliases.items() if position in mapped))
    own = before.name_digests.keys() if writer.directory_key in before.held_by else frozenset[str]()
    return not {digest(name) for name in names if name} <= own | {move.digest for move in change.moves}


def _emptied(before: User, after: User, writer: Writer) -> User:
    """Where the record changes, other syncs' fingerprints do not tell any more what it says (D-06)."""
    if same(replace(before, held_by=after.held_by), after):
        return after
    emptied = {key: replace(hold, fingerprint="") for key, hold in after.held_by.items() if key != writer.directory_key}
    return replace(after, held_by=after.held_by | emptied)


def _yielding(after: User, change: Change) -> User:
    """Less the names that others have taken. Somebody not in Trash, whom another sync took up or read later meanwhile, loses aliases
    alone: its username was claimed anew by that sync, or moves with this change.
    """
    if not change.yields:
        return after
    given = frozenset(change.yields)
    return without_names(after, given if after.in_trash else given - {digest(after.username)})


def _settled(before: User, change: Change, writer: Writer) -> User:
    newer_elsewhere = read_later(before, writer)
    match change.kind:
        case Kind.WRITE if change.desired is not None:
            if newer_elsewhere:
                return _renamed_only(before, change, change.desired)
            return _written(before, change, change.desired, writer)
        case Kind.LEAVE if not newer_elsewhere:
            return _left(before, change, writer)
        case Kind.DISABLE if not newer_elsewhere and not before.in_trash and before.status is not Status.DISABLED:
            return replace(before, status=Status.DISABLED, sessions_valid_after=writer.now, read_at=writer.read_at, synced_at=writer.now)
        case _:
            return before


def _created(change: Change, desired: Desired, writer: Writer) -> User:
    mapped = desired.mapped
    return User(
        user_id=change.user_id,
        username=mapped.username,
        realname=mapped.realname,
        email=mapped.email,
        notes=mapped.notes or "",
        aliases={position: value for position, value in mapped.aliases.items() if value},
        status=Status.ACTIVE if desired.enabled else Status.DISABLED,
        groups=desired.groups,
        phones=imported((), desired.phones, writer.directory_key, (writer.directory_key,)),
        held_by={writer.directory_key: _hold(change, desired, writer)},
        read_at=writer.read_at,
        created_at=writer.now,
        synced_at=writer.now,
    )


def gained(change: Change) -> frozenset[Pointer]:
    """What shall point to the record of the change, and did not."""
    if change.desired is None or Action.CREATE not in change.actions:
        return frozenset(change.gains)
    phones = imported((), change.desired.phones, "", ())
    return pointers(User(user_id=change.user_id, username="", email=change.desired.mapped.email, phones=phones))


def _hold(change: Change, desired: Desired, writer: Writer) -> Hold:
    return Hold(tenant_id=writer.tenant_id, object_id=change.object_id, groups=desired.groups, fingerprint=desired.fingerprint)


def _renamed_only(before: User, change: Change, desired: Desired) -> User:
    """Somebody read the user later: of this run only a username already moved in claim is written (D-16), or an alias that becomes the
    username because another takes that.
    """
    username = digest(desired.mapped.username)
    moved = any(move.digest == username for move in change.moves)
    instead = digest(before.username) in change.yields and username in before.name_digests
    return replace(before, username=desired.mapped.username) if moved or instead else before


def _keeping_its_username(before: User, desired: Desired) -> Desired:
    """As it is when the record is written: a full run may have changed it since this was planned (D-02)."""
    if before.username in ("", desired.mapped.username):
        return desired
    return replace(desired, mapped=replace(desired.mapped, username=before.username), fingerprint="")


def _written(before: User, change: Change, desired: Desired, writer: Writer) -> User:
    if writer.individual:
        desired = _keeping_its_username(before, desired)
    mapped, status = desired.mapped, _status(before, desired)
    kept = {position: value for position, value in before.aliases.items() if position not in mapped.aliases}
    others = {key: hold for key, hold in live_holds(before, writer.existing).items() if key != writer.directory_key}
    return replace(
        before,
        username=mapped.username,
        realname=mapped.realname,
        email=mapped.email,
        notes=before.notes if mapped.notes is None else mapped.notes,
        aliases=kept | {position: value for position, value in mapped.aliases.items() if value},
        status=status,
        groups=_groups(desired.groups, others),
        phones=imported(before.phones, desired.phones, writer.directory_key, {*others, writer.directory_key}),
        held_by={**others, writer.directory_key: _hold(change, desired, writer)},
        known_as={key: object_id for key, object_id in _known(before, writer).items() if key != writer.directory_key},
        read_at=writer.read_at,
        synced_at=writer.now,
        sessions_valid_after=_sessions(before, status, writer),
        trashed_at=None,
        trash_days=A_WEEK,
        former_username="",
    )


def _status(before: User, desired: Desired) -> Status:
    """Disabled in Entra wins; enabled again returns to active, bypass stays where it was never disabled (B-154, B-155, D-22)."""
    if not desired.enabled:
        return Status.DISABLED
    return Status.BYPASS if before.status is Status.BYPASS else Status.ACTIVE


def _sessions(before: User, status: Status, writer: Writer) -> datetime | None:
    disabled_now = status is Status.DISABLED and before.status is not Status.DISABLED
    return writer.now if disabled_now else before.sessions_valid_after


def _groups(own: tuple[str, ...], others: dict[str, Hold]) -> tuple[str, ...]:
    """A synced user is in the groups of its syncs and in no other (B-173)."""
    return tuple(sorted({*own, *(group for hold in others.values() for group in hold.groups)}))


def _known(before: User, writer: Writer) -> dict[str, str]:
    """`known_as`, with the syncs that were deleted: they hold nobody any more, but what they wrote still names the user (D-17)."""
    deleted = {key: hold.object_id for key, hold in before.held_by.items() if key not in writer.existing}
    return before.known_as | deleted


def _left(before: User, change: Change, writer: Writer) -> User:
    hold = before.held_by.get(writer.directory_key)
    if hold is None or hold.object_id != change.object_id:
        return before
    others = {key: hold for key, hold in live_holds(before, writer.existing).items() if key != writer.directory_key}
    if others:
        return replace(
            before,
            held_by=others,
            known_as=_known(before, writer),
            groups=_groups((), others),
            read_at=writer.read_at,
            synced_at=writer.now,
        )
    return replace(
        before,
        held_by={},
        known_as=_known(before, writer) | {writer.directory_key: change.object_id},
        status=Status.PENDING_DELETION,
        trashed_at=writer.now,
        trash_days=writer.trash_days,
        sessions_valid_after=writer.now,
        read_at=writer.read_at,
        synced_at=writer.now,
    )
