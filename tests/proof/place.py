"""A directory in which everything happens at once: what the state machine of `test_at_random.py` acts on, and what holds at its end."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from sync_core.directory.groups import Group
from sync_core.directory.users import User
from sync_core.errors import SyncError
from sync_core.individual.sync import IndividualSync
from sync_core.planning.settle import live_holds
from sync_core.runs.record import Phase, State
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.storage.memory import Message
from tests.management.hands import Hands, check_counts
from tests.proof.readings import Readings
from tests.runs.picture import check_sound
from tests.runs.test_histories import GROUPS, NAMES, Event, happen
from tests.runs.world import A_RUN_LATER, Cut
from tests.trash.world import RUNS, TrashWorld

SELECTIONS = (("staff", "sales"), ("sales", "board"), ("staff",), ("board",), ("staff", "sales", "board"))
BY_HAND = ("kim@corp.example", "lea@corp.example")
STOPPED = (Phase.READ, Phase.PLAN, Phase.CLAIM, Phase.APPLY)
AN_INSTANT = timedelta(microseconds=1)
"""What a request takes: no two readings are of the same time."""

type Doing = Coroutine[Any, Any, object]
type Act = Callable[[], Doing]


class Place:
    def __init__(self, seed: int) -> None:
        self.world = TrashWorld(seed=seed)
        self.hands = Hands(self.world)
        self.dice = Random(seed)
        self.readings = Readings(self.world.source)
        self.keys: list[str] = []
        self.outdated: dict[str, str] = {}
        """Runs that may not end well, with why: their settings changed, or their sync was deleted, before their last slice (D-17)."""
        self._numbers = count(1)
        self.mixed = False
        self.dies_in = -1
        self.world.interrupt = self._at

    async def open(self) -> None:
        await self.world.prepare()
        for group in GROUPS:
            self.world.source.members[group] = set()
        for n, name in enumerate(NAMES[:4]):
            self.world.source.hire(name, GROUPS[n % 3], GROUPS[(n + 1) % 3])
        self.keys = [await self.world.connect(*SELECTIONS[0], name="Acme"), await self.world.connect(*SELECTIONS[1], name="Sales")]

    def _at(self, point: Point, port: Port, method: Method, call: Call) -> Awaitable[None] | None:
        del port, method
        self.world.clock.at += AN_INSTANT
        if point == "after":
            self.readings.see(call, self.world.clock.at)
        if self.dies_in >= 0:
            self.dies_in -= 1
            if self.dies_in < 0:
                raise Cut
        return _breathe(self.dice.randrange(4)) if self.mixed and self.dice.random() < 0.5 else None

    # What happens

    async def start(self, which: int) -> None:
        if self.keys:
            with suppress(SyncError):
                await self.world.runs.start(self.keys[which % len(self.keys)], "test")

    async def cancel(self, which: int) -> None:
        if self.keys:
            with suppress(SyncError):
                await self.world.runs.cancel(await self.world.runs.running(self.keys[which % len(self.keys)]), "somebody")

    async def select(self, which: int, what: int) -> None:
        if self.keys:
            key = self.keys[which % len(self.keys)]
            with suppress(SyncError):
                await self.world.select(key, *SELECTIONS[what % len(SELECTIONS)])
                await self._outdate(key, "its settings changed")

    async def delete_sync(self, which: int) -> None:
        """The other one stays; a new one comes."""
        if len(self.keys) > 1:
            key = self.keys.pop(which % len(self.keys))
            await self.hands.delete_sync(key)
            await self._outdate(key, "its sync was deleted")
            self.keys.append(await self.world.connect(*SELECTIONS[which % len(SELECTIONS)], name=f"Sync {next(self._numbers)}"))

    async def _outdate(self, key: str, why: str) -> None:
        if code := await self.world.runs.running(key):
            run = await self.world.context.runs.get(code)
            if run.phase in STOPPED and (not self.mixed or run.phase is Phase.READ):
                self.outdated[code] = why

    async def some(self, which: int, who: int) -> None:
        """An individual sync of two of the names."""
        if self.keys:
            await self._individual(which, NAMES[who % len(NAMES)], NAMES[who // 2 % len(NAMES)])

    async def the_one(self, which: int, who: int) -> None:
        """An individual sync of the account that an event with this `who` is about."""
        accounts = self.world.source.accounts
        if self.keys and accounts:
            account = accounts[sorted(accounts)[who % len(accounts)]]
            await self._individual(which, account.attributes["userPrincipalName"])

    async def _individual(self, which: int, *names: str) -> None:
        with suppress(SyncError):
            await IndividualSync(self.world.context).of_names(self.keys[which % len(self.keys)], names, "test")

    async def by_hand(self, event: Event) -> None:
        """An edit over the API, refused or not."""
        people = sorted(await self.world.users(), key=lambda user: user.user_id)
        groups = sorted((group for group, _ in await self.world.context.groups.all()), key=lambda group: group.group_id)
        with suppress(SyncError):
            await self._edit(event, _pick(people, event.who), _pick(groups, event.what))

    async def _edit(self, event: Event, user: User | None, group: Group | None) -> None:
        hands, name = self.hands, (*NAMES, *BY_HAND)[event.what % (len(NAMES) + len(BY_HAND))]
        alias = {"alias1": BY_HAND[event.who % 2]} if event.who % 3 == 0 else {}
        match event.kind:
            case "create":
                await hands.create(name, **alias)
            case "group":
                await hands.create_group(f"Group {event.what}")
            case _ if user is not None and group is not None:
                edits: dict[str, Act] = {
                    "rename": lambda: hands.rename(user, name),
                    "delete": lambda: hands.users.delete(user.user_id, by="test"),
                    "status": lambda: hands.set_status(user, event.what),
                    "purge": lambda: self.world.trash.delete(user.user_id, by="test"),
                    "add": lambda: hands.memberships.add(group.group_id, user.user_id, by="test"),
                    "remove": lambda: hands.memberships.remove(group.group_id, user.user_id, by="test"),
                    "group status": lambda: hands.set_group_status(group, event.what),
                    "delete group": lambda: hands.groups.delete(group.group_id, by="test"),
                }
                await edits[event.kind]()
            case _:
                pass

    async def sweep(self, days: int) -> None:
        self.world.clock.at += timedelta(days=days)
        with suppress(SyncError):
            await self.world.sweep()

    async def pass_minutes(self, minutes: int) -> None:
        self.world.clock.at += timedelta(minutes=minutes)
        await self.world.steps.watch()

    # Deliveries

    async def deliver(self, most: int) -> None:
        """So many messages, one after the other, of any queue."""
        for _ in range(most):
            if (message := self._any_message()) is None:
                return
            await self._handle(message)

    async def deliver_at_once(self, most: int, *others: Doing) -> None:
        """So many messages at a time, and what others do meanwhile; their requests mixed up."""
        messages = [message for _ in range(most) if (message := self._any_message()) is not None]
        self.mixed = True
        await asyncio.gather(*others, *(self._handle(message) for message in messages))
        self.mixed = False

    async def deliver_and_die(self, place: int) -> None:
        """One message, in which the process dies at a request, if it has as many."""
        if (message := self._any_message()) is not None:
            self.dies_in = place
            try:
                await self._handle(message)
            except Cut:
                self.world.queues.release(message)
                self.world.restart()
            self.dies_in = -1

    def _any_message(self) -> Message | None:
        queues = [*RUNS, "trash-purge"]
        self.dice.shuffle(queues)
        return next((message for queue in queues for message in self.world.queues.receive(queue)), None)

    async def _handle(self, message: Message) -> None:
        try:
            await self.world.handle(message.queue, message.body)
        except SyncError:
            self.world.queues.release(message)
        else:
            self.world.queues.delete(message)

    # The end

    async def come_to_rest(self) -> None:
        """All that goes on ends; then each sync runs once more, and again: what one planned without the other it has seen by then. And a
        night passes for the deleted ones.
        """
        await self.world.survive()
        await check_counts(self.world)
        await self._check_one_user_an_object()
        self.world.clock.at += A_RUN_LATER
        for key in self.keys * 2:
            await self.world.sync(key)
        await self.world.survive()
        await self.world.put_right()

    async def check(self) -> None:
        for code, why in self.outdated.items():
            ended = (await self.world.context.runs.get(code)).state
            assert ended in (State.CANCELLED, State.FAILED), f"run {code} ended as {ended}, although {why}"
        await check_sound(self.world)
        await self._check_one_user_an_object()
        await self._check_equal()

    async def _check_one_user_an_object(self) -> None:
        holders: dict[str, str] = {}
        for user in await self.world.users():
            for hold in live_holds(user, frozenset(self.keys)).values():
                assert holders.setdefault(hold.object_id, user.user_id) == user.user_id

    async def _check_equal(self) -> None:
        """Everybody in a selected group is here as the source has it, unless a run has said why not."""
        source, said = self.world.source, set[str]()
        for key in self.keys:
            (last, *_), _ = await self.world.runs.history(key, limit=1)
            assert last.state in (State.COMPLETED, State.WARNINGS), last.reason
            skips, _ = await self.world.runs.skips(last.run, limit=99)
            said |= {skip.object_id for skip in skips}
        expected: set[tuple[str, str, str]] = set()
        for key in self.keys:
            sync = await self.world.context.syncs.get(key)
            assert sync is not None
            members = {member for group in sync.groups for member in source.members[group.object_id]} - said
            expected |= {(key, member, source.accounts[member].attributes["userPrincipalName"]) for member in members}
        here = {
            (key, hold.object_id, user.username)
            for user in await self.world.users()
            for key, hold in live_holds(user, frozenset(self.keys)).items()
            if hold.object_id not in said
        }
        assert here == expected

    def happen(self, event: Event) -> None:
        happen(self.world.source, event)
        self.world.clock.at += AN_INSTANT
        self.readings.keep(self.world.clock.at)


def _pick[T](items: list[T], n: int) -> T | None:
    return items[n % len(items)] if items else None


async def _breathe(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)
