"""Rows of administrators: table Admins, one partition: administrators and pending activations by id, addresses by their digest.

All that a change touches is one transaction with `~meta`, which knows the active Owners and is replaced by ETag each time: so an
address has one owner among both (E-15), and an active Owner remains whoever changes them at once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from sync_core.directory.admins import Activation, AddressInUse, Admin, check_owner_remains
from sync_core.directory.lookups import email_key
from sync_core.errors import AlreadyExists, Conflict
from sync_core.storage.records import columns, record
from sync_core.storage.tables import Delete, Insert, Operation, Replace, Row, Tables

TABLE = "Admins"
PARTITION = "admins"
META = "~meta"
ADMIN, ACTIVATION, EMAIL = "DE", "DA", "mail-"

type Person = Admin | Activation


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    owners: tuple[str, ...] = ()
    """Ids of the active Owners."""
    admins: int = 0


class Claim(msgspec.Struct, frozen=True):
    """Whose an address is: the id of an administrator or an activation."""

    owner: str


@dataclass(frozen=True, slots=True)
class Stored[P: Person]:
    person: P
    etag: str


class AdminRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def admin(self, admin_id: str) -> Stored[Admin] | None:
        return await self._person(admin_id, Admin)

    async def activation(self, activation_id: str) -> Stored[Activation] | None:
        return await self._person(activation_id, Activation)

    async def with_email(self, email: str) -> Stored[Admin] | Stored[Activation] | None:
        """Whose address it is. Two point reads."""
        row = await self._tables.get(TABLE, PARTITION, EMAIL + email_key(email))
        owner = record(row, Claim).owner if row else ""
        if owner.startswith(ACTIVATION):
            return await self.activation(owner)
        return await self.admin(owner) if owner else None

    async def admins(self) -> list[Admin]:
        """In the order of their ids."""
        return await self._all(ADMIN, Admin)

    async def activations(self) -> list[Activation]:
        """In the order of their ids, those that expired too."""
        return await self._all(ACTIVATION, Activation)

    async def count(self) -> int:
        return (await self._meta())[0].admins

    async def write(
        self,
        before: Stored[Admin] | Stored[Activation] | None,
        after: Person | None,
        *,
        check: Callable[[frozenset[str]], None] | None = None,
    ) -> None:
        """Puts `after` in the place of `before`, with their addresses; None: there was none, or shall be none. `check` raises unless the
        active Owners, by their ids, are such that it may be written.

        Written already, as after a lost reply, is success. Raises AddressInUse, Rejected for the last active Owner, and Conflict when the
        person was changed meanwhile.
        """
        operations, claims = _operations(before, after)
        while True:
            meta, etag = await self._meta()
            if check is not None:
                check(frozenset(meta.owners))
            try:
                await self._tables.transact(TABLE, [_put_meta(_counted(meta, before, after), etag), *operations])
            except Conflict as conflict:
                if not conflict.index:
                    continue
                if await self._is_done(before, after):
                    return
                if isinstance(conflict, AlreadyExists) and conflict.index in claims:
                    raise AddressInUse("an administrator, or a pending activation, has this address", field="email") from None
                raise
            return

    async def _is_done(self, before: Stored[Admin] | Stored[Activation] | None, after: Person | None) -> bool:
        found: Stored[Admin] | Stored[Activation] | None = None
        if isinstance(after, Admin):
            found = await self.admin(after.admin_id)
        elif after is not None:
            found = await self.activation(after.activation_id)
        elif before is not None:
            return await self._tables.get(TABLE, PARTITION, person_id(before.person)) is None
        return found is not None and found.person == after

    async def _person[P: Person](self, key: str, kind: type[P]) -> Stored[P] | None:
        row = await self._tables.get(TABLE, PARTITION, key)
        return Stored(record(row, kind), row.etag) if row else None

    async def _all[P: Person](self, prefix: str, kind: type[P]) -> list[P]:
        pages = self._tables.query(TABLE, PARTITION, start=prefix, end=f"{prefix}~")
        return [record(row, kind) async for page in pages for row in page]

    async def _meta(self) -> tuple[Meta, str]:
        row = await self._tables.get(TABLE, PARTITION, META)
        return (record(row, Meta), row.etag) if row else (Meta(), "")


def person_id(person: Person) -> str:
    return person.admin_id if isinstance(person, Admin) else person.activation_id


def _operations(before: Stored[Admin] | Stored[Activation] | None, after: Person | None) -> tuple[list[Operation], set[int]]:
    """What is written besides `~meta`, and the places in the transaction where an address is claimed."""
    old, new = before.person if before else None, after
    same = old is not None and new is not None and person_id(old) == person_id(new)
    found: list[Operation] = []
    if old is not None and before is not None and not same:
        found.append(Delete(PARTITION, person_id(old), before.etag))
    if new is not None:
        row = Row(PARTITION, person_id(new), columns(new), before.etag if before is not None and same else "")
        found.append(Replace(row) if same else Insert(row))
    had, has = (EMAIL + email_key(person.email) if person is not None else "" for person in (old, new))
    claims: set[int] = set()
    if had and had != has:
        found.append(Delete(PARTITION, had))
    if new is not None and (had != has or not same):
        claim = Row(PARTITION, has, columns(Claim(person_id(new))), "*" if had == has else "")
        found.append(Replace(claim) if had == has else Insert(claim))
        claims.add(len(found))
    return found, claims


def _counted(meta: Meta, before: Stored[Admin] | Stored[Activation] | None, after: Person | None) -> Meta:
    """Raises Rejected when no active Owner would remain."""
    old = before.person if before is not None else None
    owners, number = set(meta.owners), meta.admins
    if isinstance(old, Admin):
        owners.discard(old.admin_id)
        number -= 1
    if isinstance(after, Admin):
        owners |= {after.admin_id} if after.is_active_owner else set[str]()
        number += 1
    check_owner_remains(meta.owners, owners)
    return Meta(owners=tuple(sorted(owners)), admins=number)


def _put_meta(meta: Meta, etag: str) -> Operation:
    row = Row(PARTITION, META, columns(meta), etag)
    return Replace(row) if etag else Insert(row)
