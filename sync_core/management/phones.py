"""Phones made, changed, handed over and deleted by hand: all that no sync keeps (B-076, B-150).

A user's phones stand in its record and change with it, by its ETag; what points to them is there before the record and goes after it.
"""

from collections.abc import Callable, Collection

from msgspec.structs import replace

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.events import Happening
from sync_core.directory.locks import Syncs, check_phone_addition, check_phone_edit
from sync_core.directory.lookups import pointers
from sync_core.directory.phone_edits import MAX_PHONES, PhoneEdit, by_hand, edited_phone
from sync_core.directory.phones import Phone, written
from sync_core.directory.users import User, called
from sync_core.errors import Conflict, Rejected
from sync_core.ids import RandomBits, has_form
from sync_core.management.existing import stored_user
from sync_core.management.journal import Journal
from sync_core.management.loose_phones import LoosePhones
from sync_core.management.naming import TRIES
from sync_core.management.references import unknown
from sync_core.management.versions import check_version
from sync_core.management.writing import is_written
from sync_core.storage.log import LogRows
from sync_core.storage.lookups import Lookups
from sync_core.storage.phones import PhoneRows
from sync_core.storage.syncs import SyncRows
from sync_core.storage.tables import Tables
from sync_core.storage.users import Edit, StoredUser, UserRows

type Owned = tuple[Phone, User | None]
"""A phone and whose it is; None for nobody's."""
type How = Callable[[User, Syncs], User]
"""The record as it shall be. Raises Rejected where it may not."""


class Phones:
    def __init__(
        self, users: UserRows, rows: PhoneRows, lookups: Lookups, syncs: SyncRows, journal: Journal, random_bits: RandomBits
    ) -> None:
        self._users = users
        self._rows = rows
        self._lookups = lookups
        self._loose = LoosePhones(rows, lookups)
        self._syncs = syncs
        self._journal = journal
        self._random_bits = random_bits

    # A user's

    async def add(self, user_id: str, edit: PhoneEdit, if_match: Collection[str] = (), *, by: str) -> tuple[StoredUser, Phone]:
        """A new phone of the user. Raises NotFound, Outdated, and Rejected, naming the field."""
        if not has_form(user_id, "DU"):
            raise unknown("user", user_id)
        phone = edited_phone(Phone(phone_id=ids.new_phone_id(user_id, self._random_bits)), edit)
        stored = await self._edit(user_id, lambda user, _: _with(user, phone), if_match, by, Happening.PHONE_CREATE, phone)
        return stored, phone

    async def change(
        self, user_id: str, phone_id: str, edit: PhoneEdit, if_match: Collection[str] = (), *, by: str
    ) -> tuple[StoredUser, Phone]:
        """Raises NotFound, Outdated, and Rejected for a phone that a sync keeps or a value that cannot be."""

        def changed(user: User, syncs: Syncs) -> User:
            before = _own(user, phone_id)
            after = edited_phone(before, edit)
            if after != before:
                check_phone_edit(before, user, syncs)
            return replace(user, phones=tuple(after if phone is before else phone for phone in user.phones))

        stored = await self._edit(user_id, changed, if_match, by, Happening.PHONE_UPDATE, Phone(phone_id=phone_id))
        return stored, _own(stored.user, phone_id)

    async def remove(self, user_id: str, phone_id: str, if_match: Collection[str] = (), *, by: str) -> StoredUser:
        """Deletes the phone, the last activated one too. Raises NotFound, Outdated, and Rejected for one that a sync keeps."""
        return await self._edit(user_id, _without(phone_id), if_match, by, Happening.PHONE_DELETE, Phone(phone_id=phone_id))

    def of(self, user: User, phone_id: str) -> Phone:
        """Raises NotFound."""
        return _own(user, phone_id)

    # Of anybody, or nobody

    async def get(self, phone_id: str) -> Owned:
        """Raises NotFound."""
        found = await self._lookups.phone(phone_id) if has_form(phone_id, "DP") else None
        if found is None:
            raise unknown("phone", phone_id)
        return found

    async def page(self, after: str, limit: int) -> list[Owned]:
        """Up to `limit` phones whose ids come after `after` ("" for the first), in the order of ids."""
        found: list[Owned] = []
        while len(found) < limit and (rows := await self._rows.page(after, limit - len(found))):
            after = rows[-1].phone_id
            users = await self._users.many({row.user_id for row in rows if row.user_id})
            for row in rows:
                user = users[row.user_id].user if row.user_id in users else None
                phone = _find(user, row.phone_id) if user is not None else None
                if phone is not None:
                    found.append((phone, user))
                elif row.phone is not None:
                    found.append((row.phone, None))
        return found

    async def create(self, edit: PhoneEdit, *, by: str) -> Phone:
        """A phone that nobody has yet. Raises Rejected, naming the field."""
        phone = edited_phone(Phone(phone_id=ids.new_phone_id(random_bits=self._random_bits)), edit)
        async with self._journal.about(by, Happening.PHONE_CREATE, _called(phone), phone.phone_id):
            await self._loose.keep(phone)
        return phone

    async def update(self, phone_id: str, edit: PhoneEdit, *, by: str) -> Owned:
        """Raises NotFound, and Rejected for a phone that a sync keeps or a value that cannot be."""
        before, user = await self.get(phone_id)
        if user is not None:
            stored, phone = await self.change(user.user_id, phone_id, edit, by=by)
            return phone, stored.user
        phone = edited_phone(before, edit)
        if phone != before:
            async with self._journal.about(by, Happening.PHONE_UPDATE, _called(phone), phone_id):
                await self._loose.keep(phone)
            if before.number != phone.number:
                await self._loose.unlist(before)
        return phone, None

    async def delete(self, phone_id: str, *, by: str) -> None:
        """Raises NotFound, and Rejected for a phone that a sync keeps."""
        phone, user = await self.get(phone_id)
        if user is not None:
            await self.remove(user.user_id, phone_id, by=by)
            return
        async with self._journal.about(by, Happening.PHONE_DELETE, _called(phone), phone_id):
            await self._loose.forget(phone)

    async def attach(self, user_id: str, phone_id: str, *, by: str) -> StoredUser:
        """Gives nobody's phone to the user. Done again, it changes nothing. Raises NotFound, and Rejected where somebody else has it."""
        await stored_user(self._users, user_id)
        for _ in range(TRIES):
            row = await self._rows.get(phone_id) if has_form(phone_id, "DP") else None
            phone, owner = await self.get(phone_id)
            if owner is not None and owner.user_id == user_id:
                await self._loose.take(phone, user_id)  # whoever gave it to the user may have died before that
                return await stored_user(self._users, user_id)
            if owner is not None:
                raise Rejected(f"the phone belongs to {called(owner, owner.user_id)}: take it from there first", field="phone_id")
            if row is None or row.phone is None:
                continue
            try:
                await self._loose.claim(row, user_id)
            except Conflict:
                continue
            await self._edit(user_id, _taking(by_hand(phone)), (), by, Happening.PHONE_ASSOCIATE, phone, points=False)
            if await self._loose.take(phone, user_id):
                return await stored_user(self._users, user_id)
            await self._users.change(user_id, lambda user: replace(user, phones=tuple(p for p in user.phones if p.phone_id != phone_id)))
        raise Conflict(f"others are changing {phone_id} at this moment: read it again, and repeat")

    async def detach(self, user_id: str, phone_id: str, *, by: str) -> StoredUser:
        """Takes the phone from the user; it is nobody's then. Raises NotFound, and Rejected for a phone that a sync keeps."""
        user = (await stored_user(self._users, user_id)).user
        phone = by_hand(_own(user, phone_id))
        _without(phone_id)(user, await self._syncs.by_key())
        await self._loose.keep(phone, user_id)
        stored = await self._edit(user_id, _without(phone_id), (), by, Happening.PHONE_DISASSOCIATE, phone, points=False)
        await self._loose.set_free(phone, user_id)
        return stored

    # Writing

    async def _edit(
        self, user_id: str, how: How, if_match: Collection[str], by: str, what: Happening, phone: Phone, *, points: bool = True
    ) -> StoredUser:
        """The user as it then is. Without `points`, whoever calls sees to what points to the phone."""
        for _ in range(TRIES):
            before = await stored_user(self._users, user_id)
            check_version(before.etag, if_match)
            after = how(before.user, await self._syncs.by_key())
            if after == before.user:
                return before
            old, new = pointers(before.user if points else None), pointers(after if points else None)
            await self._lookups.promise(new - old)
            told = _find(after, phone.phone_id) or _find(before.user, phone.phone_id) or phone
            async with self._journal.about(by, what, _called(told), phone.phone_id, {"username": after.username}) as entry:
                entry.happened = await is_written(self._users, Edit(before, after))
            await self._lookups.follow(dict.fromkeys(old - new if entry.happened else new - old, False))
            if entry.happened:
                return await stored_user(self._users, user_id)
        raise Conflict(f"others are changing {user_id} at this moment: read it again, and repeat")


def _find(user: User, phone_id: str) -> Phone | None:
    return next((phone for phone in user.phones if phone.phone_id == phone_id), None)


def _own(user: User, phone_id: str) -> Phone:
    found = _find(user, phone_id)
    if found is None:
        raise unknown("phone", phone_id)
    return found


def _with(user: User, phone: Phone) -> User:
    check_phone_addition(user)
    if len(user.phones) >= MAX_PHONES:
        raise Rejected(f"a user has at most {MAX_PHONES} phones", field="phones")
    return replace(user, phones=(*user.phones, phone))


def _taking(phone: Phone) -> How:
    return lambda user, _: user if _find(user, phone.phone_id) else _with(user, phone)


def _without(phone_id: str) -> How:
    def without(user: User, syncs: Syncs) -> User:
        phone = _own(user, phone_id)
        check_phone_edit(phone, user, syncs)
        return replace(user, phones=tuple(other for other in user.phones if other is not phone))

    return without


def _called(phone: Phone) -> str:
    return written(phone.number, phone.extension) or phone.name


def make_phones(tables: Tables, clock: Clock, random_bits: RandomBits) -> Phones:
    users = UserRows(tables)
    journal = Journal(LogRows(tables, clock), clock, random_bits)
    return Phones(users, PhoneRows(tables), Lookups(tables, users), SyncRows(tables), journal, random_bits)
