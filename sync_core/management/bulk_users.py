"""Many users by hand in one call: made, sent to Trash, brought back (E-10). All are looked at before the first is written.

A call that dies in between leaves some done; done again, it does the rest. Going to Trash, the pointer is written before the record, as in
every other way there.
"""

from collections.abc import Callable, Iterable, Sequence

from sync_core.clock import Clock
from sync_core.directory.edits import UserEdit, edited
from sync_core.directory.events import Happening
from sync_core.directory.locks import check_user_removal
from sync_core.directory.trashing import restored, trashed
from sync_core.directory.users import Status, User, called
from sync_core.errors import Rejected
from sync_core.ids import has_form
from sync_core.management.journal import Journal
from sync_core.management.naming import NameInUse, Naming
from sync_core.management.references import unknown
from sync_core.management.users import Users
from sync_core.storage.deployment import DeploymentRows
from sync_core.storage.syncs import SyncRows
from sync_core.storage.trash import TrashRows
from sync_core.storage.users import UserRows


class BulkUsers:
    def __init__(
        self,
        users: Users,
        naming: Naming,
        rows: UserRows,
        trash: TrashRows,
        deployment: DeploymentRows,
        syncs: SyncRows,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._users = users
        self._naming = naming
        self._rows = rows
        self._trash = trash
        self._deployment = deployment
        self._syncs = syncs
        self._journal = journal
        self._clock = clock

    async def create(self, wanted: Sequence[UserEdit], *, by: str) -> list[User]:
        """In the order given. Raises Rejected, and NameInUse, which may come after some were made when somebody is faster."""
        now = self._clock.now()
        named: dict[str, str] = {}
        for edit in wanted:
            digests = edited(User(user_id="", username=""), edit, now).name_digests
            if twice := digests.keys() & named.keys():
                raise Rejected(f"{named[min(twice)]} is wanted by two of them", field="users")
            named |= digests
        for other in [stored.user for stored in await self._naming.listing_each(named)]:
            taken = other.name_digests.keys() & named.keys()
            if taken and other.status is not Status.PENDING_DELETION:
                raise NameInUse(f"{named[min(taken)]} belongs to {called(other, other.user_id)}", field="users")
        return [(await self._users.create(edit, by=by)).user for edit in wanted]

    async def send_to_trash(self, user_ids: Sequence[str], *, by: str) -> list[User]:
        """In the order given; who is there already stays as it is. Raises NotFound, and Rejected for one that a sync manages (B-158)."""
        users, syncs, now = await self._all(user_ids), await self._syncs.by_key(), self._clock.now()
        days = await self._deployment.trash_days()

        def going(user: User) -> User:
            if user.status is Status.PENDING_DELETION:
                return user
            check_user_removal(user, syncs)
            return trashed(user, now, days)

        gone = [going(user) for user in users]
        await self._trash.point(after for user, after in zip(users, gone, strict=True) if after is not user)
        return [await self._changed(user, going, Happening.USER_PENDING_DELETE, by) for user in users]

    async def restore(self, user_ids: Sequence[str], *, by: str) -> list[User]:
        """In the order given. Raises NotFound, and Rejected for one that is not in Trash, or that only a sync brings back (B-165)."""
        users, syncs = await self._all(user_ids), await self._syncs.by_key()

        def coming(user: User) -> User:
            return restored(user, syncs)

        _look_at(users, coming)
        return [await self._changed(user, coming, Happening.USER_RESTORE, by) for user in users]

    async def _changed(self, user: User, how: Callable[[User], User], action: Happening, by: str) -> User:
        async with self._journal.about(by, action, user.last_username, user.user_id) as entry:
            after = await self._rows.change(user.user_id, how)
            if after is None:
                raise unknown("user", user.user_id)
            if after == user:
                entry.came_to_nothing()
            return after

    async def _all(self, user_ids: Sequence[str]) -> list[User]:
        """Raises NotFound for the first that is not there."""
        stored = await self._rows.many(user_id for user_id in user_ids if has_form(user_id, "DU"))
        for user_id in user_ids:
            if user_id not in stored:
                raise unknown("user", user_id)
        return [stored[user_id].user for user_id in user_ids]


def _look_at(users: Iterable[User], how: Callable[[User], User]) -> None:
    """Raises what `how` raises for any of them, before anything is written."""
    for user in users:
        how(user)
