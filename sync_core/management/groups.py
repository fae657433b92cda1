"""Groups made, changed and deleted by hand, as far as no sync keeps them (B-170..B-175)."""

from collections.abc import Collection
from contextlib import suppress

from sync_core import ids
from sync_core.directory.edits import GroupEdit, edited_group
from sync_core.directory.events import Happening
from sync_core.directory.groups import Group, as_kept
from sync_core.directory.locks import check_group_edit, check_group_removal
from sync_core.errors import AlreadyExists, Conflict
from sync_core.ids import RandomBits
from sync_core.management.existing import existing_group
from sync_core.management.journal import Journal
from sync_core.management.memberships import Memberships
from sync_core.management.naming import TRIES
from sync_core.management.versions import check_version
from sync_core.storage.groups import GroupRows
from sync_core.storage.syncs import SyncRows


class Groups:
    def __init__(self, rows: GroupRows, syncs: SyncRows, memberships: Memberships, journal: Journal, random_bits: RandomBits) -> None:
        self._rows = rows
        self._syncs = syncs
        self._memberships = memberships
        self._journal = journal
        self._random_bits = random_bits

    async def create(self, new: GroupEdit, *, by: str) -> tuple[Group, str]:
        """An unmanaged group, and its ETag; others may have the same name (B-172). Raises Rejected, naming the field."""
        group = edited_group(Group(group_id=ids.new_group_id(self._random_bits), name=""), new)
        told = {"name": group.name, "desc": group.description, "status": group.status.value}
        async with self._journal.about(by, Happening.GROUP_CREATE, group.name, group.group_id, told):
            with suppress(AlreadyExists):  # ours: only the answer to the first try was lost
                await self._rows.insert(group)
        return await self.get(group.group_id)

    async def get(self, group_id: str) -> tuple[Group, str]:
        """The group as its sync, if that still is there, keeps it; and its ETag. Raises NotFound."""
        group, etag = await existing_group(self._rows, group_id)
        return as_kept(group, await self._syncs.by_key()), etag

    async def update(self, group_id: str, edit: GroupEdit, if_match: Collection[str] = (), *, by: str) -> tuple[Group, str]:
        """The group as it then is, and its ETag. Raises NotFound, Outdated, and Rejected for what its sync keeps (B-170, B-175)."""
        for _ in range(TRIES):
            before, etag = await self.get(group_id)
            check_version(etag, if_match)
            after = edited_group(before, edit)
            check_group_edit(before, after, await self._syncs.by_key())
            if after == before:
                return before, etag
            try:
                async with self._journal.about(by, Happening.GROUP_UPDATE, after.name, group_id, _told(before, after)):
                    return after, await self._rows.replace(after, etag)
            except Conflict:
                continue
        raise Conflict(f"others are changing {group_id} at this moment: read it again, and repeat")

    async def delete(self, group_id: str, if_match: Collection[str] = (), *, by: str) -> None:
        """Deletes an unmanaged group; its members stay, without it. Raises NotFound, Outdated, and Rejected while a sync keeps it."""
        for _ in range(TRIES):
            group, etag = await self.get(group_id)
            check_version(etag, if_match)
            check_group_removal(group, await self._syncs.by_key())
            async with self._journal.about(by, Happening.GROUP_DELETE, group.name, group_id) as entry:
                await self._memberships.end(group_id)
                entry.happened = await self._removed(group_id, etag)
            if not entry.happened:
                continue
            await self._memberships.end(group_id)  # of those who were added before the group was gone
            return
        raise Conflict(f"others are changing {group_id} at this moment: read it again, and repeat")

    async def _removed(self, group_id: str, etag: str) -> bool:
        """Also where only the answer to a first try was lost."""
        try:
            await self._rows.remove(group_id, etag)
        except Conflict:
            return await self._rows.get(group_id) is None
        return True


def _told(before: Group, after: Group) -> dict[str, str]:
    """What has changed, as the Admin API names it."""
    changed = {
        "name": (before.name, after.name),
        "desc": (before.description, after.description),
        "status": (before.status.value, after.status.value),
    }
    return {field: new for field, (old, new) in changed.items() if new != old}
