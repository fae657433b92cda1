"""Users and groups with all that they are shown with, at no further request as long as nothing has changed for a moment: the names of
groups and syncs may be 30 seconds old.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sync_core.clock import Clock
from sync_core.directory.groups import Group, api_name, as_kept
from sync_core.directory.names import digest
from sync_core.directory.phones import Phone
from sync_core.directory.syncs import Sync
from sync_core.directory.users import User
from sync_core.errors import Rejected
from sync_core.ids import has_form
from sync_core.management.directory import held_now
from sync_core.management.existing import existing_user
from sync_core.management.naming import Naming
from sync_core.management.recent import Recent
from sync_core.storage.groups import GroupRows
from sync_core.storage.lookups import Lookups
from sync_core.storage.syncs import SyncRows
from sync_core.storage.users import UserRows

_ALL = "all"

type NamedGroup = tuple[Group, str]
"""As its sync, if that still is there, keeps it; and the name that the API shows (D-20)."""


@dataclass(frozen=True, slots=True)
class Shown:
    user: User
    """Held by the syncs that are there."""
    groups: list[NamedGroup]


class Showing:
    def __init__(self, users: UserRows, groups: GroupRows, syncs: SyncRows, naming: Naming, lookups: Lookups, clock: Clock) -> None:
        self._users = users
        self._groups = groups
        self._syncs = syncs
        self._naming = naming
        self._lookups = lookups
        self._recent_groups = Recent[Group](clock)
        self._recent_syncs = Recent[dict[str, Sync]](clock)

    async def user(self, user_id: str) -> Shown:
        """Raises NotFound."""
        return (await self.users([await existing_user(self._users, user_id)]))[0]

    async def named(self, name: str) -> list[Shown]:
        """Whoever has this username or alias, in any spelling: one user, or none."""
        stored = await self._naming.listing(digest(name)) if name else None
        return await self.users([stored.user] if stored else [])

    async def with_email(self, email: str) -> list[Shown]:
        """Those with this address, in any spelling, in the order of their ids."""
        return await self.users(await self._lookups.by_email(email) if email else [])

    async def phones_with_number(self, number: str, extension: str | None) -> list[tuple[Phone, User | None]]:
        """The phones with this number, as a person writes it, each with its user; an extension in it counts as one."""
        from sync_core.directory.phone_numbers import parse

        try:
            read = parse(number)
        except Rejected:
            return []
        return await self._lookups.by_number(read.number, extension if extension is not None else read.extension or None)

    async def called(self, names: Collection[str]) -> list[Shown]:
        """Those who have these usernames or aliases, in the order of their ids."""
        return await self._in_order(stored.user for stored in await self._naming.listing_each({digest(name) for name in names}))

    async def many(self, user_ids: Collection[str]) -> list[Shown]:
        """Those of the users that there are, in the order of their ids."""
        stored = await self._users.many(user_id for user_id in user_ids if has_form(user_id, "DU"))
        return await self._in_order(one.user for one in stored.values())

    async def users(self, users: Sequence[User]) -> list[Shown]:
        syncs = await self.syncs()
        live = frozenset(key for key, sync in syncs.items() if sync.deleted_at is None)
        named = await self.groups({group_id for user in users for group_id in user.groups})
        return [Shown(held_now(user, live), [named[group] for group in user.groups if group in named]) for user in users]

    async def groups(self, group_ids: Collection[str]) -> dict[str, NamedGroup]:
        """Those of the groups that there are, by id."""
        syncs = await self.syncs()
        found = {group_id: group for group_id in group_ids if (group := self._recent_groups.get(group_id)) is not None}
        for group in await self._groups.many([group_id for group_id in group_ids if group_id not in found]):
            self._recent_groups.put(group.group_id, group)
            found[group.group_id] = group
        return {group_id: _named(group, syncs) for group_id, group in found.items()}

    async def all_groups(self) -> list[NamedGroup]:
        """In the order of their ids, as they are now."""
        syncs = await self.syncs()
        return [_named(group, syncs) for group, _etag in await self._groups.all()]

    async def syncs(self) -> dict[str, Sync]:
        """All syncs by directory key, deleted ones too: groups are still called after these (B-143)."""
        syncs = self._recent_syncs.get(_ALL)
        if syncs is None:
            syncs = await self._syncs.by_key()
            self._recent_syncs.put(_ALL, syncs)
        return syncs

    def forget(self, group_id: str) -> None:
        """After this process has changed the group."""
        self._recent_groups.forget(group_id)

    async def _in_order(self, users: Iterable[User]) -> list[Shown]:
        by_id = {user.user_id: user for user in users}
        return await self.users([by_id[user_id] for user_id in sorted(by_id)])


def _named(group: Group, syncs: dict[str, Sync]) -> NamedGroup:
    kept = as_kept(group, syncs)
    return kept, api_name(kept, syncs[kept.sync].name if kept.sync else "")
