"""The whole of a run in memory: tables, queues, a clock that moves only when everybody waits, and a plain source."""

import copy
import itertools
import random
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from sync_core import ids
from sync_core.clock import MovableClock
from sync_core.directory.attributes import Mapping
from sync_core.directory.brake import MOST, Brake
from sync_core.directory.names import digest
from sync_core.directory.syncs import SelectedGroup, Sync
from sync_core.directory.users import User
from sync_core.entra.port import Directory
from sync_core.errors import SyncError
from sync_core.retention.leftovers import DeletedSyncs
from sync_core.retention.messages import Leftovers
from sync_core.runs.context import make_context
from sync_core.runs.messages import STEPS, Apply, Begin, Claim, Finish, Plan, Read
from sync_core.runs.preview import Previews
from sync_core.runs.record import Phase, Run
from sync_core.runs.service import Runs
from sync_core.runs.steps import Steps
from sync_core.storage import schema
from sync_core.storage.cuts import Call, Interrupt, Method, Point, Port
from sync_core.storage.memory import MemoryQueues, MemoryTables
from sync_core.storage.tables import Tables
from tests.runs.source import ModelDirectory, ModelSource
from tests.storage.unreliable import UnreliableQueues, UnreliableTables, Weather

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
AMONG_FEW = Brake(renames=10)
"""The limits of stories with a handful of people, where one rename is a fifth."""
LIMITLESS = Brake(removals=MOST, group_losses=MOST, renames=MOST)
EVERY_MINUTE = timedelta(minutes=1)
A_RUN_LATER = timedelta(minutes=11)
"""Longer than any worker lives, and than an edit lasts."""
QUEUES = (*(step.queue for step in STEPS), Leftovers.queue)


class Cut(BaseException):
    """The process dies here: nothing in it goes on."""


class World:
    def __init__(self, *, seed: int = 1, tables: Tables | None = None) -> None:
        self.interrupt: Interrupt | None = None
        """Called around each request to storage and to the source, from the moment it is set."""
        self.clock = MovableClock(START)
        self.source = ModelSource()
        self.memory = MemoryTables(interrupt=self._at)
        self.tables = UnreliableTables(tables or self.memory)
        self.queues = MemoryQueues(self.clock, interrupt=self._at)
        self._sending = UnreliableQueues(self.queues)
        self.random = random.Random(seed)
        self.restart()

    def _at(self, point: Point, port: Port, method: Method, call: Call) -> Awaitable[None] | None:
        return self.interrupt(point, port, method, call) if self.interrupt is not None else None

    async def _source(self, tenant_id: str) -> Directory:
        del tenant_id
        return ModelDirectory(self.source, self._at)

    def change_weather(self, weather: Weather) -> None:
        """From now on storage is as reliable as that."""
        self.tables.weather = self._sending.weather = weather

    def restart(self) -> None:
        """What a process keeps in memory is gone."""
        self.context = make_context(
            self.tables,
            self._sending,
            self._source,
            self.clock,
            self.random.getrandbits,
            trash_days=7,
            max_users=100_000,
        )
        self.runs, self.steps = Runs(self.context), Steps(self.context)
        self.previews = Previews(self.context)
        self.deleted_syncs = DeletedSyncs(self.context)

    async def fork(self) -> "World":
        """Another world in the same state, between two runs."""
        twin = type(self)()
        await twin.prepare()
        twin.memory._tables = copy.deepcopy(self.memory._tables)
        twin.memory._numbers = itertools.count(next(self.memory._numbers))
        self.share_with(twin)
        return twin

    def share_with(self, twin: "World") -> None:
        """All but the rows: the time, the source, the luck."""
        twin.clock.at = self.clock.at
        twin.source = copy.deepcopy(self.source)
        twin.random.setstate(self.random.getstate())

    async def prepare(self) -> None:
        await schema.prepare(self.tables, self.queues, QUEUES)

    async def connect(
        self, *groups: str, name: str = "Acme", mapping: Mapping | None = None, tenant: str = "", brake: Brake | None = None
    ) -> str:
        """A sync of these groups; its directory key."""
        key = ids.new_directory_key(self.random.getrandbits)
        selected = tuple(SelectedGroup(object_id=g, group_id=ids.new_group_id(self.random.getrandbits), name=g.title()) for g in groups)
        sync = Sync(
            directory_key=key,
            name=name,
            connection_id="DC",
            tenant_id=tenant or self.source.tenant,
            groups=selected,
            mapping=mapping or Mapping(),
            brake=brake or AMONG_FEW,
            created_at=self.clock.now(),
        )
        await self.context.syncs.insert(sync)
        return key

    async def select(self, key: str, *groups: str) -> None:
        """Changes the selection of groups; those that stay keep their ids."""
        stored = await self.context.syncs.read(key)
        assert stored is not None
        known = {group.object_id: group for group in stored.sync.groups}
        selected = tuple(
            known.get(g) or SelectedGroup(object_id=g, group_id=ids.new_group_id(self.random.getrandbits), name=g.title()) for g in groups
        )
        await self.context.syncs.replace(replace(stored.sync, groups=selected, version=stored.sync.version + 1), stored.etag)

    async def sync(self, key: str) -> Run:
        """One full run, from its start to its end."""
        run = await self.start(key)
        await self.drain()
        return await self.context.runs.get(run.run)

    async def start(self, key: str) -> Run:
        self.clock.at += EVERY_MINUTE
        return await self.runs.start(key, "test")

    async def preview(self, key: str, settings: Sync | None = None) -> Run:
        """One preview, from its start to its end; by the saved settings unless others are given."""
        self.clock.at += EVERY_MINUTE
        sync = settings or await self.context.syncs.get(key)
        assert sync is not None
        run = await self.previews.start(sync, "test")
        await self.drain()
        return await self.context.runs.get(run.run)

    async def drain(self, most: int = 10_000) -> None:
        """Delivers messages until there are none, moving the clock to the next one when all are hidden."""
        for _ in range(most):
            if not await self.deliver_one():
                due = self.queues.due()
                if due is None:
                    return
                self.clock.at = max(self.clock.at, due)
        raise AssertionError("the run does not come to an end")

    async def deliver_one(self, *queues: str) -> bool:
        """Delivers one visible message, of these queues or of any, and removes it when its step came back.

        When the step fails, the message is visible again, as the host leaves it. When the process dies, it is hidden for as long as it was
        received for.
        """
        for queue in queues or QUEUES:
            for message in self.queues.receive(queue):
                try:
                    await self.handle(queue, message.body)
                except Exception:
                    self.queues.release(message)
                    raise
                self.queues.delete(message)
                return True
        return False

    async def put_right(self) -> None:
        """What the night does where syncs were deleted, later than any worker of theirs lives."""
        self.clock.at += A_RUN_LATER
        await self.deleted_syncs.sweep()
        await self.drain()

    async def until(self, phase: Phase, run: Run) -> Run:
        """Delivers messages until the run is in the phase: that step's messages are out, and none of them was delivered."""
        while (now := await self.context.runs.get(run.run)).phase is not phase:
            assert await self.deliver_one(), f"the run never comes to {phase}"
        return now

    async def survive(self, most: int = 10_000) -> None:
        """To the end of all runs, whatever dies: a process that died is started again, and the timer looks after runs every minute."""
        for _ in range(most):
            try:
                while await self.deliver_one():
                    pass
                due = self.queues.due()
                if due is None and not await self.context.locks.taken() and not await self.context.previews.taken():
                    return
                self.clock.at += EVERY_MINUTE
                await self.steps.watch()
            except (Cut, SyncError):
                self.restart()
        raise AssertionError("the runs do not come to an end")

    async def handle(self, queue: str, body: str) -> None:
        match queue:
            case Begin.queue:
                await self.steps.begin(Begin.model_validate_json(body))
            case Read.queue:
                await self.steps.read(Read.model_validate_json(body))
            case Plan.queue:
                await self.steps.plan(Plan.model_validate_json(body))
            case Claim.queue:
                await self.steps.claim(Claim.model_validate_json(body))
            case Apply.queue:
                await self.steps.apply(Apply.model_validate_json(body))
            case Leftovers.queue:
                await self.deleted_syncs(Leftovers.model_validate_json(body))
            case _:
                await self.steps.finish(Finish.model_validate_json(body))

    # What the directory says

    async def users(self) -> list[User]:
        return await self.context.users.page("", 100_000)

    async def user(self, username: str) -> User:
        """The one that holds the name, found as a reader would: by its claim, believed as far as the record agrees."""
        key = digest(username)
        claim, _ = (await self.context.names.many([key]))[key]
        for user_id in (claim.owner, claim.was):
            user = await self.context.users.get(user_id) if user_id else None
            if user is not None and key in user.name_digests:
                return user
        raise AssertionError(f"nobody holds {username}")

    async def group_names(self, user: User) -> set[str]:
        names = {group.group_id: group.name for group, _ in await self.context.groups.all()}
        return {names[group] for group in user.groups}
