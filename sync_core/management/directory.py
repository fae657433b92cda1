"""Users and groups as they are read through the API: in the order of their ids, a page at a time."""

from collections.abc import Callable

from msgspec.structs import replace

from sync_core.directory.groups import Group, GroupStatus, api_name, as_kept
from sync_core.directory.names import fold
from sync_core.directory.phone_edits import by_hand
from sync_core.directory.users import User
from sync_core.management.existing import existing_group, existing_user
from sync_core.management.references import cursor_after, cursor_place
from sync_core.management.syncs import Syncs
from sync_core.planning.settle import live_holds
from sync_core.storage.groups import GroupRows
from sync_core.storage.users import UserRows

USERS, GROUPS = "users", "groups"
"""The lists, as their cursors name them."""
LOOKED_THROUGH = 1000


class DirectoryViews:
    def __init__(self, users: UserRows, groups: GroupRows, syncs: Syncs) -> None:
        self._users = users
        self._groups = groups
        self._syncs = syncs

    async def users(self, *, limit: int, cursor: str) -> tuple[list[User], str]:
        """At most `limit` users, and the cursor of those that follow: "" when none do. Raises Rejected for a foreign cursor."""
        page = await self._users.page(cursor_place(cursor, USERS), limit + 1)
        more = len(page) > limit
        existing = frozenset(sync.directory_key for sync in await self._syncs.all())
        return [held_now(user, existing) for user in page[:limit]], cursor_after(page[limit - 1].user_id if more else "", USERS)

    async def picked(self, match: Callable[[User], bool], *, limit: int, cursor: str) -> tuple[list[User], str]:
        """As `users`, those whom `match` picks: one call looks through 1,000 users, so fewer may come although there are more."""
        page = await self._users.page(cursor_place(cursor, USERS), LOOKED_THROUGH + 1)
        existing = frozenset(sync.directory_key for sync in await self._syncs.all())
        found: list[User] = []
        last = ""
        for user in page[:LOOKED_THROUGH]:
            presented = held_now(user, existing)
            if match(presented):
                if len(found) == limit:
                    return found, cursor_after(last, USERS)
                found.append(presented)
            last = user.user_id
        return found, cursor_after(last if len(page) > LOOKED_THROUGH else "", USERS)

    async def user(self, user_id: str) -> User:
        """Raises NotFound."""
        return await self.presented(await existing_user(self._users, user_id))

    async def presented(self, user: User) -> User:
        """As `held_now`."""
        return held_now(user, frozenset(sync.directory_key for sync in await self._syncs.all()))

    async def groups(
        self, *, prefix: str = "", sync: str = "", status: GroupStatus | None = None, limit: int, cursor: str
    ) -> tuple[list[tuple[Group, str]], str]:
        """As `users`; each group with the name that the API shows (D-20), which is made of its sync's present name. Of the filters,
        `prefix` begins the name without its sync, in any spelling, and `sync` keeps the group now.
        """
        after, begins = cursor_place(cursor, GROUPS), fold(prefix)
        if sync and sync not in {one.directory_key for one in await self._syncs.all()}:
            return [], ""
        rest = [
            group
            for group, _etag in await self._groups.all()
            if group.group_id > after
            and fold(group.name).startswith(begins)
            and (not sync or group.sync == sync)
            and (status is None or group.status is status)
        ]
        more = len(rest) > limit
        return await self._named(rest[:limit]), cursor_after(rest[limit - 1].group_id if more else "", GROUPS)

    async def group(self, group_id: str) -> tuple[Group, str]:
        """The group and the name that the API shows. Raises NotFound."""
        group, _ = await existing_group(self._groups, group_id)
        return await self.named(group)

    async def named(self, group: Group) -> tuple[Group, str]:
        """The group as its sync, if that still is there, keeps it; and the name that the API shows."""
        return (await self._named([group]))[0]

    async def groups_of(self, user: User) -> list[tuple[Group, str]]:
        """The user's groups, each with the name that the API shows."""
        return await self._named(await self._groups.many(user.groups))

    async def _named(self, groups: list[Group]) -> list[tuple[Group, str]]:
        syncs = await self._syncs.known()
        kept = [as_kept(group, syncs) for group in groups]
        return [(group, api_name(group, syncs[group.sync].name if group.sync else "")) for group in kept]


def held_now(user: User, existing: frozenset[str]) -> User:
    """The user without the syncs that were deleted: they hold nobody, and what they brought is as if made by hand (B-140, D-17)."""
    held_by = live_holds(user, existing)
    return replace(user, held_by=held_by, phones=tuple(phone if phone.sync in held_by else by_hand(phone) for phone in user.phones))
