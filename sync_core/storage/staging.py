"""Rows of a run at work: table Staging, by run. Dropped when the run has ended.

Pages of members as they were read, the answers about absentees, what claims won, the marks of steps that are done, and signs of life.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime

import msgspec

from sync_core.entra.port import Page, Presence, SourceUser
from sync_core.errors import AlreadyExists, Missing
from sync_core.planning.reading import Outcome
from sync_core.storage.ahead import ahead
from sync_core.storage.bulk import write_all
from sync_core.storage.packed import pack, unpack
from sync_core.storage.tables import Delete, Insert, Row, Tables, Upsert, Value

TABLE = "Staging"
_USERS = msgspec.msgpack.Decoder(tuple[SourceUser, ...])
_ETAGS = msgspec.msgpack.Decoder(dict[str, str])


class StagedPage(msgspec.Struct, frozen=True):
    """What is known of a staged page without its users."""

    number: int
    next: str
    total: int | None
    ids: bytes
    """8 bytes for each user: to count distinct ones."""


class GroupMark(msgspec.Struct, frozen=True, kw_only=True):
    """A group's chain of pages has closed: how, and which of its attempts counts."""

    outcome: Outcome
    attempt: int = 1
    pages: int = 0
    members: int = 0
    """Different users that came; of a group that was read."""
    detail: str = ""


class GroupsTold(msgspec.Struct, frozen=True, kw_only=True):
    """What the source says of the groups that were read: their names by object id, and which of them were deleted since."""

    names: dict[str, str]
    gone: tuple[str, ...] = ()


class ClaimMark(msgspec.Struct, frozen=True, kw_only=True):
    """A share of claims is made; `lost` are the object ids whose claims met somebody else's."""

    lost: tuple[str, ...] = ()


class StepMark(msgspec.Struct, frozen=True, kw_only=True):
    """A step, or a chain of them, is done."""

    note: str = ""


class Sign(msgspec.Struct, frozen=True):
    """A message was handled: when, and the requests that it took by kind."""

    at: datetime
    requests: dict[str, int]


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    user: SourceUser | None
    groups: tuple[str, ...]


_ANSWERS = msgspec.msgpack.Decoder(dict[str, _Answer])


class StagingRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    # Pages

    async def add_page(self, run: str, group: int, attempt: int, number: int, page: Page) -> StagedPage:
        """Keeps a page and returns it, with its `ids`. Raises AlreadyExists when there is one of this number."""
        ids = b"".join(_short(user.object_id) for user in page.users)
        values: dict[str, Value] = {"next": page.next, "total": -1 if page.total is None else page.total, "ids": ids}
        row = Row(run, _page_key(group, attempt, number), values | pack(page.users))
        await self._tables.write(TABLE, Insert(row))
        return _staged(row)

    async def pages(self, run: str, group: int, attempt: int, *, ids: bool = False) -> list[StagedPage]:
        """The staged pages in order, without their users; `ids` only when asked for."""
        start = _page_key(group, attempt, 0)
        query = self._tables.query(
            TABLE, run, start=start, end=_page_key(group, attempt, 99999), select=("next", "total", *(("ids",) if ids else ()))
        )
        return [_staged(row) async for rows in query for row in rows]

    async def users(self, run: str, counting: Mapping[int, tuple[int, int]]) -> AsyncIterator[tuple[int, tuple[SourceUser, ...]]]:
        """Each group and its users, a page at a time. `counting` has, by group, the attempt that counts and how many pages it has."""
        async for rows in ahead(self._tables.query(TABLE, run, start="page-", end="page-~", page=20)):
            for row in rows:
                group, attempt, number = map(int, row.key.split("-")[1:])
                counts, pages = counting.get(group, (0, 0))
                if attempt == counts and number <= pages:
                    yield group, unpack(row.values, _USERS)

    # Answers about absentees

    async def add_answers(self, run: str, batch: int, answers: Mapping[str, Presence]) -> None:
        content = {object_id: (presence.user, tuple(presence.groups)) for object_id, presence in answers.items()}
        await self._tables.write(TABLE, Upsert(Row(run, f"answer-{batch:06d}", pack(content))))

    async def answers(self, run: str) -> tuple[int, dict[str, Presence]]:
        """The first number that no batch kept has, and all their answers by object id."""
        found: dict[str, Presence] = {}
        batches = 0
        async for rows in self._tables.query(TABLE, run, start="answer-", end="answer-~"):
            for row in rows:
                batches = int(row.key.removeprefix("answer-")) + 1
                for object_id, answer in unpack(row.values, _ANSWERS).items():
                    found[object_id] = Presence(answer.user, frozenset(answer.groups))
        return batches, found

    # Marks

    async def mark(self, run: str, step: str, part: str, mark: msgspec.Struct) -> bool:
        """Writes the mark if there is none. False when there was one: then that one counts."""
        try:
            await self._tables.write(TABLE, Insert(Row(run, f"mark-{step}-{part}", {"mark": msgspec.json.encode(mark)})))
        except AlreadyExists:
            return False
        return True

    async def marks[T: msgspec.Struct](self, run: str, step: str, kind: type[T]) -> dict[str, T]:
        """All marks of a step, by part."""
        prefix = f"mark-{step}-"
        query = self._tables.query(TABLE, run, start=prefix, end=f"{prefix}~")
        return {row.key.removeprefix(prefix): _mark(row, kind) async for rows in query for row in rows}

    # What claims won

    async def add_claimed(self, run: str, share: str, etags: Mapping[str, str]) -> None:
        """ETags of the rows of Objects that a share of claims inserted or pointed anew, by object id."""
        await self._tables.write(TABLE, Upsert(Row(run, f"claimed-{share}", pack(dict(etags)))))

    async def claimed(self, run: str, share: str) -> dict[str, str]:
        row = await self._tables.get(TABLE, run, f"claimed-{share}")
        return unpack(row.values, _ETAGS) if row is not None else {}

    # Signs of life

    async def sign(self, run: str, what: str, sign: Sign) -> None:
        await self._tables.write(TABLE, Upsert(Row(run, f"sign-{what}", {"at": sign.at, "sign": msgspec.json.encode(sign)})))

    async def signs(self, run: str, prefix: str = "") -> dict[str, Sign]:
        """By what they are signs of, those that begin with `prefix`."""
        query = self._tables.query(TABLE, run, start=f"sign-{prefix}", end=f"sign-{prefix}~")
        return {row.key.removeprefix("sign-"): msgspec.json.decode(row.blob("sign"), type=Sign) async for rows in query for row in rows}

    async def next_run(self, after: str = "") -> str:
        """The first run behind that one for which anything is staged; "" for none."""
        async for rows in self._tables.span(TABLE, f"{after}!", "~", page=1):
            return rows[0].partition
        return ""

    async def drop(self, run: str) -> None:
        """Removes all that the run staged; looks again where somebody else is doing so too, rather than row by row at what is gone."""
        while True:
            try:
                async for rows in self._tables.query(TABLE, run, select=("at",)):
                    await write_all(self._tables, TABLE, [Delete(run, row.key) for row in rows])
            except Missing:
                continue
            return


def _page_key(group: int, attempt: int, number: int) -> str:
    return f"page-{group:03d}-{attempt:02d}-{number:05d}"


def _staged(row: Row) -> StagedPage:
    total = int(str(row.values["total"]))
    number = int(row.key.rpartition("-")[2])
    return StagedPage(number, row.text("next"), None if total < 0 else total, row.blob("ids"))


def _short(object_id: str) -> bytes:
    """8 bytes of an object id, which is random: two users of one group share them once in 10^9 groups of 100,000."""
    return hashlib.blake2b(object_id.encode(), digest_size=8).digest()


def _mark[T: msgspec.Struct](row: Row, kind: type[T]) -> T:
    return msgspec.json.decode(row.blob("mark"), type=kind)


def distinct(pages: Iterable[StagedPage]) -> int:
    """How many different users the pages list."""
    return len(set[int]().union(*(memoryview(page.ids).cast("Q") for page in pages)))
