"""Rows of phones: table Phones, by the third character of the phone id, in the order of phone ids.

A row points to the user whose record has the phone, or holds the phone itself, when nobody has it. Both at once stand there while a
phone changes hands: then the record decides.
"""

from dataclasses import dataclass

from sync_core import ids
from sync_core.directory.lookups import PHONES
from sync_core.directory.phones import Phone
from sync_core.storage.bulk import each
from sync_core.storage.records import ROW_VERSION, columns, record
from sync_core.storage.tables import PAGE_ROWS, Delete, Insert, Replace, Row, Tables

TABLE = PHONES
_LAST_PHONE = "DP~"
_PARALLEL = 8


@dataclass(frozen=True, slots=True)
class StoredPhone:
    phone_id: str
    user_id: str
    """Whose record may have it; "" for nobody's."""
    phone: Phone | None
    """What it is, should nobody's record have it."""
    etag: str


class PhoneRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, phone_id: str) -> StoredPhone | None:
        row = await self._tables.get(TABLE, partition(phone_id), phone_id)
        return _stored(row) if row is not None else None

    async def page(self, after: str, limit: int) -> list[StoredPhone]:
        """Up to `limit` rows of phones whose ids come after `after` ("" for the first), in the order of ids."""
        found: list[StoredPhone] = []
        start = f"{after}!" if after else ""
        for part in ids.ALPHABET[ids.ALPHABET.index(partition(after)) if after else 0 :]:
            rows = self._tables.query(TABLE, part, start=start, end=_LAST_PHONE, page=min(limit - len(found), PAGE_ROWS))
            async for page in rows:
                found += map(_stored, page)
                if len(found) >= limit:
                    return found[:limit]
        return found

    async def count(self) -> int:
        """How many rows there are: a request a thousand, and at least one a partition."""

        async def part(partition: str) -> int:
            pages = self._tables.query(TABLE, partition, end=_LAST_PHONE, select=("version",))
            return sum([len(page) async for page in pages])

        return sum(await each(ids.ALPHABET, part, _PARALLEL))

    async def put(self, phone_id: str, user_id: str, phone: Phone | None, etag: str) -> str:
        """In the place of the row with this ETag, of none for "". Returns the new ETag; raises Conflict when it is another."""
        row = Row(partition(phone_id), phone_id, (columns(phone) if phone else {"version": ROW_VERSION}) | {"user": user_id}, etag)
        return await self._tables.write(TABLE, Replace(row) if etag else Insert(row))

    async def remove(self, phone_id: str, etag: str) -> None:
        """Raises Conflict when the row is not the one with this ETag."""
        await self._tables.write(TABLE, Delete(partition(phone_id), phone_id, etag))


def partition(phone_id: str) -> str:
    return ids.user_partition(phone_id)


def _stored(row: Row) -> StoredPhone:
    phone = record(row, Phone) if "record0" in row.values else None
    return StoredPhone(row.key, row.text("user"), phone, row.etag)
