"""Users made, changed and deleted by hand: all of an unmanaged one, of a managed one what its syncs leave open (B-150..B-158).

Order of writing: names claimed and what finds the user, then the record by ETag, then what the record dropped freed. The record decides,
so a cut anywhere leaves at most claims and pointers that nobody's record agrees with.
"""

from collections.abc import Collection

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.edits import UserEdit, edited
from sync_core.directory.events import Happening
from sync_core.directory.locks import check_user_edit, check_user_removal
from sync_core.directory.lookups import pointers
from sync_core.directory.names import digest
from sync_core.directory.phone_edits import by_hand
from sync_core.directory.users import User
from sync_core.errors import Conflict
from sync_core.ids import RandomBits
from sync_core.management.existing import stored_user
from sync_core.management.journal import Journal
from sync_core.management.loose_phones import LoosePhones
from sync_core.management.naming import TRIES, Naming
from sync_core.management.versions import check_version
from sync_core.management.writing import is_written
from sync_core.planning.describe import fields
from sync_core.storage.locks import LockRows
from sync_core.storage.log import LogRows
from sync_core.storage.lookups import Lookups
from sync_core.storage.members import Edits, MemberRows
from sync_core.storage.names import NameRows
from sync_core.storage.phones import PhoneRows
from sync_core.storage.syncs import SyncRows
from sync_core.storage.tables import Tables
from sync_core.storage.users import Edit, Removal, StoredUser, UserRows
from sync_core.trash.erase import Eraser

_NOBODY = User(user_id="", username="")


class Users:
    def __init__(
        self,
        rows: UserRows,
        members: MemberRows,
        lookups: Lookups,
        phones: LoosePhones,
        syncs: SyncRows,
        naming: Naming,
        eraser: Eraser,
        journal: Journal,
        clock: Clock,
        random_bits: RandomBits,
    ) -> None:
        self._rows = rows
        self._members = members
        self._lookups = lookups
        self._phones = phones
        self._syncs = syncs
        self._naming = naming
        self._eraser = eraser
        self._journal = journal
        self._clock = clock
        self._random_bits = random_bits

    async def create(self, new: UserEdit, *, by: str) -> StoredUser:
        """An unmanaged user. Raises Rejected, naming the field, and NameInUse."""
        now = self._clock.now()
        user = edited(User(user_id=ids.new_user_id(self._random_bits), username="", created_at=now), new, now)
        claimed = await self._naming.claim(user, user.name_digests)
        await self._lookups.promise(pointers(user))
        told = {field.name: field.after for field in fields(_NOBODY, user, {})}
        async with self._journal.about(by, Happening.USER_CREATE, user.username, user.user_id, told):
            if not await is_written(self._rows, Edit(None, user)):
                await self._naming.release(claimed)
                await self._lookups.follow(dict.fromkeys(pointers(user), False))
                raise Conflict("there is a user of this new id already: try again")
        return await self.get(user.user_id)

    async def find(self, username: str) -> StoredUser | None:
        """Whoever has this username, in any spelling; nobody who has it as an alias, or is in Trash."""
        key = digest(username)
        stored = await self._naming.listing(key)
        return stored if stored is not None and digest(stored.user.username) == key and not stored.user.in_trash else None

    async def get(self, user_id: str) -> StoredUser:
        """Raises NotFound."""
        return await stored_user(self._rows, user_id)

    async def update(self, user_id: str, edit: UserEdit, if_match: Collection[str] = (), *, by: str) -> StoredUser:
        """The user as it then is. Raises NotFound, Outdated, Rejected for a locked field or a value that cannot be, NameInUse."""
        for _ in range(TRIES):
            before = await self.get(user_id)
            check_version(before.etag, if_match)
            after = edited(before.user, edit, self._clock.now())
            if after == before.user:
                return before
            check_user_edit(before.user, after, await self._syncs.by_key())
            try:
                if await self._replace(before, after, by):
                    return await self.get(user_id)
            except Conflict:
                continue
        raise Conflict(f"others are changing {user_id} at this moment: read it again, and repeat")

    async def delete(self, user_id: str, if_match: Collection[str] = (), *, by: str) -> None:
        """Deletes an unmanaged user for good, at once; its phones stay and are nobody's (E-11).

        Raises NotFound, Outdated, and Rejected for one that may not be.
        """
        for _ in range(TRIES):
            before = await self.get(user_id)
            check_version(before.etag, if_match)
            check_user_removal(before.user, await self._syncs.by_key())
            try:
                freed = await self._naming.giving_up(before.user, before.user.name_digests)
            except Conflict:
                continue
            phones = [by_hand(phone) for phone in before.user.phones]
            for phone in phones:
                await self._phones.keep(phone, user_id)
            async with self._journal.about(by, Happening.USER_DELETE, before.user.last_username, user_id) as entry:
                entry.happened = await is_written(self._rows, Removal(before))
            if not entry.happened:
                continue
            await self._naming.free(freed)
            for phone in phones:
                await self._phones.set_free(phone, user_id)
            await self._lookups.follow(dict.fromkeys(pointers(before.user), False))
            await self._members.edit({group: Edits(leaves={user_id}) for group in before.user.groups})
            await self._eraser.erase_objects([before.user])
            await self._eraser.erase_enrollments([user_id])
            return
        raise Conflict(f"others are changing {user_id} at this moment: read it again, and repeat")

    async def _replace(self, before: StoredUser, after: User, by: str) -> bool:
        """Whether the record was written. Raises Conflict when somebody else is at its names."""
        old, new = before.user.name_digests, after.name_digests
        claimed = await self._naming.claim(after, [key for key in new if key not in old])
        try:
            freed = await self._naming.giving_up(before.user, [key for key in old if key not in new])
        except BaseException:  # whatever ends it, cancelled calls too: nobody else knows of these claims
            await self._naming.release(claimed)
            raise
        found_by, finds = pointers(before.user), pointers(after)
        await self._lookups.promise(finds - found_by)
        told = {field.name: field.after for field in fields(before.user, after, {})}
        async with self._journal.about(by, Happening.USER_UPDATE, after.last_username, after.user_id, told) as entry:
            entry.happened = await is_written(self._rows, Edit(before, after))
        await self._lookups.follow(dict.fromkeys(found_by - finds if entry.happened else finds - found_by, False))
        if not entry.happened:
            found = (await self._rows.many([after.user_id])).get(after.user_id)
            await self._naming.release(claimed, found.user.name_digests if found is not None else ())
            return False
        await self._naming.free(freed)
        return True


def make_users(tables: Tables, clock: Clock, random_bits: RandomBits) -> Users:
    rows = UserRows(tables)
    lookups = Lookups(tables, rows)
    naming = Naming(NameRows(tables), rows, LockRows(tables), clock, random_bits)
    journal = Journal(LogRows(tables, clock), clock, random_bits)
    loose, members = LoosePhones(PhoneRows(tables), lookups), MemberRows(tables)
    return Users(rows, members, lookups, loose, SyncRows(tables), naming, Eraser(tables), journal, clock, random_bits)
