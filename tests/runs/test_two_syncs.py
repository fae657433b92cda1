"""Two syncs of one tenant, and users that both hold (B-011, D-06)."""

import asyncio
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_core.directory.attributes import Mapping
from sync_core.directory.users import Status
from sync_core.runs.messages import STEPS, Apply
from sync_core.runs.record import Phase, State
from sync_core.storage import objects
from sync_core.storage.memory import Message
from tests.runs.picture import check_sound, etags
from tests.runs.test_delivery import mixed_up
from tests.runs.test_histories import EVENTS, GROUPS, NAMES, Event, happen
from tests.runs.world import EVERY_MINUTE, World


async def shared() -> tuple[World, str, str]:
    """Ann in staff, bea in staff and sales, cid in sales; a sync of staff and one of sales, both done."""
    here = World()
    await here.prepare()
    for name, *groups in (("ann", "staff"), ("bea", "staff", "sales"), ("cid", "sales")):
        here.source.hire(f"{name}@corp.example", *groups)
    acme, sales = await here.connect("staff"), await here.connect("sales", name="Sales")
    await here.sync(acme)
    await here.sync(sales)
    return here, acme, sales


def index(here: World, key: str) -> dict[str, objects.ObjectRow]:
    rows = [row for row in here.memory.rows(objects.TABLE) if row.partition.startswith(key)]
    return {row.key: objects.from_row(row) for row in rows}


async def test_both_hold_one_user_in_the_groups_of_both():  # B-011, D-06
    here, acme, sales = await shared()

    bea = await here.user("bea@corp.example")

    assert bea.held_by.keys() == {acme, sales}
    assert await here.group_names(bea) == {"Staff", "Sales"}
    assert len(await here.users()) == 3
    await check_sound(here)


async def test_they_come_to_rest_when_both_have_run_again():  # D-06, architecture: the fingerprint
    here, acme, sales = await shared()
    await here.sync(acme)
    await here.sync(sales)
    before = etags(here)

    await here.sync(acme)
    await here.sync(sales)

    assert etags(here) == before


async def test_whoever_leaves_one_passes_to_the_other():  # D-06, B-159, B-160
    here, acme, sales = await shared()
    bea = here.source.named("bea")
    here.source.quit(bea, "staff")

    await here.sync(acme)

    user = await here.user("bea@corp.example")
    assert (user.status, set(user.held_by)) == (Status.ACTIVE, {sales})
    assert await here.group_names(user) == {"Sales"}
    assert bea not in index(here, acme)
    here.source.quit(bea)
    await here.sync(sales)
    assert (await here.user("bea@corp.example")).status is Status.PENDING_DELETION
    await check_sound(here)


async def test_whoever_one_has_put_in_trash_is_restored_by_the_other():  # D-06, D-07, B-162
    here, _, sales = await shared()
    ann = await here.user("ann@corp.example")
    here.source.quit(here.source.named("ann"))
    await here.sync(next(iter(ann.held_by)))
    assert (await here.user("ann@corp.example")).status is Status.PENDING_DELETION
    here.source.join(here.source.named("ann"), "sales")

    await here.sync(sales)

    after = await here.user("ann@corp.example")
    assert (after.user_id, after.status, set(after.held_by)) == (ann.user_id, Status.ACTIVE, {sales})


async def test_whoever_another_sync_takes_up_meanwhile_leaves_the_groups_of_the_one_it_leaves():  # D-06, B-173
    here, acme, sales = await shared()
    ann = here.source.named("ann")
    here.source.quit(ann, "staff")
    here.source.join(ann, "sales")
    waiting: list[Message] = []
    for key in (sales, acme):  # acme reads last, and plans before sales has written
        await here.until(Phase.APPLY, await here.start(key))
        waiting += here.queues.receive(Apply.queue)

    for message in waiting:
        await here.handle(message.queue, message.body)
    await here.drain()

    user = await here.user("ann@corp.example")
    assert (user.status, set(user.held_by)) == (Status.ACTIVE, {sales})
    assert await here.group_names(user) == {"Sales"}
    await check_sound(here)


async def test_a_change_of_data_empties_the_fingerprint_of_the_other():  # D-06
    here, acme, sales = await shared()
    await here.sync(acme)
    bea = here.source.named("bea")
    assert index(here, sales)[bea].fingerprint or index(here, acme)[bea].fingerprint
    await here.sync(sales)
    assert index(here, sales)[bea].fingerprint
    here.source.accounts[bea].attributes["displayName"] = "Bea Lind"

    await here.sync(acme)

    assert index(here, sales)[bea].fingerprint == ""
    assert index(here, acme)[bea].fingerprint
    assert (await here.user("bea@corp.example")).held_by[sales].fingerprint == ""


async def test_each_sync_that_runs_writes_its_own_data():  # B-011
    here = World()
    await here.prepare()
    here.source.hire("ann@corp.example", "staff", "sales", department="Research")
    acme = await here.connect("staff")
    research = await here.connect("sales", name="Sales", mapping=Mapping(realname="department"))

    for key, realname in ((acme, "Ann"), (research, "Research"), (acme, "Ann"), (research, "Research")):
        await here.sync(key)
        assert (await here.user("ann@corp.example")).realname == realname


@pytest.mark.parametrize("seed", range(20))
async def test_whoever_both_meet_at_once_becomes_one_user_whatever_name_each_gives(seed: int):  # B-011, D-06
    here = World()
    await here.prepare()
    for name in ("ann", "bea", "cid"):
        here.source.hire(f"{name}@corp.example", "staff", "sales", mailNickname=name)
    keys = await here.connect("staff"), await here.connect("sales", name="Sales", mapping=Mapping(username="mailNickname"))

    await side_by_side(here, keys, Random(seed))

    assert [set(user.held_by) for user in await here.users()] == [set(keys)] * 3
    for key in keys:
        assert (await here.sync(key)).state is State.COMPLETED
    await check_sound(here)


@pytest.mark.parametrize("seed", range(10))
async def test_whom_a_dead_run_had_only_claimed_is_not_made_twice(seed: int):  # B-011, D-03, D-06
    here = World()
    await here.prepare()
    for name in ("ann", "bea", "cid"):
        here.source.hire(f"{name}@corp.example", "staff", "sales")
    keys = sorted([await here.connect("staff"), await here.connect("sales", name="Sales")])
    run = await here.until(Phase.APPLY, await here.start(keys[seed % 2]))
    for message in here.queues.receive(Apply.queue):
        here.queues.delete(message)
        await here.steps.poisoned(Apply.model_validate_json(message.body))
    await here.drain()
    assert (await here.context.runs.get(run.run)).state is State.FAILED

    await side_by_side(here, tuple(keys), Random(seed))

    assert sorted(user.username for user in await here.users()) == ["ann@corp.example", "bea@corp.example", "cid@corp.example"]
    here.clock.at += timedelta(hours=12)
    for key in keys:
        assert (await here.sync(key)).state is State.COMPLETED
    await check_sound(here)


async def side_by_side(here: World, keys: tuple[str, ...], dice: Random) -> None:
    """Runs of all these syncs at the same time, their steps and their requests mixed up."""
    for key in keys:
        await here.runs.start(key, "test")
    here.interrupt = mixed_up(dice)
    while at := here.queues.due():
        here.clock.at = max(here.clock.at, at)
        due = [m for step in STEPS for m in here.queues.receive(step.queue, limit=32)]
        dice.shuffle(due)
        while due:
            batch = [due.pop() for _ in range(dice.randint(1, len(due)))]
            for message in batch:
                here.queues.delete(message)
            await asyncio.gather(*(here.handle(message.queue, message.body) for message in batch))
    here.interrupt = None


async def uneasy(seed: int, history: list[tuple[Event, ...]]) -> None:
    here, dice = World(), Random(seed)
    await here.prepare()
    for group in GROUPS:
        here.source.members[group] = set()
    for n, name in enumerate(NAMES[:4]):
        here.source.hire(name, GROUPS[n % 3], GROUPS[(n + 1) % 3])
    keys = await here.connect("staff", "sales"), await here.connect("sales", "board", name="Sales")
    for events in history:
        for event in events:
            happen(here.source, event)
        await side_by_side(here, keys, dice)
        here.clock.at += EVERY_MINUTE
    await one_after_the_other(here, keys)
    before = etags(here)
    await one_after_the_other(here, keys)
    assert etags(here) == before
    names = [key for user in await here.users() for key in user.name_digests]
    assert len(set(names)) == len(names)
    await check_equal(here, keys)
    await check_sound(here)


async def one_after_the_other(here: World, keys: tuple[str, ...]) -> None:
    """Until no name that one sync wants is waited for by another (D-06): each round gives away at least one."""
    for _ in NAMES:
        states = [(await here.sync(key)).state for key in (*keys, *keys)]
        if set(states) == {State.COMPLETED}:
            return
    raise AssertionError("the two go on waiting for each other")


async def check_equal(here: World, keys: tuple[str, ...]) -> None:
    """Everybody in a group of either sync is here once, as the source has it."""
    source, groups = here.source, {"staff": {keys[0]}, "sales": set(keys), "board": {keys[1]}}
    expected = {
        (account.attributes["userPrincipalName"], account.enabled, frozenset(holders))
        for account in source.accounts.values()
        if (holders := {key for group, of in groups.items() for key in of if account.object_id in source.members[group]})
    }
    here_now = [user for user in await here.users() if not user.in_trash]
    assert len(here_now) == len(expected)
    assert {(user.username, user.status is Status.ACTIVE, frozenset(user.held_by)) for user in here_now} == expected


# Names that two users of different syncs swap wait for each other: only one sync's run moves them at once (D-02).
ONE_WAY = EVENTS.filter(lambda event: event.kind not in ("swap", "rotate"))


@settings(max_examples=3 * settings().max_examples)
@given(st.integers(0, 10_000), st.lists(st.lists(ONE_WAY, max_size=4).map(tuple), min_size=1, max_size=3))
def test_syncs_that_run_side_by_side_neither_double_nor_lose_anybody(seed: int, history: list[tuple[Event, ...]]):  # B-011, D-06
    asyncio.run(uneasy(seed, history))
