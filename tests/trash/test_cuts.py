"""A sweep, a purge and a sync may each die at any request, run twice, or run into each other: it ends the same."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from sync_core.directory.users import User
from sync_core.errors import NotFound, Rejected, StopRun
from sync_core.runs.record import Phase
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.trash.messages import Purge
from tests.runs.fates import Scissors, dies
from tests.runs.picture import check_sound, picture
from tests.runs.world import Cut
from tests.trash.world import A_WEEK, RUNS, TrashWorld, left

NOWHERE = -1


async def fork(made: TrashWorld) -> TrashWorld:
    twin = await made.fork()
    assert isinstance(twin, TrashWorld)
    return twin


async def due() -> tuple[TrashWorld, str, list[User]]:
    """Two who are due, one of whose names somebody has taken over."""
    here, key, gone = await left("ann", "eve")
    here.source.rename("eve", "former")
    here.source.rename("bea", "eve")
    await here.sync(key)
    gone = [found for user in gone if (found := await here.context.users.get(user.user_id)) is not None]
    here.clock.at += A_WEEK
    return here, key, gone


async def check_gone(here: TrashWorld, gone: list[User]) -> None:
    assert [here.traces(user) for user in gone] == [[]] * len(gone)
    assert here.in_trash() == []
    await check_sound(here)


async def test_a_purge_that_dies_anywhere_ends_as_if_it_had_not():  # D-27
    before, _, gone = await due()
    uncut = await fork(before)
    uncut.interrupt = scissors = Scissors(NOWHERE, dies)
    await uncut.night()
    uncut.interrupt = None
    expected = await picture(uncut)
    await check_gone(uncut, gone)

    for place in range(scissors.count):
        here = await fork(before)
        here.interrupt = Scissors(place, dies)
        try:
            await here.night()
        except Cut:
            here.restart()
            with suppress(Cut):
                await here.night()
        assert await picture(here) == expected, place
        await check_gone(here, gone)


async def test_a_purge_whose_message_alone_comes_again_after_it_died_anywhere_ends_the_same():  # D-27
    before, _, gone = await due()
    await before.sweep()
    (body,) = before.queues.bodies(Purge.queue)
    uncut = await fork(before)
    uncut.interrupt = scissors = Scissors(NOWHERE, dies)
    await uncut.handle(Purge.queue, body)

    for place in range(scissors.count):
        here = await fork(before)
        here.interrupt = Scissors(place, dies)
        with pytest.raises(Cut):
            await here.handle(Purge.queue, body)
        here.restart()
        await here.handle(Purge.queue, body)
        await here.handle(Purge.queue, body)
        await here.drain()
        await check_gone(here, gone)


class Jumble:
    """Lets somebody else go on at requests, in an order of its own."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    async def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del point, port, method, call
        for _ in range(self._random.randrange(4)):
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(25))
async def test_two_purges_at_once_end_as_one(seed: int):  # D-27
    here, _, gone = await due()
    await here.sweep()
    (body,) = here.queues.bodies(Purge.queue)
    here.interrupt = Jumble(seed)

    await asyncio.gather(here.sweep(), *(here.handle(Purge.queue, body) for _ in range(3)))

    here.interrupt = None
    await here.drain()
    await check_gone(here, gone)


async def _purges(here: TrashWorld, gone: list[User]) -> None:
    del gone
    await here.sweep()


async def _told(here: TrashWorld, gone: list[User]) -> None:
    for user in gone:
        with suppress(Rejected, NotFound):  # restored already
            await here.trash.delete(user.user_id, by="test")


async def ended(here: TrashWorld, key: str, gone: list[User]) -> None:
    """Each of them was deleted, or was restored: then as the same user. A further sync has them all, each once."""
    await here.drain()
    await check_sound(here)
    for user in gone:
        now = await here.context.users.get(user.user_id)
        assert now is None or not now.in_trash
    await here.sync(key)
    await here.night()
    await check_sound(here)
    usernames = sorted(user.username for user in await here.users())
    assert usernames == sorted(account.attributes["userPrincipalName"] for account in here.source.accounts.values())
    assert not any(user.in_trash for user in await here.users())


@pytest.mark.parametrize("begin", [_purges, _told])
async def test_a_purge_at_any_request_of_a_sync_that_restores(begin: Callable[[TrashWorld, list[User]], Awaitable[None]]):  # B-162, D-27
    before, key, gone = await due()
    for name in ("ann", "former"):
        before.source.join(before.source.named(name), "staff")
    uncut = await fork(before)
    uncut.interrupt = scissors = Scissors(NOWHERE, dies)
    await uncut.sync(key)
    fates: set[bool] = set()

    for place in range(scissors.count):
        here = await fork(before)

        async def purge(here: TrashWorld = here) -> None:
            here.interrupt = None
            await begin(here, gone)
            while await here.deliver_one(Purge.queue):
                pass

        here.interrupt = Scissors(place, purge)
        await here.sync(key)
        fates.add(await here.context.users.get(gone[0].user_id) is None)
        await ended(here, key, gone)
    assert fates == {True, False}


async def test_a_purge_at_any_request_of_a_run_that_puts_a_dead_one_right():  # D-27
    before, key, _ = await left()
    before.source.quit(before.source.named("dan"))
    await before.until(Phase.APPLY, await before.start(key))
    before.interrupt = _fails_at_objects
    await before.drain()
    before.interrupt = None
    dan = await before.user("dan@corp.example")
    await before.trash.delete(dan.user_id, by="test")
    (body,) = before.queues.bodies(Purge.queue)
    uncut = await fork(before)
    uncut.interrupt = scissors = Scissors(NOWHERE, dies)
    await uncut.sync(key)

    for place in range(scissors.count):
        here = await fork(before)

        async def purge(here: TrashWorld = here) -> None:
            here.interrupt = None
            await here.handle(Purge.queue, body)

        here.interrupt = Scissors(place, purge)
        await here.sync(key)
        await here.sync(key)
        await check_gone(here, [dan])


def _fails_at_objects(point: Point, port: Port, method: Method, call: Call) -> None:
    del port
    if point == "before" and call.name == "Objects" and method in {"write", "transact"}:
        raise StopRun("out of order")


async def test_a_sync_that_restores_at_any_request_of_a_purge():  # B-162, D-27
    before, key, gone = await due()
    for name in ("ann", "former"):
        before.source.join(before.source.named(name), "staff")
    await before.sweep()
    (body,) = before.queues.bodies(Purge.queue)
    uncut = await fork(before)
    uncut.interrupt = scissors = Scissors(NOWHERE, dies)
    await uncut.handle(Purge.queue, body)
    fates: set[bool] = set()

    for place in range(scissors.count):
        here = await fork(before)

        async def restore(here: TrashWorld = here) -> None:
            here.interrupt = None
            await here.start(key)
            while await here.deliver_one(*RUNS):
                pass

        here.interrupt = Scissors(place, restore)
        await here.handle(Purge.queue, body)
        fates.add(await here.context.users.get(gone[0].user_id) is None)
        await ended(here, key, gone)
    assert fates == {True, False}


@pytest.mark.parametrize("seed", range(25))
async def test_a_purge_and_a_sync_that_restores_at_once(seed: int):  # B-162, D-27
    here, key, gone = await due()
    for name in ("ann", "former"):
        here.source.join(here.source.named(name), "staff")
    await here.sweep()
    (body,) = here.queues.bodies(Purge.queue)
    await here.start(key)
    here.interrupt = Jumble(seed)

    async def sync() -> None:
        while await here.deliver_one(*RUNS):
            pass

    async def purge() -> None:
        for _ in range(random.Random(seed).randrange(400)):
            await asyncio.sleep(0)
        await here.handle(Purge.queue, body)

    await asyncio.gather(sync(), purge())

    here.interrupt = None
    await ended(here, key, gone)
