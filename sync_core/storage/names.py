"""Rows of names: table Names, by the first digit of the digest, by digest. A claim, to be believed as far as its owner's record agrees."""

from collections.abc import Iterable

from sync_core.planning.claims import Claim
from sync_core.storage.bulk import seek_many
from sync_core.storage.tables import Delete, Insert, Replace, Row, Tables

TABLE = "Names"
_VERSION = 1


def to_row(digest: str, claim: Claim, etag: str = "") -> Row:
    values = {"version": _VERSION, "name": claim.name, "owner": claim.owner, "was": claim.was, "run": claim.run}
    return Row(partition(digest), digest, values, etag)


def from_row(row: Row) -> Claim:
    return Claim(row.text("name"), row.text("owner"), row.text("was"), row.text("run"))


def partition(digest: str) -> str:
    return digest[0]


class NameRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def many(self, digests: Iterable[str]) -> dict[str, tuple[Claim, str]]:
        """Those of the names that are claimed, each with its ETag, by digest."""
        rows = await seek_many(self._tables, TABLE, digests, partition)
        return {key: (from_row(row), row.etag) for key, row in rows.items()}

    async def put(self, digest: str, claim: Claim, etag: str) -> str:
        """In the place of the claim with this ETag, of none for "". Returns the new ETag; raises Conflict when it is another."""
        row = to_row(digest, claim, etag)
        return await self._tables.write(TABLE, Replace(row) if etag else Insert(row))

    async def remove(self, digest: str, etag: str) -> None:
        """Raises Conflict when the claim is not the one with this ETag."""
        await self._tables.write(TABLE, Delete(partition(digest), digest, etag))
