"""Reads the members of one group, page after page, into staging; a chain of messages, 40 pages each.

A page is kept once, with its nextLink: whoever delivers the message again goes on from what is there. The closing mark says
whether the group was read whole, which attempt counts, or why not (D-10).
"""

from datetime import datetime, timedelta

from sync_core.directory.syncs import SelectedGroup
from sync_core.entra.port import Directory
from sync_core.errors import AlreadyExists, GroupGone, IncompleteRead, Superseded, Transient
from sync_core.planning.reading import Outcome
from sync_core.runs.context import Context
from sync_core.runs.course import PARALLEL_GROUPS, Course, settings_of
from sync_core.runs.messages import Further, Read
from sync_core.runs.record import Phase, Run
from sync_core.storage.staging import GroupMark, Sign, StagedPage, distinct

PAGES_A_MESSAGE = 40
A_LOOK = timedelta(seconds=1)
"""So often somebody's cancellation is looked for: about once a page, for Graph takes about as long."""
ATTEMPTS = 2
"""A group that did not come whole is read once more, from its first page."""


class ReadStep:
    def __init__(self, context: Context, course: Course) -> None:
        self._context, self._course = context, course

    async def __call__(self, message: Read) -> None:
        run = await self._course.live(message, Phase.READ)
        mark = await self._read(run, message)
        if mark is not None:
            await self._context.staging.mark(run.run, "read", message.part, mark)
            await self._release(run, message)

    async def _read(self, run: Run, message: Read) -> GroupMark | None:
        """The closing mark; None when the chain goes on in another message."""
        sync = settings_of(run)
        group, source = sync.groups[message.group], await self._context.source(sync.tenant_id)
        try:
            pages = await self._pages(run, message, group, source)
            if pages and pages[-1].next:
                await self._course.send(message.model_copy(update={"page": message.page + PAGES_A_MESSAGE, "tries": 0}))
                return None
            if not pages or pages[0].number > 1:  # earlier messages, or deliveries, staged the others
                pages = await self._context.staging.pages(run.run, message.group, message.attempt, ids=True)
            return _whole(pages, message.attempt)
        except GroupGone as gone:
            return GroupMark(outcome=Outcome.GONE, detail=str(gone))
        except IncompleteRead as incomplete:
            if message.attempt < ATTEMPTS:
                await self._course.send(message.model_copy(update={"attempt": message.attempt + 1, "page": 1, "tries": 0}))
                return None
            return GroupMark(outcome=Outcome.UNREAD, attempt=message.attempt, detail=str(incomplete))

    async def _pages(self, run: Run, message: Read, group: SelectedGroup, source: Directory) -> list[StagedPage]:
        """Stages the next pages of the chain, 40 at most, and returns them: none when all were there."""
        attributes = settings_of(run).mapping.sources
        staged = await self._context.staging.pages(run.run, message.group, message.attempt) if message.page > 1 else []
        added: list[StagedPage] = []
        looked_at = self._context.clock.now()
        while len(added) < PAGES_A_MESSAGE and (not staged or staged[-1].next):
            looked_at = await self._still_reading(run, looked_at)
            number, link = len(staged) + 1, staged[-1].next if staged else ""
            try:
                page = await source.members(group.object_id, attributes, next_link=link)
            except Transient as busy:
                if not added:
                    raise
                raise Further(busy, message.model_copy(update={"page": number, "tries": 0})) from busy
            if page.next and any(page.next == before.next for before in staged):
                raise IncompleteRead("its pages go round in a circle")
            await self._show_life(run, message, number)
            try:
                added.append(await self._context.staging.add_page(run.run, message.group, message.attempt, number, page))
            except AlreadyExists:  # this message was delivered before, or is so at the same time
                staged, added = await self._context.staging.pages(run.run, message.group, message.attempt), []
            else:
                staged.append(added[-1])
        return added

    async def _still_reading(self, run: Run, looked_at: datetime) -> datetime:
        """When it was last looked whether the run still reads. Raises Superseded when it was cancelled, or has failed (B-104)."""
        now = self._context.clock.now()
        if now - looked_at < A_LOOK:
            return looked_at
        if (await self._context.runs.get(run.run)).phase is not Phase.READ:
            raise Superseded(f"run {run.run} reads no more")
        return now

    async def _show_life(self, run: Run, message: Read, number: int) -> None:
        """A sign every ten pages: slow pages are no stall."""
        if number % 10 == 0:
            sign = Sign(self._context.clock.now(), {})
            await self._context.staging.sign(run.run, f"reading-{message.part}", sign)

    async def _release(self, run: Run, message: Read) -> None:
        """Lets the next waiting group be read; the last to close moves the run on. Whoever lets another be read leaves that to it: that one
        looks at the marks after this one's was written.
        """
        groups = len(settings_of(run).groups)
        following = message.group + PARALLEL_GROUPS
        if following < groups:
            released = {"group": following, "attempt": 1, "page": 1, "tries": 0, "refusals": 0}
            await self._course.send(message.model_copy(update=released))
            return
        marks = await self._context.staging.marks(run.run, "read", GroupMark)
        if len(marks) == groups:
            await self._course.advance(run, Phase.PLAN)


def _whole(pages: list[StagedPage], attempt: int) -> GroupMark:
    """Raises IncompleteRead when fewer distinct users came than the first page said that there are."""
    total, came = pages[0].total, distinct(pages)
    if total is not None and came < total:
        raise IncompleteRead(f"it has {total} members, but only {came} came")
    return GroupMark(outcome=Outcome.READ, attempt=attempt, pages=len(pages), members=came)
