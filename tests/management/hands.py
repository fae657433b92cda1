"""Edits by hand over the whole of a world in memory, in which syncs run too."""

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from sync_core.directory.edits import SETTABLE, GroupEdit, UserEdit
from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.users import User
from sync_core.errors import SyncError
from sync_core.management.groups import Groups
from sync_core.management.journal import Journal
from sync_core.management.memberships import Memberships
from sync_core.management.syncs import make_syncs
from sync_core.management.users import make_users
from sync_core.planning.claims import EDIT_LASTS, holder
from sync_core.storage import names, users
from sync_core.storage.members import Edits
from sync_core.storage.records import record
from sync_core.storage.user_counts import Meta
from tests.runs.fates import Scissors, dies
from tests.runs.world import Cut, World


class Hands:
    def __init__(self, world: World) -> None:
        self.world = world
        self.made: dict[str, str] = {}
        """User ids by the names under which they were made."""
        context = world.context
        self.users = make_users(world.tables, world.clock, world.random.getrandbits)
        self.journal = Journal(context.log, world.clock, world.random.getrandbits)
        self.memberships = Memberships(context.users, context.groups, context.members, context.syncs, self.journal)
        self.groups = Groups(context.groups, context.syncs, self.memberships, self.journal, world.random.getrandbits)
        self.delete_sync = partial(make_syncs(world.tables, context.source, world.clock, world.random.getrandbits).delete, by="test")

    async def fork(self) -> "Hands":
        """Another world in the same state."""
        twin = Hands(await self.world.fork())
        twin.made = dict(self.made)
        return twin

    async def create(self, username: str, **aliases: str) -> User:
        """Aliases as alias1="..."."""
        given = {name.removeprefix("alias"): value for name, value in aliases.items()}
        made = (await self.users.create(UserEdit(username=username, aliases=given), by="test")).user
        self.made[username] = made.user_id
        return made

    async def change(self, user: User, edit: UserEdit) -> User:
        return (await self.users.update(user.user_id, edit, by="test")).user

    async def rename(self, user: User, username: str) -> User:
        return await self.change(user, UserEdit(username=username))

    async def set_status(self, user: User, which: int) -> User:
        return await self.change(user, UserEdit(status=SETTABLE[which % len(SETTABLE)]))

    async def create_group(self, name: str) -> Group:
        return (await self.groups.create(GroupEdit(name=name), by="test"))[0]

    async def set_group_status(self, group: Group, which: int) -> Group:
        status = tuple(GroupStatus)[which % len(GroupStatus)]
        return (await self.groups.update(group.group_id, GroupEdit(status=status), by="test"))[0]

    def stale_rows(self, *user_ids: str) -> Edits:
        """Rows of members that no record agrees with."""
        return Edits(enters=set(user_ids))

    async def find(self, user_id: str) -> User | None:
        return await self.world.context.users.get(user_id)

    async def called(self, username: str) -> list[User]:
        return [user for user in await self.world.users() if user.username == username]


async def hands() -> Hands:
    world = World()
    await world.prepare()
    return Hands(world)


async def check_names(world: World) -> None:
    """Each name that a record lists is listed by one record only, and its claim says whose it is."""
    everybody = {user.user_id: user for user in await world.users()}
    claims = {row.key: names.from_row(row) for row in world.memory.rows(names.TABLE)}
    for user in everybody.values():
        for key, name in user.name_digests.items():
            assert holder(claims.get(key), key, everybody) == user.user_id, name
            assert [other.user_id for other in everybody.values() if key in other.name_digests] == [user.user_id], name


async def check_counts(world: World) -> None:
    everybody = await world.users()
    metas = [record(row, Meta) for row in world.memory.rows(users.TABLE) if row.key == users.META]
    counted: Counter[str] = Counter()
    for meta in metas:
        counted.update(meta.by_status)
    assert counted == Counter(user.status.value for user in everybody)


async def die_anywhere(before: Hands, act: Callable[[Hands], Awaitable[object]]) -> list[Hands]:
    """One world for each request to storage that `act` makes, and each of its replies: there the process died. Ten minutes have passed."""
    ended: list[Hands] = []
    for place in range(1000):
        here = await before.fork()
        here.world.interrupt = Scissors(place, dies)
        try:
            await act(here)
        except Cut:
            here.world.interrupt = None
            here.world.clock.at += EDIT_LASTS
            ended.append(here)
            continue
        return ended
    raise AssertionError("it does not come to an end")


async def meanwhile(
    before: Hands, act: Callable[[Hands], Awaitable[object]], other: Callable[[Hands], Awaitable[object]]
) -> list[tuple[Hands, object, object]]:
    """One world for each request and reply of `act`: there `other` was done, from beginning to end. With what both gave or raised."""
    ended: list[tuple[Hands, object, object]] = []
    for place in range(1000):
        here = await before.fork()
        results: list[object] = []

        async def interrupt(here: Hands = here, results: list[object] = results) -> None:
            here.world.interrupt = None
            results.append(await _result(other, here))

        here.world.interrupt = scissors = Scissors(place, interrupt)
        result = await _result(act, here)
        here.world.interrupt = None
        if scissors.count <= place:
            return ended
        ended.append((here, result, results[0]))
    raise AssertionError("it does not come to an end")


async def _result(act: Callable[[Hands], Awaitable[object]], here: Hands) -> object:
    try:
        return await act(here)
    except SyncError as error:
        return error
