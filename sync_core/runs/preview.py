"""Previews of full runs: the same steps stopped after planning, by settings that need not be saved (D-13).

A preview writes rows of its own run, the log and its own lock, and nothing in the directory. It is there for 24 hours.
"""

from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.syncs import Sync
from sync_core.errors import AlreadyRunning, NotFound, Rejected
from sync_core.runs.context import Context
from sync_core.runs.course import Course
from sync_core.runs.messages import Begin
from sync_core.runs.record import KEPT, Run, RunKind, State

PREVIEW = "a preview"


class Previews:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._course = Course(context)

    async def start(self, sync: Sync, actor: str, *, relink: bool = False) -> Run:
        """Queues a preview of what a run would do by these settings. Raises Rejected when they select no groups, and AlreadyRunning."""
        if not sync.groups:
            raise Rejected("no groups are selected: there is nothing to preview", field="groups")
        key = sync.directory_key
        lock, etag = await self._context.previews.read(key)
        if lock.run:
            raise AlreadyRunning(lock.run, PREVIEW)
        run = Run(
            run=ids.new_reference_code(self._context.random_bits),
            directory_key=key,
            kind=RunKind.PREVIEW,
            fence=lock.fence + 1,
            actor=actor,
            sync=sync,
            relink=relink,
            queued_at=self._context.clock.now(),
        )
        await self._context.runs.insert(run)
        try:
            await self._context.previews.take(key, replace(lock, run=run.run, fence=run.fence), etag)
        except AlreadyRunning as faster:
            await self._context.runs.remove(run)
            raise AlreadyRunning(faster.run, PREVIEW) from faster
        await self._course.send(Begin(directory_key=key, run=run.run, preview=True))
        return run

    async def sweep(self) -> None:
        """Drops the lists of those that have expired. What it dies in, it does again the next night."""
        for code, pointer in await self._context.runs.expiring(self._context.clock.now()):
            await self._context.changes.drop_all(code)
            await self._expire(code)
            await self._context.runs.forget_expiring(pointer)

    async def _expire(self, code: str) -> None:
        """Only its counts stay, and how it ended."""

        def expired(run: Run) -> Run | None:
            return replace(run, sync=None, state=State.EXPIRED if run.state is State.PREVIEWED else run.state)

        try:
            await self._context.runs.change(code, expired)
        except NotFound:
            return


def is_expired(run: Run, context: Context) -> bool:
    """Whether its lists are not shown any more, swept or not."""
    return run.kind is RunKind.PREVIEW and run.ended_at is not None and run.ended_at + KEPT <= context.clock.now()
