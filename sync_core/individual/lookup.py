"""Whom names mean: in Entra, and here. At most 2 + 2·⌈n/20⌉ Graph requests for n names, in at most three rounds."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sync_core.directory.attributes import apply_mapping
from sync_core.directory.names import digest, fold
from sync_core.directory.syncs import Sync
from sync_core.directory.users import User
from sync_core.entra.port import REQUESTS, Answers, Directory, Presence, Questions, Sight, SourceUser
from sync_core.planning.asked import may_be_name, stored_name
from sync_core.planning.claims import holder
from sync_core.runs.context import Context


@dataclass(slots=True)
class Found:
    """What is known of the names, before anything is decided."""

    objects: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """By name: the object ids that it means. None where nobody has it; several where several users of Entra do."""
    displaced: dict[str, str] = field(default_factory=dict[str, str])
    """By name: the object whose user is called so here, where another one is in Entra, and that one is gone."""
    presences: dict[str, Presence] = field(default_factory=dict[str, Presence])
    """Of all these objects."""
    requests_left: int = 0
    """How many `$batch` requests may still be made for these names."""


class Lookup:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def known(self, sync: Sync, names: Iterable[str]) -> dict[str, str]:
        """By name: the object, in this sync, of the user that is called so here."""
        digests = {name: digest(stored_name(name, sync.mapping)) for name in names}
        claims = {key: claim for key, (claim, _) in (await self._context.names.many(digests.values())).items()}
        owners = {user_id for claim in claims.values() for user_id in (claim.owner, claim.was) if user_id}
        records = {user_id: stored.user for user_id, stored in (await self._context.users.many(owners)).items()}
        users = {name: records.get(holder(claims.get(key), key, records)) for name, key in digests.items()}
        known = {name: object_of(user, sync.directory_key) for name, user in users.items() if user is not None}
        return {name: object_id for name, object_id in known.items() if object_id}

    async def named(self, sync: Sync, names: Sequence[str]) -> Mapping[str, tuple[SourceUser, ...]]:
        """The first round: by name, the users of Entra that have it, and no other value of the attribute."""
        asked = tuple(name for name in names if may_be_name(name, sync.mapping))
        source = await self._context.source(sync.tenant_id)
        told = await source.ask(Questions(attribute=sync.mapping.username, names=asked), sync.mapping.sources)
        place = sync.mapping.sources.index(sync.mapping.username)
        return {name: tuple(u for u in told.named.get(name, ()) if fold(u.values[place].strip()) == fold(name)) for name in names}

    async def found(self, sync: Sync, named: Mapping[str, tuple[SourceUser, ...]], known: Mapping[str, str]) -> Found:
        """The second round: memberships of those who were found by name, and those who are known here, by their ids."""
        found = Found(objects={name: tuple(user.object_id for user in users) for name, users in named.items()})
        by_name = {user.object_id: user for users in named.values() for user in users}
        for name, object_id in known.items():  # asked for by its former name, and by its name of now too
            if object_id in by_name and not found.objects[name] and not _is_another(sync, name, by_name[object_id]):
                found.objects[name] = (object_id,)
        known = {name: object_id for name, object_id in known.items() if object_id not in by_name}
        by_id = {object_id for name, object_id in known.items() if not found.objects[name]}
        found.objects |= {name: (object_id,) for name, object_id in known.items() if object_id in by_id and not found.objects[name]}
        beside = {name: object_id for name, object_id in known.items() if object_id not in by_id and len(found.objects[name]) < 2}
        told = await self._ask(sync, Questions(users=(*by_id, *beside.values()), memberships=(*by_name, *by_id)))
        found.presences = {
            object_id: _presence(by_name.get(object_id, told.users.get(object_id)), told.memberships[object_id])
            for object_id in (*by_name, *by_id)
        }
        for name, (object_id,) in [(name, found.objects[name]) for name in known if len(found.objects[name]) == 1]:
            if object_id in by_id and _is_another(sync, name, told.users[object_id]):
                found.objects[name] = ()
        for name, object_id in beside.items():
            if told.users[object_id] is None:
                found.displaced[name], found.presences[object_id] = object_id, Presence(None)
        spent = math.ceil(sum(may_be_name(name, sync.mapping) for name in named) / REQUESTS)
        spent += math.ceil((len(by_id) * 2 + len(set(beside.values()) - by_id) + len(by_name)) / REQUESTS)
        found.requests_left = 2 + 2 * math.ceil(len(named) / REQUESTS) - spent
        return found

    async def sights(self, sync: Sync, groups: Collection[str], requests: int) -> dict[str, Sight]:
        """The third round, where somebody is to lose groups: whether these are there at all, as far as so many requests go (D-10)."""
        asked = tuple(sorted(groups))[: REQUESTS * max(requests, 0)]
        if not asked:
            return {}
        return (await self._ask(sync, Questions(groups=asked))).groups

    async def _ask(self, sync: Sync, questions: Questions) -> Answers:
        if questions == Questions():
            return Answers()
        source: Directory = await self._context.source(sync.tenant_id)
        return await source.ask(questions, sync.mapping.sources)


def object_of(user: User, directory_key: str) -> str:
    """As which object this sync knows the user; "" where it does not."""
    hold = user.held_by.get(directory_key)
    return hold.object_id if hold is not None else user.known_as.get(directory_key, "")


def source_username(sync: Sync, user: SourceUser | None) -> str:
    """What a full run would call the user."""
    return apply_mapping(sync.mapping, user.values).username if user is not None else ""


def _is_another(sync: Sync, name: str, user: SourceUser | None) -> bool:
    """With normalization, a@x and a@y are called alike here: whoever is called so, and rightly, is not the one of the other domain."""
    if user is None or fold(source_username(sync, user)) != fold(stored_name(name, sync.mapping)):
        return False
    return fold(user.values[sync.mapping.sources.index(sync.mapping.username)].strip()) != fold(name)


def _presence(user: SourceUser | None, groups: frozenset[str] | None) -> Presence:
    """Whoever is gone by one of two answers was deleted between them."""
    return Presence(user, groups) if user is not None and groups is not None else Presence(None)
