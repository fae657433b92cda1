"""What may befall a run, at any of its requests to storage or to the source: its process dies, it fails, somebody cancels it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from sync_core.errors import NotFound, Rejected, StopRun, Transient
from sync_core.runs.record import Phase, Run, State
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.runs.world import Cut, World

type Act = Callable[[], Awaitable[None]]


class Scissors:
    """Acts once, at the place `at`: each request to storage has two, before it is sent and after its reply. Counts them all."""

    def __init__(self, at: int, act: Act) -> None:
        self._at, self._act, self.count = at, act, 0

    async def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del point, port, method, call
        self.count += 1
        if self.count == self._at + 1:
            await self._act()


async def dies() -> None:
    raise Cut


async def fails() -> None:
    raise StopRun("out of order")


async def cut_run(world: World, key: str, place: int, *, watched: bool = True) -> Run:
    """A full run, to its end, whose process dies once, at the place.

    One that nobody watches comes to its end by what the queue brings again, unless it died before there was any message.
    """
    world.interrupt = Scissors(place, dies)
    try:
        run = (await world.start(key)).run
    except Cut:
        world.restart()
        run = await world.runs.running(key) or (await world.start(key)).run
    if watched or world.queues.due() is None:
        await world.survive()
    else:
        await _redelivered(world)
    world.interrupt = None
    return await world.context.runs.get(run)


async def _redelivered(world: World) -> None:
    try:
        await world.drain()
    except Cut:
        world.restart()
        await world.drain()
    world.interrupt = None
    assert await world.context.locks.taken() == {}


async def ended_early(world: World, key: str, scissors: Scissors) -> Run | None:
    """A full run to which something happens at a place; None when that was before it could begin."""
    world.interrupt = scissors
    run: Run | None = None
    with suppress(StopRun):
        run = await world.start(key)
    await world.survive()
    world.interrupt = None
    return await world.context.runs.get(run.run) if run is not None else None


async def cancelled(world: World, key: str, place: int) -> Phase | None:
    """A full run that somebody cancels at the place: the phase in which it did; None when there was nothing to cancel any more, or yet."""
    phases: list[Phase] = []

    async def cancel() -> None:
        world.interrupt = None
        with suppress(Rejected, NotFound):
            run = await world.runs.cancel(await world.runs.running(key), "somebody")
            phases.extend([run.phase] if run.outcome is State.CANCELLED else [])

    await ended_early(world, key, Scissors(place, cancel))
    return phases[0] if phases else None


class Busy:
    """Storage that is busy for one table, some times."""

    def __init__(self, table: str, *, times: int) -> None:
        self._table, self.times = table, times

    def __call__(self, point: Point, port: Port, method: Method, call: Call) -> None:
        del port, method
        if point == "before" and call.name == self._table and self.times:
            self.times -= 1
            raise Transient("storage is busy", retry_after=5)
