"""Whether a user may authenticate now, and locking it out (B-152..B-157)."""

from msgspec.structs import replace

from sync_core.directory.events import Happening
from sync_core.directory.locks import check_not_in_trash
from sync_core.directory.status import Access, access
from sync_core.directory.users import User
from sync_core.errors import Rejected
from sync_core.management.directory import DirectoryViews
from sync_core.management.existing import existing_user
from sync_core.management.journal import Journal
from sync_core.management.references import unknown
from sync_core.storage.users import UserRows

MAX_REASON = 200


class SignIn:
    def __init__(self, users: UserRows, directory: DirectoryViews, journal: Journal) -> None:
        self._users = users
        self._directory = directory
        self._journal = journal

    async def of(self, user_id: str) -> tuple[User, Access]:
        """The user, and what it may do. Raises NotFound."""
        user = await self._directory.user(user_id)
        return user, access(user, await self._directory.groups_of(user))

    async def lock_out(self, user_id: str, reason: str, *, by: str) -> None:
        """Locks the user out until `unlock`; done again, the newer reason stands.

        Raises NotFound, and Rejected for a user in Trash (D-24) or a reason that is none.
        """
        reason = reason.strip()
        if not reason or len(reason) > MAX_REASON or not reason.isprintable():
            raise Rejected(f"say why, in 1 to {MAX_REASON} printable characters", field="reason")
        await self._set(user_id, reason, by)

    async def unlock(self, user_id: str, *, by: str) -> None:
        """Ends the lockout, if there is one. Raises NotFound, and Rejected for a user in Trash (D-24)."""
        await self._set(user_id, "", by)

    async def _set(self, user_id: str, reason: str, by: str) -> None:
        def locked(user: User) -> User:
            check_not_in_trash(user)
            return replace(user, lockout_reason=reason)

        before = await existing_user(self._users, user_id)
        if locked(before) == before:
            return
        async with self._journal.about(by, Happening.USER_UPDATE, before.username, user_id, {"lockout_reason": reason}):
            if await self._users.change(user_id, locked) is None:
                raise unknown("user", user_id)
