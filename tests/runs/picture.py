"""What the directory says, without ids, times and ETags: two pictures are equal when the same people are in the same state."""

from collections import Counter
from dataclasses import dataclass

from sync_core.directory.groups import api_name
from sync_core.directory.lookups import pointers
from sync_core.directory.retention import due
from sync_core.directory.syncs import Sync
from sync_core.directory.users import User
from sync_core.planning.settle import live_holds
from sync_core.storage import members, names, objects, trash, user_counts, users
from sync_core.storage.records import record
from sync_core.storage.user_counts import Meta
from tests.runs.world import World

DIRECTORY = ("Users", "Names", "Emails", "Numbers", "Phones", "Objects", "Members", "Groups", "Trash", "Counts")
"""The tables that a run of an unchanged source leaves alone."""


@dataclass(frozen=True)
class Person:
    names: tuple[str, ...]
    """The username, or the one before another user took it; then the aliases by position."""
    status: str
    data: tuple[str, str, str]
    groups: frozenset[str]
    held_by: frozenset[tuple[str, str, frozenset[str]]]
    """Directory key, object id, that sync's groups."""
    phones: tuple[tuple[str, str, str, str], ...]
    """Number, extension, slot and directory key, in order."""


@dataclass(frozen=True)
class Picture:
    people: Counter[Person]
    groups: Counter[tuple[str, frozenset[tuple[str, ...]]]]
    """The name as the API shows it, and the names of those whom the member rows list."""


async def picture(world: World) -> Picture:
    """As readers of the ports see it."""
    syncs = {sync.directory_key: sync for sync in await world.context.syncs.all()}
    groups = [group for group, _ in await world.context.groups.all()]
    shown = {group.group_id: api_name(group, _name(syncs.get(group.sync))) for group in groups}
    everybody = {user.user_id: user for user in await world.users()}
    listed = {group.group_id: await world.context.members.members(group.group_id) for group in groups}
    return Picture(
        Counter(_person(user, shown) for user in everybody.values()),
        Counter((shown[group], frozenset(_names(everybody[user_id]) for user_id in of)) for group, of in listed.items()),
    )


def _name(sync: Sync | None) -> str:
    return sync.name if sync is not None else ""


def _names(user: User) -> tuple[str, ...]:
    return (user.username or f"formerly {user.former_username}", *(user.aliases[p] for p in sorted(user.aliases)))


def _person(user: User, shown: dict[str, str]) -> Person:
    holds = frozenset((key, hold.object_id, frozenset(shown[group] for group in hold.groups)) for key, hold in user.held_by.items())
    data = (user.realname, user.email, user.notes)
    phones = tuple((*phone.line, phone.slot.value, phone.sync) for phone in user.phones)
    return Person(_names(user), user.status, data, frozenset(shown[group] for group in user.groups), holds, phones)


def etags(world: World) -> dict[str, dict[tuple[str, str], str]]:
    """Of every row of the directory."""
    return {table: {(row.partition, row.key): row.etag for row in world.memory.rows(table)} for table in DIRECTORY}


async def check_sound(world: World) -> None:
    """Every row around the records says what the records say, and no run has left anything at work."""
    everybody = {user.user_id: user for user in await world.users()}
    assert await world.context.locks.taken() == {}
    assert [row.key for row in world.memory.rows("Staging")] == []
    existing = frozenset(sync.directory_key for sync in await world.context.syncs.all() if sync.deleted_at is None)
    _check_names(world, everybody)
    _check_objects(world, everybody, existing)
    _check_members(world, everybody)
    _check_lookups(world, everybody)
    _check_trash(world, everybody)
    _check_counts(world, everybody)


def _check_names(world: World, everybody: dict[str, User]) -> None:
    """A name has one user, and its claim names that one."""
    listed = [(key, user.user_id) for user in everybody.values() for key in user.name_digests]
    claimed = [(row.key, names.from_row(row).owner) for row in world.memory.rows(names.TABLE)]
    assert sorted(listed) == sorted(claimed)
    assert len(dict(listed)) == len(listed)


def _check_objects(world: World, everybody: dict[str, User], existing: frozenset[str]) -> None:
    """Each object has one user; whoever a sync holds, its index knows. Rows of deleted syncs are for the purge alone (D-17)."""
    indexed: dict[tuple[str, str], str] = {}
    for row in world.memory.rows(objects.TABLE):
        key, entry = row.partition.rpartition("-")[0], objects.from_row(row)
        user = everybody[entry.user_id]
        indexed[key, entry.object_id] = entry.user_id
        assert (key, entry.object_id) in user.objects  # what the purge goes by
        if key not in existing:
            continue
        hold = user.held_by.get(key)
        assert (hold is not None and hold.object_id == entry.object_id) is not entry.trashed
        assert (
            entry.trashed or hold is None or not entry.fingerprint or (entry.fingerprint, entry.groups) == (hold.fingerprint, hold.groups)
        )
    for user in everybody.values():
        for key, hold in live_holds(user, existing).items():
            assert indexed[key, hold.object_id] == user.user_id


def _check_members(world: World, everybody: dict[str, User]) -> None:
    rows = world.memory.rows(members.TABLE)
    listed = [(row.partition, user) for row in rows for user in members._users(row)]  # pyright: ignore[reportPrivateUsage]
    assert sorted(listed) == sorted((group, user.user_id) for user in everybody.values() for group in user.groups)


def _check_lookups(world: World, everybody: dict[str, User]) -> None:
    """Everybody is found by mail, number and phone, and nobody else is."""
    rows = [(table, row) for table in ("Emails", "Numbers", "Phones") for row in world.memory.rows(table)]
    listed = {(table, row.key, entry) for table, row in rows for entry in row.text("user" if table == "Phones" else "entries").split("\n")}
    assert listed == {(one.table, one.key, one.entry) for user in everybody.values() for one in pointers(user)}


def _check_trash(world: World, everybody: dict[str, User]) -> None:
    """The daily purge finds everybody in Trash on the day that is due."""
    rows = {(row.partition, row.key) for row in world.memory.rows(trash.TABLE)}
    for user in everybody.values():
        if user.in_trash:
            assert user.trashed_at is not None
            assert (f"{due(user.trashed_at, 7):%Y%m%d}", f"user-{user.user_id}") in rows


def _check_counts(world: World, everybody: dict[str, User]) -> None:
    """What each partition counts is what is there, and Counts has a copy."""
    metas = {row.partition: record(row, Meta) for row in world.memory.rows(users.TABLE) if row.key == users.META}
    copies = {row.key: record(row, Meta) for row in world.memory.rows(user_counts.TABLE)}
    for partition, meta in metas.items():
        here = [user for user in everybody.values() if user.user_id[2] == partition]
        assert meta.by_status == dict(Counter(user.status.value for user in here))
        assert meta.without_device == dict(Counter(user.status.value for user in here if not user.has_device))
        assert meta.spread == dict(Counter(user.user_id[3] for user in here))
        if here or partition in copies:
            assert copies[partition] == meta
