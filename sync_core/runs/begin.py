"""The first step: fixes the settings that the run goes by, fences out what an earlier run left at work, and lets the groups be read."""

from msgspec.structs import replace

from sync_core.errors import StopRun
from sync_core.runs.account import Account
from sync_core.runs.context import Context
from sync_core.runs.course import Course
from sync_core.runs.heed import heed_deletions
from sync_core.runs.holds import approval_stands
from sync_core.runs.messages import Begin
from sync_core.runs.record import Phase, Run, State


class BeginStep:
    def __init__(self, context: Context, course: Course) -> None:
        self._context, self._course = context, course
        self._account = Account(context)

    async def __call__(self, message: Begin) -> None:
        await self._course.check_lock(message.directory_key, message.run, preview=message.preview)
        run = await self._course.live(message, Phase.BEGIN)
        sync = await self._context.syncs.get(message.directory_key)
        if sync is None or sync.deleted_at is not None:
            await self._course.end(run.run, State.CANCELLED, "the sync was deleted before the run began")
            return
        if message.preview:
            await self._begin_preview(run)
            return
        if run.approval is not None and not await approval_stands(self._context, run):
            await self._course.end(run.run, State.CANCELLED, "what it was approved to do is not held any more")
            return
        if not sync.groups:
            raise StopRun("no groups are selected")
        if sync.moved_from:
            await self._course.end(run.run, State.CANCELLED, "the connection moved to another tenant before the run began")
            return
        lock, _ = await self._context.locks.read(message.directory_key)
        for past in dict.fromkeys((lock.last_run, *lock.unclean)):
            if past:
                await self._context.staging.drop(past)  # what a late worker of that run may have staged after its end
        if lock.unclean:
            await self._context.users.raise_fence(message.directory_key, run.fence)
        await heed_deletions(self._context, sync, run, lock)
        read_at = self._context.clock.now()

        def fixed(now: Run) -> Run:
            return replace(now, sync=sync, read_at=read_at)

        await self._account.begun(await self._course.advance(run, Phase.READ, fixed))

    async def _begin_preview(self, run: Run) -> None:
        """It goes by the settings that it was started with, saved or not, and fences nobody: it writes nothing (D-13)."""
        lock, _ = await self._context.previews.read(run.directory_key)
        if lock.last_run:
            await self._context.staging.drop(lock.last_run)
        read_at = self._context.clock.now()
        await self._course.advance(run, Phase.READ, lambda now: replace(now, read_at=read_at))
