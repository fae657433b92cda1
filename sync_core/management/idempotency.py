"""Requests that are repeated with the same Idempotency-Key are done once, and answered as the first was, for 24 hours.

A key belongs to its actor and to one path. Two at once: one is done, the other refused. What came to a fault of ours or to a busy outside
is not kept: repeated, it is tried again. So is a refusal by If-Match or by a digest (412), whose caller has read again meanwhile.
A request whose process died may be repeated after 10 minutes.
"""

import base64
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from msgspec.structs import replace

from sync_core.clock import Clock
from sync_core.errors import Conflict, Rejected, SyncError
from sync_core.secrets import SecretBox
from sync_core.storage.repeats import Repeat, RepeatRows
from sync_core.storage.tables import Row

KEPT = timedelta(hours=24)
DIED = timedelta(minutes=10)
"""functionTimeout: no call takes as long."""
MOST_BYTES = 512 * 1024
"""A longer answer is not kept: its request is not protected, as if it had no key."""
_NOT_KEPT = frozenset({412, 429})
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class InProgress(SyncError):
    """The first request with this key is still being answered."""


class OtherRequest(SyncError):
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, as it was given."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """A request to be done now."""

    key: str
    repeat: Repeat
    row: Row


class Idempotency:
    def __init__(self, rows: RepeatRows, box: SecretBox, clock: Clock) -> None:
        self._rows = rows
        self._box = box
        self._clock = clock

    async def begin(self, actor_key: str, key: str, path: str, asked: bytes) -> Begun | Kept:
        """`asked`: query and body. Raises Rejected for a key that is none, InProgress, OtherRequest."""
        if not _KEY.fullmatch(key):
            raise Rejected("an Idempotency-Key is 1 to 255 printable ASCII characters without spaces", field="Idempotency-Key")
        now = self._clock.now()
        name = hashlib.blake2b(f"{actor_key}\0{key}\0{path}".encode(), digest_size=20).hexdigest()
        new = Repeat(at=now, asked=hashlib.blake2b(asked, digest_size=20).hexdigest())
        found = await self._rows.read(name, now)
        try:
            if found is None:
                return Begun(name, new, await self._rows.insert(name, new))
            before, row = found
            if now - before.at >= KEPT or (not before.status and now - before.at >= DIED):
                return Begun(name, new, await self._rows.replace(row, new))
        except Conflict as conflict:
            raise _in_progress() from conflict
        if before.asked != new.asked:
            raise OtherRequest("this Idempotency-Key was used for another request: make a new key for each request")
        if not before.status:
            raise _in_progress()
        return Kept(before.status, before.headers, self._opened(name, before.sealed))

    async def keep(self, begun: Begun, answer: Kept) -> None:
        """The answer, for whoever repeats the request; none that a repetition could better."""
        with suppress(Conflict):
            if answer.status >= 500 or answer.status in _NOT_KEPT or len(answer.body) > MOST_BYTES:
                await self._rows.remove(begun.row)
                return
            sealed = self._box.seal(base64.b64encode(answer.body).decode(), owner=begun.key)
            await self._rows.replace(begun.row, replace(begun.repeat, status=answer.status, headers=answer.headers, sealed=sealed))

    def _opened(self, name: str, sealed: bytes) -> bytes:
        return base64.b64decode(self._box.open(sealed, owner=name))


def _in_progress() -> InProgress:
    return InProgress("the first request with this Idempotency-Key is still being answered: repeat it in a moment")
