"""Who may change what: the one table of locks that every way in obeys, API, CSV import and panel alike (B-079, B-150..B-158, B-170..B-175).

A field is locked when a sync that holds the user writes it. An edit is judged by the record before and after it, so that a value
repeated is no edit.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync_core.directory.attributes import POSITIONS
from sync_core.directory.groups import Group
from sync_core.directory.phones import Phone, written
from sync_core.directory.syncs import Sync
from sync_core.directory.users import Status, User
from sync_core.errors import Rejected

ALWAYS_SYNCED = ("username", "realname", "email", "groups")
OPEN_STATUSES = frozenset({Status.ACTIVE, Status.BYPASS})
"""Between these an administrator may change a synced user, and no other way (B-152, B-153, B-154)."""
STATUS = "status"
PHONES = "phones"

type Syncs = Mapping[str, Sync]
"""All syncs by directory key; deleted ones hold nobody (D-17)."""


@dataclass(frozen=True, slots=True)
class Lock:
    field: str
    """As callers name it; aliases as "aliases.1"."""
    sync: str
    """The name that a person knows it by."""


def alias_field(position: str) -> str:
    return f"aliases.{position}"


def managing(user: User, syncs: Syncs) -> list[Sync]:
    """The syncs that hold the user, by name; none for an unmanaged one."""
    holding = (syncs[key] for key in user.held_by if key in syncs)
    return sorted((sync for sync in holding if sync.deleted_at is None), key=lambda sync: sync.name)


def keeper(group: Group, syncs: Syncs) -> Sync | None:
    """The sync that keeps the group; None for an unmanaged one."""
    sync = syncs.get(group.sync)
    return sync if sync is not None and sync.deleted_at is None else None


def user_locks(user: User, syncs: Syncs) -> tuple[Lock, ...]:
    """The fields of the user that nobody but these syncs may change. Status is among them, but for `OPEN_STATUSES`."""
    return tuple(Lock(field, sync.name) for sync in managing(user, syncs) for field in _written_by(sync))


def phone_lock(phone: Phone, user: User, syncs: Syncs) -> str:
    """The name of the sync that keeps the phone, so that nobody else may change it; "" for one that everybody may.

    Kept is what a sync brought, as long as it imports that slot, not what was added by hand (B-076, B-150).
    """
    keepers = (sync for sync in managing(user, syncs) if sync.directory_key == phone.sync)
    return next((sync.name for sync in keepers if phone.slot in dict(sync.mapping.phones)), "")


def check_phone_edit(phone: Phone, user: User, syncs: Syncs) -> None:
    """Raises Rejected for a phone that a sync keeps, and those of users in Trash."""
    check_not_in_trash(user)
    if keeper := phone_lock(phone, user, syncs):
        number = written(phone.number, phone.extension)
        raise Rejected(f"the phone {number} of {user.username} is written by {_named([keeper])} and cannot be changed here", field=PHONES)


def check_phone_addition(user: User) -> None:
    """Raises Rejected for a user in Trash. Whoever else may have phones beside those that its syncs bring (D-23)."""
    check_not_in_trash(user)


def group_locks(group: Group, syncs: Syncs) -> tuple[Lock, ...]:
    """The fields of the group that nobody but its sync may change; its status is everybody's (B-170, B-175)."""
    sync = keeper(group, syncs)
    return tuple(Lock(field, sync.name) for field in ("name", "description", "members")) if sync is not None else ()


def check_user_edit(before: User, after: User, syncs: Syncs) -> None:
    """Raises Rejected, naming the first field that differs and is locked, and by which sync."""
    check_not_in_trash(before)
    old, new = _values(before), _values(after)
    changed = {field for field in (*old, *new) if old.get(field) != new.get(field)}
    if STATUS in changed and {before.status, after.status} <= OPEN_STATUSES:
        changed.remove(STATUS)
    _refuse(user_locks(before, syncs), changed, f"of {before.username}")


def check_user_removal(user: User, syncs: Syncs) -> None:
    """Raises Rejected for a user that a sync holds, or that is in Trash (B-158, B-164)."""
    check_not_in_trash(user)
    if holders := managing(user, syncs):
        raise Rejected(f"{user.username} is managed by {_named(sync.name for sync in holders)} and cannot be deleted: remove it in Entra")


def check_group_edit(before: Group, after: Group, syncs: Syncs) -> None:
    """Raises Rejected, naming the field and the sync."""
    old, new = {"name": before.name, "description": before.description}, {"name": after.name, "description": after.description}
    _refuse(group_locks(before, syncs), {field for field in old if old[field] != new[field]}, f"of the group {before.name}")


def check_group_removal(group: Group, syncs: Syncs) -> None:
    """Raises Rejected while a sync keeps the group (B-174)."""
    if sync := keeper(group, syncs):
        raise Rejected(
            f'the group {group.name} is kept by the sync "{sync.name}" and cannot be deleted: remove it from the sync\'s selection'
        )


def check_membership(user: User, group: Group, syncs: Syncs) -> None:
    """Raises Rejected unless both are unmanaged: a group has the users of its sync, or unmanaged ones, never both (B-170, B-173)."""
    check_not_in_trash(user)
    _refuse(group_locks(group, syncs), {"members"}, f"of the group {group.name}")
    if locked := [lock.sync for lock in user_locks(user, syncs) if lock.field == "groups"]:
        raise Rejected(
            f"{user.username} is managed by {_named(locked)}, and {group.name} is a group of users that no sync manages", field="groups"
        )


def _written_by(sync: Sync) -> Iterator[str]:
    yield from ALWAYS_SYNCED
    yield STATUS
    if sync.mapping.notes:
        yield "notes"
    if sync.mapping.phones:
        yield PHONES
    yield from (alias_field(position) for position in sorted(sync.mapping.aliases))


def _values(user: User) -> dict[str, object]:
    plain: dict[str, object] = {field: getattr(user, field) for field in (*ALWAYS_SYNCED, "notes", STATUS)}
    return plain | {alias_field(position): user.aliases.get(position, "") for position in POSITIONS}


def check_not_in_trash(user: User) -> None:
    if user.in_trash:
        raise Rejected(f"{user.last_username} is in Trash and read-only: it can only be deleted for good, or come back by a sync")  # D-24


def _refuse(locks: Iterable[Lock], changed: set[str], of: str) -> None:
    locked: dict[str, list[str]] = {}
    for lock in locks:
        if lock.field in changed:
            locked.setdefault(lock.field, []).append(lock.sync)
    for field, syncs in locked.items():
        ways = f"; only {Status.ACTIVE} and {Status.BYPASS} may be exchanged" if field == STATUS else ""
        raise Rejected(f"{_worded(field)} {of} is written by {_named(syncs)} and cannot be changed here{ways}", field=field)


def _worded(field: str) -> str:
    return field.replace("aliases.", "alias ")


def _named(syncs: Iterable[str]) -> str:
    quoted = [f'"{name}"' for name in syncs]
    return f"the sync{'s' if len(quoted) > 1 else ''} {' and '.join(quoted)}"
