"""Removes all that names a user, then the user. Done again, or by two at once, it ends the same."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sync_core.directory.lookups import pointers
from sync_core.directory.mail import enrollment_mail
from sync_core.directory.users import User
from sync_core.errors import Conflict
from sync_core.storage import names, objects
from sync_core.storage.bulk import write_all
from sync_core.storage.enrollments import EnrollmentRows
from sync_core.storage.lookups import Lookups
from sync_core.storage.members import Edits, MemberRows
from sync_core.storage.names import NameRows
from sync_core.storage.objects import ObjectRows
from sync_core.storage.outbox import OutboxRows
from sync_core.storage.tables import Delete, Operation, Tables
from sync_core.storage.users import Removal, UserRows


class Eraser:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._users = UserRows(tables)
        self._names = NameRows(tables)
        self._members = MemberRows(tables)
        self._lookups = Lookups(tables, self._users)
        self._objects = ObjectRows(tables)
        self._enrollments = EnrollmentRows(tables)
        self._outbox = OutboxRows(tables)

    async def __call__(self, user_ids: Collection[str]) -> None:
        """Of users that nobody may bring back any more: their records say so already. The record goes last, and the counts with it."""
        while user_ids:
            stored = await self._users.many(user_ids)
            users = [found.user for found in stored.values()]
            await self._erase_names(users)
            await self._erase_members(users)
            await self._lookups.erase(pointer for user in users for pointer in pointers(user))
            await self.erase_objects(users)
            await self.erase_enrollments(stored)
            refused = await self._users.amend([Removal(found) for found in stored.values()])
            user_ids = [removal.before.user.user_id for removal in refused]

    async def _erase_names(self, users: Iterable[User]) -> None:
        """The claims whose owners they are; a name that somebody else has taken over is theirs."""
        owners = {key: user.user_id for user in users for key in user.name_digests}

        async def deletes(keys: Iterable[str]) -> dict[str, Operation]:
            claims = await self._names.many(keys)
            return {key: Delete(names.partition(key), key, etag) for key, (claim, etag) in claims.items() if claim.owner == owners[key]}

        async def meet(operation: Operation, error: Conflict) -> Operation | None:
            del error
            key = _key(operation)
            return (await deletes([key])).get(key)

        await write_all(self._tables, names.TABLE, list((await deletes(owners)).values()), on_conflict=meet)

    async def _erase_members(self, users: Iterable[User]) -> None:
        edits: defaultdict[str, Edits] = defaultdict(Edits)
        for user in users:
            for group in user.groups:
                edits[group].leaves.add(user.user_id)
        await self._members.edit(edits)

    async def erase_objects(self, users: Iterable[User]) -> None:
        """What syncs know of them without holding them."""
        by_sync: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for user in users:
            for directory_key, object_id in user.objects:
                by_sync[directory_key][object_id] = user.user_id
        for directory_key, owners in by_sync.items():
            await self._erase_objects_of(directory_key, owners)

    async def erase_enrollments(self, user_ids: Collection[str]) -> None:
        """With the mail about them that has not gone out yet."""
        pending = await self._enrollments.many(user_ids)
        await self._outbox.remove([enrollment_mail(enrollment).mail_id for enrollment in pending])
        await self._enrollments.remove([enrollment.user_id for enrollment in pending])

    async def _erase_objects_of(self, directory_key: str, owners: dict[str, str]) -> None:
        """`owners`: user id by object id."""

        async def deletes(object_ids: Iterable[str]) -> dict[str, Operation]:
            rows = (await self._objects.many(directory_key, object_ids)).items()
            return {i: Delete(objects.partition(directory_key, i), i, etag) for i, (row, etag) in rows if row.user_id == owners[i]}

        async def meet(operation: Operation, error: Conflict) -> Operation | None:
            del error
            key = _key(operation)
            return (await deletes([key])).get(key)

        await write_all(self._tables, objects.TABLE, list((await deletes(owners)).values()), on_conflict=meet)


def _key(operation: Operation) -> str:
    return operation.key if isinstance(operation, Delete) else operation.row.key
