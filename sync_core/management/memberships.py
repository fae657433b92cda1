"""Who is in which group, as far as it is decided by hand: unmanaged users in unmanaged groups (B-173).

The record lists a user's groups; member rows point to it. Rows are brought to what the record says until it has not changed meanwhile,
so that those who write at once leave them right. A row comes before a record that enters, so whoever lists a group is found by its rows.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from sync_core.directory.events import Happening
from sync_core.directory.groups import Group
from sync_core.directory.locks import check_membership
from sync_core.directory.syncs import Sync
from sync_core.directory.users import User
from sync_core.errors import Rejected
from sync_core.management.existing import existing_group, existing_user, members_among
from sync_core.management.journal import Journal
from sync_core.management.references import cursor_after, cursor_place, unknown
from sync_core.storage.groups import GroupRows
from sync_core.storage.members import Edits, MemberRows
from sync_core.storage.syncs import SyncRows
from sync_core.storage.users import Edit, UserRows

PAGE = 1000
MOST_WHOLE = 10_000
"""Members that one answer lists: about 320 requests to storage, and 700 KB."""


class Memberships:
    def __init__(self, users: UserRows, groups: GroupRows, members: MemberRows, syncs: SyncRows, journal: Journal) -> None:
        self._users = users
        self._groups = groups
        self._members = members
        self._syncs = syncs
        self._journal = journal

    async def add(self, group_id: str, user_id: str, *, by: str) -> None:
        """Doing it twice is doing it once. Raises NotFound; Rejected when a sync manages the user or the group, or the user is in Trash."""
        group, syncs = await self._editable(group_id, user_id)
        await self._members.edit({group_id: Edits(enters={user_id})})
        try:
            await self._change(user_id, group, syncs, lambda groups: groups | {group_id}, ("Added To Group", by))
        finally:
            await self._settle(group_id, user_id)
        if await self._groups.get(group_id) is None:
            await self._without(group_id, user_id)
            raise unknown("group", group_id)

    async def remove(self, group_id: str, user_id: str, *, by: str) -> None:
        """As `add`."""
        group, syncs = await self._editable(group_id, user_id)
        await self._change(user_id, group, syncs, lambda groups: groups - {group_id}, ("Removed From Group", by))
        await self._settle(group_id, user_id)

    async def page(self, group_id: str, *, limit: int, cursor: str) -> tuple[list[User], str]:
        """At most `limit` members in the order of their ids, and the cursor for more ("" at the end). Raises NotFound, and Rejected."""
        listed = f"members of {group_id}"
        after = cursor_place(cursor, listed)
        await existing_group(self._groups, group_id)
        found: list[User] = []
        while len(found) <= limit:
            named = await self._members.page(group_id, after, limit + 1 - len(found))
            if not named:
                break
            after = named[-1]
            found += await members_among(self._users, group_id, named)
        more = len(found) > limit
        return found[:limit], cursor_after(found[limit - 1].user_id if more else "", listed)

    async def all(self, group_id: str) -> list[User]:
        """All members in the order of their ids. Raises Rejected for a group of more than `MOST_WHOLE`."""
        if (count := await self._members.count(group_id)) > MOST_WHOLE:
            raise Rejected(f"a group of {count} users is not listed whole, those of up to {MOST_WHOLE} are: read its users page by page")
        named = await self._members.members(group_id)
        found: list[User] = []
        for start in range(0, len(named), PAGE):
            found += await members_among(self._users, group_id, named[start : start + PAGE])
        return found

    async def end(self, group_id: str) -> None:
        """Takes everybody out of a group that is being deleted, those in Trash too."""
        while named := await self._members.page(group_id, "", PAGE):
            pending = set(named)
            while pending:
                stored = await self._users.many(pending)
                edits = [
                    Edit(found, replace(found.user, groups=tuple(group for group in found.user.groups if group != group_id)))
                    for found in stored.values()
                    if group_id in found.user.groups
                ]
                pending = {edit.after.user_id for edit in await self._users.amend(edits)}
            await self._members.edit({group_id: Edits(leaves=set(named))})

    async def _editable(self, group_id: str, user_id: str) -> tuple[Group, dict[str, Sync]]:
        """The group, and all syncs, once it is seen that the membership may be edited by hand."""
        group, _ = await existing_group(self._groups, group_id)
        user = await existing_user(self._users, user_id)
        syncs = await self._syncs.by_key()
        check_membership(user, group, syncs)
        return group, syncs

    async def _change(
        self,
        user_id: str,
        group: Group,
        syncs: Mapping[str, Sync],
        how: Callable[[frozenset[str]], frozenset[str]],
        told: tuple[str, str],
    ) -> None:
        """`told`: how the log names it, and who does it. One who is in the group as is wanted gets no event."""
        what, by = told

        def changed(user: User) -> User:
            check_membership(user, group, syncs)
            return replace(user, groups=tuple(sorted(how(frozenset(user.groups)))))

        before = await self._users.get(user_id)
        if before is not None and changed(before) == before:
            return
        name = before.last_username if before is not None else ""
        async with self._journal.about(by, Happening.USER_UPDATE, name, user_id, {what: f"{group.name} ({group.group_id})"}):
            if await self._users.change(user_id, changed) is None:
                raise unknown("user", user_id)

    async def _without(self, group_id: str, user_id: str) -> None:
        def left(user: User) -> User:
            return replace(user, groups=tuple(group for group in user.groups if group != group_id))

        await self._users.change(user_id, left)
        await self._settle(group_id, user_id)

    async def _settle(self, group_id: str, user_id: str) -> None:
        """Brings the member row to what the record says, until that is what it said before."""
        listed = await self._lists(group_id, user_id)
        while True:
            side = Edits(enters={user_id}) if listed else Edits(leaves={user_id})
            await self._members.edit({group_id: side})
            now = await self._lists(group_id, user_id)
            if now == listed:
                return
            listed = now

    async def _lists(self, group_id: str, user_id: str) -> bool:
        user = await self._users.get(user_id)
        return user is not None and group_id in user.groups
