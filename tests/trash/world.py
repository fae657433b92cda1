"""A directory with people in Trash, and what deletes them for good."""

from datetime import timedelta

from sync_core.directory.users import User
from sync_core.management.deployment import DeploymentSettings
from sync_core.management.journal import Journal
from sync_core.management.trash import Trash
from sync_core.retention.forget import Forgetter
from sync_core.retention.messages import Forget
from sync_core.runs.messages import STEPS
from sync_core.storage.deployment import DeploymentRows
from sync_core.storage.members import TABLE as MEMBERS
from sync_core.storage.members import _users as packed_users  # pyright: ignore[reportPrivateUsage], what a row packs
from sync_core.storage.trash import TrashRows
from sync_core.trash.messages import Purge
from sync_core.trash.purge import make_purger
from sync_core.trash.sweep import Sweep
from tests.runs.picture import DIRECTORY
from tests.runs.world import QUEUES, START, World

A_WEEK = timedelta(days=7)
AN_INSTANT = timedelta(microseconds=1)
RUNS = tuple(step.queue for step in STEPS)


class TrashWorld(World):
    def restart(self) -> None:
        super().restart()
        rows = TrashRows(self.tables)
        self.sweep = Sweep(rows, self.queues, self.clock)
        self.purge = make_purger(self.tables, self.queues, self.clock, rows)
        context = self.context
        self.forget = Forgetter(context.log, context.applied, context.changes, context.runs, self.queues)
        self.journal = Journal(self.context.log, self.clock, self.random.getrandbits)
        self.trash = Trash(self.context.users, rows, self.queues, self.journal, self.clock)

    async def keep(self, days: int) -> None:
        """What the setting says from now on, once nobody believes any more what it said before."""
        settings = DeploymentSettings(DeploymentRows(self.tables, self.clock, 7), self.journal)
        await settings.keep_in_trash(days, by="test")
        self.clock.at += timedelta(seconds=30)

    async def prepare(self) -> None:
        await super().prepare()
        await self.queues.create([Purge.queue, Forget.queue])

    async def deliver_one(self, *queues: str) -> bool:
        return await super().deliver_one(*queues or (*QUEUES, Purge.queue, Forget.queue))

    async def handle(self, queue: str, body: str) -> None:
        if queue == Purge.queue:
            await self.purge(Purge.model_validate_json(body))
        elif queue == Forget.queue:
            await self.forget(Forget.model_validate_json(body))
        else:
            await super().handle(queue, body)

    async def night(self) -> None:
        """One sweep, and all that comes of it."""
        await self.sweep()
        await self.drain()

    def in_trash(self) -> list[str]:
        """The days on which pointers stand."""
        return sorted(row.partition for row in self.memory.rows("Trash") if row.partition != "sweep")

    def traces(self, user: User) -> list[str]:
        """The rows of the directory that name the user, or an object that it was; but a name that somebody took tells whose it `was`."""
        texts = {user.user_id, *user.name_digests, *(object_id for _, object_id in user.objects)}
        return [
            f"{table} {row.partition} {row.key}"
            for table in DIRECTORY
            for row in self.memory.rows(table)
            if any(text in str((row.key, *(value for name, value in row.values.items() if name != "was"))) for text in texts)
            or (table == MEMBERS and user.user_id in packed_users(row))
        ]


async def left(*names: str) -> tuple[TrashWorld, str, list[User]]:
    """Five people in two groups; those of the names have left all groups and are in Trash since `START` and two minutes."""
    here = TrashWorld()
    await here.prepare()
    for name in ("ann", "bea", "cid"):
        here.source.hire(f"{name}@corp.example", "staff", mailNickname=name)
    for name in ("dan", "eve"):
        here.source.hire(f"{name}@corp.example", "staff", "sales", mailNickname=name)
    key = await here.connect("staff", "sales")
    await here.sync(key)
    for name in names:
        here.source.quit(here.source.named(name))
    await here.sync(key)
    gone = [await here.user(f"{name}@corp.example") for name in names]
    assert [(user.in_trash, user.trashed_at) for user in gone] == [(True, START + timedelta(minutes=2))] * len(names)
    return here, key, gone
