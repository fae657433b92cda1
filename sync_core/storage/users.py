"""Rows of users: table Users, by the third character of the user id, in the order of user ids.

Each partition has a `~meta` row: the highest fence of each sync that wrote there, and counts. Every transaction on users replaces it
by ETag, so a worker of a run that was overtaken is refused, and the counts are exact.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from msgspec import structs

from sync_core import ids
from sync_core.directory.users import User
from sync_core.errors import AlreadyExists, Missing, Overtaken, Stale
from sync_core.storage import user_counts
from sync_core.storage.bulk import each, seek_many
from sync_core.storage.records import columns, record
from sync_core.storage.tables import MAX_OPERATIONS, PAGE_ROWS, Delete, Insert, Operation, Replace, Row, Tables
from sync_core.storage.user_counts import Known, Meta

TABLE = "Users"
META = "~meta"
_LAST_USER = "DU~"
_PARALLEL_PARTITIONS = 8


@dataclass(frozen=True, slots=True)
class StoredUser:
    user: User
    etag: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A record to write: in the place of `before`, if there was one."""

    before: StoredUser | None
    after: User


@dataclass(frozen=True, slots=True)
class Removal:
    """A record to delete."""

    before: StoredUser


@dataclass(frozen=True, slots=True)
class Written[E: Edit | Removal]:
    """What became of edits of one partition."""

    refused: list[E]
    """Those that were not written, because one of their transaction met another record than its `before`: read these again."""
    known: Known
    """The partition as it then was, which is to be copied to Counts."""


class UserRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, user_id: str) -> User | None:
        row = await self._tables.get(TABLE, ids.user_partition(user_id), user_id)
        return record(row, User) if row else None

    async def many(self, user_ids: Iterable[str]) -> dict[str, StoredUser]:
        """Those of the users that there are, by user id."""
        rows = await seek_many(self._tables, TABLE, user_ids, ids.user_partition)
        return {key: StoredUser(record(row, User), row.etag) for key, row in rows.items()}

    async def page(self, after: str, limit: int) -> list[User]:
        """Up to `limit` users whose ids come after `after` ("" for the first), in the order of ids."""
        found: list[User] = []
        following = ids.ALPHABET
        if after:
            begun = ids.user_partition(after)
            following = ids.ALPHABET[ids.ALPHABET.index(begun) + 1 :]
            pages = self._tables.query(TABLE, begun, start=f"{after}!", end=_LAST_USER, page=min(limit, PAGE_ROWS))
            if await _fill(found, pages, limit):
                return found
        if following:
            pages = self._tables.span(TABLE, following[0], following[-1], end=_LAST_USER, page=min(limit - len(found), PAGE_ROWS))
            await _fill(found, pages, limit)
        return found

    async def count(self, match: Callable[[User], bool]) -> int:
        """How many users `match` picks. Reads all of them, a page of each of 8 partitions at a time: for rare questions only."""

        async def one(partition: str) -> int:
            found = 0
            async for page in self._tables.query(TABLE, partition, end=_LAST_USER):
                found += sum(match(record(row, User)) for row in page)
            return found

        return sum(await each(ids.ALPHABET, one, _PARALLEL_PARTITIONS))

    async def raise_fence(self, directory_key: str, fence: int) -> None:
        """Makes every partition refuse the runs of this sync before `fence`; and brings Counts up to what they wrote and died before."""
        fenced = partial(_fenced, directory_key=directory_key, fence=fence)
        known = await self.known(ids.ALPHABET)
        await self.copy_counts([(await self._transact(one, (), fenced))[0] for one in known.values()])

    async def write(self, known: Known, edits: Sequence[Edit], directory_key: str, fence: int | None) -> Written[Edit]:
        """Writes records of one partition; the caller copies its counts afterwards.

        Raises Overtaken when a later run of the sync has written, or fenced, this partition. None is nobody's fence: who is no run.
        """
        if fence is None:
            return await self._write(known, edits, lambda meta: meta)
        return await self._write(known, edits, partial(_fenced, directory_key=directory_key, fence=fence))

    async def amend[E: Edit | Removal](self, edits: Iterable[E]) -> list[E]:
        """Writes and deletes records of any partitions for somebody who is no run, and copies their counts. Returns what was refused."""
        by_partition: defaultdict[str, list[E]] = defaultdict(list)
        for edit in edits:
            by_partition[ids.user_partition(_user_id(edit))].append(edit)

        async def one(known: Known) -> Written[E]:
            return await self._write(known, by_partition[known.partition], lambda meta: meta)

        written = await each(list((await self.known(by_partition)).values()), one, _PARALLEL_PARTITIONS)
        await self.copy_counts(done.known for done in written)
        return [edit for done in written for edit in done.refused]

    async def change(self, user_id: str, how: Callable[[User], User]) -> User | None:
        """Puts `how` of the record in its place by ETag, computed anew when it changed meanwhile; writes nothing when that is the same.

        Returns the record as it then is; None when there is none.
        """
        while (before := (await self.many([user_id])).get(user_id)) is not None:
            after = how(before.user)
            if after == before.user or not await self.amend([Edit(before, after)]):
                return after
        return None

    async def _write[E: Edit | Removal](self, known: Known, edits: Sequence[E], fenced: Callable[[Meta], Meta]) -> Written[E]:
        """Whoever dies before the counts are copied leaves that to the delivery, or the run, that puts right what it left."""
        refused: list[E] = []
        size = MAX_OPERATIONS - 1
        for start in range(0, len(edits), size):
            part = edits[start : start + size]
            known, done = await self._transact(known, part, fenced)
            refused += () if done else part
        return Written(refused, known)

    async def _transact(self, known: Known, edits: Sequence[Edit | Removal], fenced: Callable[[Meta], Meta]) -> tuple[Known, bool]:
        """The partition as it then is, and whether the edits are written."""
        operations = list(map(_operation, edits))
        while True:
            meta = _next(_counted(fenced(known.meta), edits))
            try:
                etag, *_ = await self._tables.transact(TABLE, [_put_meta(known.partition, meta, known.etag), *operations])
            except (Stale, AlreadyExists, Missing) as conflict:
                if conflict.index:
                    return known, False
                known = await self.look(known)
                continue
            return replace(known, meta=meta, etag=etag), True

    # What is known of partitions

    async def known(self, partitions: Collection[str]) -> dict[str, Known]:
        """By partition, as Counts has it: it may be behind."""
        return await user_counts.known(self._tables, partitions)

    async def look(self, known: Known) -> Known:
        """The partition as it is."""
        row = await self._tables.get(TABLE, known.partition, META)
        return replace(known, meta=record(row, Meta) if row else Meta(), etag=row.etag if row else "")

    async def copy_counts(self, partitions: Iterable[Known]) -> None:
        await user_counts.copy(self._tables, partitions)

    async def recount(self, partitions: Collection[str]) -> None:
        """Brings Counts up to these partitions as they are: whoever wrote there last may have died before that."""
        await self.copy_counts(await each(list((await self.known(partitions)).values()), self.look, _PARALLEL_PARTITIONS))


async def _fill(found: list[User], pages: AsyncIterator[list[Row]], limit: int) -> bool:
    """Whether they are as many as `limit` then."""
    async for page in pages:
        found += [record(row, User) for row in page[: limit - len(found)]]
        if len(found) == limit:
            return True
    return False


def _fenced(meta: Meta, directory_key: str, fence: int) -> Meta:
    if meta.fences.get(directory_key, 0) > fence:
        raise Overtaken("a later run of this sync has written here")
    return structs.replace(meta, fences=meta.fences | {directory_key: fence})


def _counted(meta: Meta, edits: Iterable[Edit | Removal]) -> Meta:
    by_status, spread, without = Counter(meta.by_status), Counter(meta.spread), Counter(meta.without_device)
    for edit in edits:
        part = _user_id(edit)[3]
        if edit.before is not None:
            by_status[edit.before.user.status] -= 1
            without[edit.before.user.status] -= not edit.before.user.has_device
            spread[part] -= 1
        if isinstance(edit, Edit):
            by_status[edit.after.status] += 1
            without[edit.after.status] += not edit.after.has_device
            spread[part] += 1
    return structs.replace(meta, by_status=_positive(by_status), spread=_positive(spread), without_device=_positive(without))


def _next(meta: Meta) -> Meta:
    return structs.replace(meta, edition=meta.edition + 1)


def _positive(counts: Counter[str]) -> dict[str, int]:
    return {str(key): n for key, n in counts.items() if n}


def _user_id(edit: Edit | Removal) -> str:
    return edit.after.user_id if isinstance(edit, Edit) else edit.before.user.user_id


def _put_meta(partition: str, meta: Meta, etag: str) -> Operation:
    row = Row(partition, META, columns(meta), etag)
    return Replace(row) if etag else Insert(row)


def _operation(edit: Edit | Removal) -> Operation:
    if isinstance(edit, Removal):
        gone = edit.before.user.user_id
        return Delete(ids.user_partition(gone), gone, edit.before.etag)
    user = edit.after
    shown = {"status": user.status.value, "names": "\n".join(user.name_digests.values()), "groups": " ".join(user.groups)}
    row = Row(ids.user_partition(user.user_id), user.user_id, columns(user) | shown, edit.before.etag if edit.before else "")
    return Replace(row) if edit.before else Insert(row)
