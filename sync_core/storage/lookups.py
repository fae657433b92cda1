"""Rows that find users by mail address, number and phone: tables Emails and Numbers, by the first digit of the digest, and Phones.

They follow the records: believed only as far as the record agrees, so one that is late, or that a dead worker left, misleads nobody.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import partial

from sync_core import ids
from sync_core.directory.lookups import BYPASS_CODES, EMAILS, NUMBERS, PHONES, Pointer, email_key, number_key, pointers
from sync_core.directory.phones import Phone
from sync_core.directory.users import User
from sync_core.errors import Conflict
from sync_core.storage.bulk import each, seek_many, write_all
from sync_core.storage.members import Edits
from sync_core.storage.phones import PhoneRows
from sync_core.storage.tables import MAX_OPERATIONS, PAGE_ROWS, Delete, Insert, Operation, Replace, Row, Tables
from sync_core.storage.users import UserRows

TABLES = (EMAILS, NUMBERS, BYPASS_CODES)
MOST = 500
"""Entries of a row: of a number that a whole company lists, and of an address that many share, these are all that a lookup finds."""
_PARALLEL = 8
_FEW = 2
"""So many rows of a transaction may be there already before all of it are read."""
_VERSION = 1


class Lookups:
    def __init__(self, tables: Tables, users: UserRows) -> None:
        self._tables = tables
        self._users = users
        self._phones = PhoneRows(tables)

    # Reading

    async def by_email(self, email: str) -> list[User]:
        """The users with this address, in any spelling, in the order of their ids; those in Trash too. Two requests."""
        key = email_key(email)
        users = await self._users_of(await self._entries(EMAILS, key))
        return [user for user in users if email_key(user.email) == key]

    async def by_number(self, number: str, extension: str | None = None) -> list[tuple[Phone, User | None]]:
        """The phones with this number, in E.164, each with its user; None for nobody's. With any extension, or with this one, "" for none.

        Two requests, and one for each phone that is nobody's.
        """
        entries = [entry.partition(" ")[::2] for entry in await self._entries(NUMBERS, number_key(number))]
        users = await self._users_of({user_id for _, user_id in entries if user_id})
        found: list[tuple[Phone, User | None]] = [(phone, user) for user in users for phone in user.phones]
        owned = {phone.phone_id for phone, _ in found}
        for phone_id in (phone_id for phone_id, user_id in entries if not user_id and phone_id not in owned):
            stored = await self.phone(phone_id)
            found += [stored] if stored is not None else []
        return [one for one in found if one[0].number == number and extension in (None, one[0].extension)]

    async def phone(self, phone_id: str) -> tuple[Phone, User | None] | None:
        """The phone, and whose it is; None for nobody's. None at all where there is no such phone. Two requests."""
        stored = await self._phones.get(phone_id)
        user = await self._users.get(stored.user_id) if stored is not None and stored.user_id else None
        phone = next((phone for phone in user.phones if phone.phone_id == phone_id), None) if user is not None else None
        if phone is not None:
            return phone, user
        return (stored.phone, None) if stored is not None and stored.phone is not None else None

    async def bypass_code(self, code_id: str) -> str:
        """The user whose record may list it; "" for nobody."""
        return next(iter(await self._entries(BYPASS_CODES, code_id)), "")

    async def bypass_codes(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Up to `limit` ids that come after `after` ("" for the first), in order, each with the user whose record may list it."""
        start, found = f"{after}!" if after else "", list[tuple[str, str]]()
        async for page in self._tables.query(BYPASS_CODES, _partition(BYPASS_CODES, "DB"), start=start, page=min(limit, PAGE_ROWS)):
            found += [(row.key, entry) for row in page for entry in _entries(row)[:1]]
            if len(found) >= limit:
                break
        return found[:limit]

    async def count_bypass_codes(self) -> int:
        """How many rows there are: a request a thousand."""
        pages = self._tables.query(BYPASS_CODES, _partition(BYPASS_CODES, "DB"), select=("version",))
        return sum([len(page) async for page in pages])

    async def _entries(self, table: str, key: str) -> list[str]:
        return _entries(await self._tables.get(table, _partition(table, key), key))

    async def _users_of(self, user_ids: Collection[str]) -> list[User]:
        stored = await self._users.many(user_ids)
        return [stored[user_id].user for user_id in sorted(stored)]

    # Writing

    async def follow(self, points: Mapping[Pointer, bool]) -> None:
        """Brings the rows to what was written in the records: each pointer stands, or does not. Done again, it writes nothing.

        One that is not to stand stays where the record, read again, has it by now.
        """
        await self._bring(points, self._users)

    async def erase(self, points: Iterable[Pointer]) -> None:
        """Removes them although the records are still there: those of users that nobody may bring back any more."""
        await self._bring(dict.fromkeys(points, False), None)

    async def _bring(self, points: Mapping[Pointer, bool], users: UserRows | None) -> None:
        by_table: defaultdict[str, defaultdict[str, Edits]] = defaultdict(lambda: defaultdict(Edits))
        for pointer, stands in points.items():
            edits = by_table[pointer.table][pointer.key]
            (edits.enters if stands else edits.leaves).add(pointer.entry)
        for table, edits in by_table.items():
            pending = await self._insert(table, edits)
            while pending:
                pending = await self._merge(table, pending, users)

    async def promise(self, points: Iterable[Pointer]) -> None:
        """Points to a record that is about to be written, and writes each row even if it points there already: whoever is about to
        remove the entry, because an older record did not have it, sees that the row changed, and looks at the record again.
        """
        for pointer in points:
            while True:
                row = await self._tables.get(pointer.table, _partition(pointer.table, pointer.key), pointer.key)
                after = _row(pointer.table, pointer.key, row, Edits(enters={pointer.entry}))
                try:
                    await self._tables.write(pointer.table, Replace(after) if after.etag else Insert(after))
                except Conflict:
                    continue
                break

    async def _insert(self, table: str, edits: Mapping[str, Edits]) -> dict[str, Edits]:
        """Inserts, unread, what nobody need have had before: nearly all of a first sync. Returns what has to be read first."""
        parts: defaultdict[str, list[Operation]] = defaultdict(list)
        for key, edit in edits.items():
            if not edit.leaves:
                parts[_partition(table, key)].append(Insert(_row(table, key, None, edit)))
        shares = [part[start : start + MAX_OPERATIONS] for part in parts.values() for start in range(0, len(part), MAX_OPERATIONS)]

        async def insert(share: list[Operation]) -> list[str]:
            met: list[Operation] = []
            while share and len(met) < _FEW:
                try:
                    await self._tables.transact(table, share)
                except Conflict as conflict:
                    met.append(share.pop(conflict.index))
                    continue
                share = []
            return [operation.row.key for operation in (*met, *share) if isinstance(operation, Insert)]

        there = {key for met in await each(shares, insert, _PARALLEL) for key in met}
        return {key: edit for key, edit in edits.items() if edit.leaves or key in there}

    async def _merge(self, table: str, edits: Mapping[str, Edits], users: UserRows | None) -> dict[str, Edits]:
        """Returns what has to be tried again, because a row changed meanwhile. `users` are asked after the rows, if anybody is."""
        rows = await seek_many(self._tables, table, edits, partial(_partition, table))
        leaving = {Pointer(table, key, entry) for key, edit in edits.items() if key in rows for entry in edit.leaves}
        if users is not None:
            stored = await users.many({pointer.user_id for pointer in leaving if pointer.user_id})
            leaving -= {pointer for found in stored.values() for pointer in pointers(found.user)}
        again: dict[str, Edits] = {}

        async def meet(operation: Operation, error: Conflict) -> None:
            del error
            key = operation.key if isinstance(operation, Delete) else operation.row.key
            again[key] = edits[key]

        operations: list[Operation] = []
        for key, edit in edits.items():
            leaves = {entry for entry in edit.leaves if Pointer(table, key, entry) in leaving}
            operation = _operation(table, key, rows.get(key), Edits(edit.enters, leaves))
            operations += [operation] if operation is not None else []
        await write_all(self._tables, table, operations, on_conflict=meet)
        return again


def _partition(table: str, key: str) -> str:
    return ids.user_partition(key) if table == PHONES else key[0]


def _entries(row: Row | None) -> list[str]:
    """Of a row of any of the tables; a phone's is the user's id, where it has one."""
    if row is None:
        return []
    return [entry for entry in row.text("user" if row.key.startswith("DP") else "entries").split("\n") if entry]


def _operation(table: str, key: str, row: Row | None, edits: Edits) -> Operation | None:
    before = set(_entries(row))
    if not edits.enters and not before & edits.leaves:
        return None
    if row is not None and not edits.enters | before - edits.leaves:
        return Delete(row.partition, key, row.etag)
    after = _row(table, key, row, edits)
    if row is None:
        return Insert(after)
    return Replace(after) if after.values != row.values else None


def _row(table: str, key: str, row: Row | None, edits: Edits) -> Row:
    """The row as it shall be; of a phone, the one user that has it now, and no copy of the phone any more."""
    etag = row.etag if row is not None else ""
    if table == PHONES:
        return Row(_partition(table, key), key, {"version": _VERSION, "user": "".join(edits.enters)}, etag)
    after = [entry for entry in _entries(row) if entry not in edits.leaves]
    after += sorted(edits.enters.difference(after))[: max(0, MOST - len(after))]
    return Row(_partition(table, key), key, {"version": _VERSION, "entries": "\n".join(sorted(after))}, etag)
