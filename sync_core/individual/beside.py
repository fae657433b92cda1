"""What an individual sync leaves in the sync's lock row, beside which it runs: its code, while it may leave rows half written.

The next full run puts right whatever the plan of a code listed there names (architecture.md). It stays listed after its end where somebody
else was at the same users: a full run that went on, or another individual sync; of two that write the same pointers at the same time the
slower one is not always right.
"""

from collections.abc import Callable

from msgspec.structs import replace

from sync_core.errors import Conflict, Transient
from sync_core.runs.context import Context
from sync_core.storage.locks import Lock

MOST = 2000
"""So many are put right by one full run."""


class Beside:
    def __init__(self, context: Context, directory_key: str, code: str) -> None:
        self._context, self._key, self._code = context, directory_key, code
        self._met = Lock()

    async def enter(self) -> None:
        """Before the first write. Raises Transient where too many are listed."""

        def entered(lock: Lock) -> Lock:
            if len(lock.unclean) >= MOST:
                raise Transient("too many users were synced singly beside a full sync: wait for its end", retry_after=60)
            return lock if self._code in lock.unclean else replace(lock, unclean=(*lock.unclean, self._code))

        self._met = await self._change(entered)

    async def leave(self, *, alone: bool) -> None:
        """After the last write; `alone` if nobody else was seen at its users."""

        def left(lock: Lock) -> Lock:
            overlapped = lock.run or self._met.run or lock.last_run != self._met.last_run
            if overlapped or not alone:
                return lock
            return replace(lock, unclean=tuple(code for code in lock.unclean if code != self._code))

        await self._change(left)

    async def _change(self, how: Callable[[Lock], Lock]) -> Lock:
        while True:
            before, etag = await self._context.locks.read(self._key)
            after = how(before)
            if after == before:
                return after
            try:
                await self._context.locks.write(self._key, after, etag)
            except Conflict:
                continue
            return after
