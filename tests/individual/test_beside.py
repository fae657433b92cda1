"""An individual sync that dies, or meets a full run: nothing is lost, and the next full run ends as if it had not been (D-15, D-16)."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync_core.directory.users import User
from sync_core.errors import SyncError
from sync_core.individual.sync import IndividualSync, Synced
from sync_core.planning.outcomes import Became
from sync_core.runs.record import ENDED, RunKind, State
from tests.runs import story
from tests.runs.fates import Scissors, dies
from tests.runs.picture import check_sound, picture
from tests.runs.test_cuts import EVERY_CUT
from tests.runs.test_histories import EVENTS, GROUPS, NAMES, Event, happen
from tests.runs.world import Cut, World

SAMPLES = 25
LONGER_THAN_ITS_CLAIMS = timedelta(minutes=11)


async def individual(world: World, key: str, names: Sequence[str]) -> Synced:
    world.clock.at += timedelta(seconds=1)
    return await IndividualSync(world.context).of_names(key, list(names), "test")


def everybody(world: World) -> list[str]:
    """As Entra calls them, and who left, as the story does."""
    now = [account.attributes["userPrincipalName"] for account in world.source.accounts.values()]
    return sorted({*now, "cid@corp.example", "gus@corp.example"})


async def cut(world: World, key: str, place: int) -> int:
    """An individual sync of everybody that dies at the place; how many places it has."""
    world.interrupt = scissors = Scissors(place, dies)
    with suppress(Cut):
        await individual(world, key, everybody(world))
    world.interrupt = None
    world.restart()
    return scissors.count


@pytest.mark.parametrize("made", [story.begun, story.changing])
@pytest.mark.parametrize("later", [timedelta(), LONGER_THAN_ITS_CLAIMS])
async def test_wherever_it_dies_full_runs_end_as_if_it_had_not_been(made: story.Story, later: timedelta):
    before, key = await made()
    plain = await before.fork()
    await plain.sync(key)
    expected = await picture(plain)
    places = await cut(await before.fork(), key, -1)

    for place in range(0, places, 1 if EVERY_CUT else max(1, places // SAMPLES)):
        world = await before.fork()
        await cut(world, key, place)
        world.clock.at += later
        first = await world.sync(key)
        assert later == timedelta() or first.state is State.COMPLETED, place
        world.clock.at += LONGER_THAN_ITS_CLAIMS  # what it had claimed counts as alive before that
        assert (await world.sync(key)).state is State.COMPLETED, place
        assert await picture(world) == expected, place
        await check_sound(world)
        assert (await world.context.locks.read(key))[0].unclean == (), place
        assert {run.state in ENDED for run in (await world.runs.history(key, limit=9))[0]} == {True}, place


# Beside a full run


@example(order=10861558, changed=True)  # it wrote a username that the full run had just given to somebody else
@given(order=st.integers(0, 2**32), changed=st.booleans())
@settings(max_examples=30, deadline=None)
def test_beside_a_full_run_nothing_is_lost(order: int, changed: bool):  # D-16
    asyncio.run(beside(random.Random(order), changed))


async def beside(order: random.Random, changed: bool) -> None:
    world, key = await (story.changing() if changed else story.begun())
    plain = await world.fork()
    await plain.sync(key)
    expected = await picture(plain)

    async def give_way(*_: object) -> None:
        for _turn in range(order.randrange(4)):
            await asyncio.sleep(0)

    world.interrupt = give_way
    names = order.sample(everybody(world), 6)
    await world.start(key)
    for _message in range(order.randrange(12)):
        await world.deliver_one()
    single = asyncio.create_task(individual(world, key, names))
    await world.drain()
    with suppress(SyncError):
        await single
    world.interrupt = None

    users = [name for user in await world.users() for name in user.name_digests]
    assert len(users) == len(set(users))
    world.clock.at += LONGER_THAN_ITS_CLAIMS
    assert (await world.sync(key)).state is State.COMPLETED
    assert await picture(world) == expected
    await check_sound(world)


async def test_the_later_reading_wins_over_a_full_run_that_read_before():  # D-16
    world, key = await story.begun()
    await world.sync(key)
    ann = world.source.named("ann")
    world.source.accounts[ann].attributes["displayName"] = "Ann of the run"
    run = await world.start(key)
    while (await world.context.runs.get(run.run)).plan_attempt == 1 and not (await world.context.changes.plans(run.run)):
        await world.deliver_one()
    world.source.accounts[ann].attributes["displayName"] = "Ann of later"

    told = await individual(world, key, ["ann@corp.example"])
    await world.drain()

    assert told.outcomes[0].became is Became.UPDATED
    assert (await world.user("ann@corp.example")).realname == "Ann of later"
    await check_sound(world)


# The same as a full run


@given(
    hired=st.lists(EVENTS.map(lambda event: Event("hire", event.who, event.what)), min_size=2, max_size=6),
    events=st.lists(EVENTS.filter(lambda event: event.kind != "select"), max_size=6),
    chosen=st.sets(st.integers(0, 9), min_size=1),
)
@settings(max_examples=60, deadline=None)
def test_some_users_are_made_what_a_full_run_makes_them(hired: list[Event], events: list[Event], chosen: set[int]):
    asyncio.run(as_a_full_run(hired, events, chosen))


async def as_a_full_run(hired: list[Event], events: list[Event], chosen: set[int]) -> None:
    """But for usernames, and for whoever needs a name of somebody else, or gives one to somebody."""
    world = World()
    await world.prepare()
    for group in GROUPS:
        world.source.members[group] = set()
    key = await world.connect(*GROUPS)
    for event in hired:
        happen(world.source, event)
    await world.sync(key)
    for event in events:
        happen(world.source, event)
    plain = await world.fork()
    await plain.sync(key)
    there = sorted({*NAMES, *(account.attributes["userPrincipalName"] for account in world.source.accounts.values())})
    names = [there[n % len(there)] for n in sorted(chosen)]

    told = await individual(world, key, names)

    expected = {user.user_id: user for user in await plain.users()}
    by_object = {hold.object_id: user for user in expected.values() for hold in user.held_by.values()}
    here = {user.user_id: user for user in await world.users()}
    for one in told.outcomes:
        if one.became is Became.SKIPPED:
            continue  # its name is somebody else's until the full run
        user = here.get(one.user_id)
        other = by_object.get(one.object_id) or expected.get(one.user_id)  # new ones have ids of their own
        assert (shown(user) if user else None) == (shown(other) if other else None), one
    await check_sound(world)
    assert (await world.sync(key)).state in {State.COMPLETED, State.WARNINGS}
    assert await picture(world) == await picture(plain)


def shown(user: User) -> tuple[object, ...]:
    return user.realname, user.email, user.status, user.groups if not user.in_trash else (), user.aliases, user.in_trash


async def test_a_process_that_died_shows_as_failed_in_the_history():  # D-21
    world, key = await story.begun()
    await cut(world, key, 40)
    world.clock.at += LONGER_THAN_ITS_CLAIMS
    (run,) = (await world.runs.history(key, limit=9))[0]
    assert (run.kind, run.state) == (RunKind.INDIVIDUAL, State.FAILED)
