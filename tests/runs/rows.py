"""The directory row by row: what each row says, its ids told by whom they name, its times by being there.

Two worlds whose rows are equal may have given other ids, at other times. Left out besides are ETags, which run
wrote a row, the fences, and who had a name before its owner, who is believed only where the owner is not.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import cast

import msgspec

from sync_core.directory.users import User
from sync_core.storage import groups, lookups, members, names, objects, trash, user_counts, users
from sync_core.storage.records import record
from sync_core.storage.tables import Row
from sync_core.storage.user_counts import Meta
from tests.runs.world import World

_IDS = frozenset({"user_id", "phone_id", "code_id"})

type Said = Counter[tuple[str, str, str]]
"""Table, whom or what the row is about, and what it says; as often as a row says it."""


async def rows(world: World) -> Said:
    """Of every table of the directory."""
    everybody = {user.user_id: user for user in await world.users()}
    whom = {user_id: _whom(user) for user_id, user in everybody.items()}
    said: Said = Counter()
    for table, how in _TABLES.items():
        said.update((table, *one) for row in world.memory.rows(table) if row.key != users.META for one in how(row, whom))
    for table in (users.TABLE, user_counts.TABLE):
        said[table, users.META, _counts(world, table)] += 1
    return said


def _whom(user: User) -> str:
    """By what it is in its sources; a user of none by its name."""
    return " and ".join(sorted(f"{key}:{object_id}" for key, object_id in user.objects)) or user.last_username


def _told(value: object) -> object:
    match value:
        case datetime():
            return "a time"
        case msgspec.Struct():
            return {name: _told(getattr(value, name)) for name in value.__struct_fields__ if name not in _IDS}
        case dict():
            return {key: _told(of) for key, of in sorted(cast("dict[str, object]", value).items())}
        case tuple():
            return [_told(of) for of in cast("tuple[object, ...]", value)]
        case _:
            return value


def _user(row: Row, whom: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return [(whom[row.key], repr(_told(record(row, User))))]


def _name(row: Row, whom: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    claim = names.from_row(row)
    return [(row.key, f"{claim.name}: {whom.get(claim.owner)}")]


def _object(row: Row, whom: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    entry = objects.from_row(row)
    says = (whom.get(entry.user_id), entry.username, entry.fingerprint, entry.trashed, entry.groups)
    return [(f"{row.partition} {row.key}", repr(says))]


def _member(row: Row, whom: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """One by one: who shares a row goes by their ids."""
    listed = members._users(row)  # pyright: ignore[reportPrivateUsage], what a row packs
    assert row.number("count") == len(listed)
    return [(row.partition, str(whom.get(user_id))) for user_id in listed]


def _pointer(row: Row, whom: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    entries = lookups._entries(row)  # pyright: ignore[reportPrivateUsage], what a row lists
    key = "" if row.key.startswith("DP") else row.key
    return [(key, repr(sorted(str(whom.get(entry.rpartition(" ")[2])) for entry in entries)))]


def _group(row: Row, whom: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    del whom
    return [(row.key, repr(_told(record(row, groups.Group))))]


def _trash(row: Row, whom: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return [(row.partition, str(whom.get(row.key.removeprefix("user-"), row.key)))]


_TABLES: dict[str, Callable[[Row, Mapping[str, str]], Iterable[tuple[str, str]]]] = {
    users.TABLE: _user,
    names.TABLE: _name,
    objects.TABLE: _object,
    members.TABLE: _member,
    groups.TABLE: _group,
    trash.TABLE: _trash,
    **dict.fromkeys(("Emails", "Numbers", "Phones"), _pointer),
}


def _counts(world: World, table: str) -> str:
    """Of all partitions together: which of them a user is in goes by its id."""
    metas = [record(row, Meta) for row in world.memory.rows(table) if table == user_counts.TABLE or row.key == users.META]
    by_status, without = Counter[str](), Counter[str]()
    for meta in metas:
        by_status.update(meta.by_status)
        without.update(meta.without_device)
    return repr((sorted(by_status.items()), sorted(without.items())))
