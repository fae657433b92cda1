"""Random histories: whatever happens between runs and to them, a run that is left alone makes the directory what the source is."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync_core.directory.attributes import Mapping
from sync_core.directory.users import Status
from sync_core.runs.record import State
from tests.runs.fates import Scissors, cancelled, cut_run, ended_early, fails
from tests.runs.picture import check_sound
from tests.runs.source import Account, ModelSource
from tests.runs.world import World
from tests.trash.world import A_WEEK, TrashWorld

GROUPS = ("staff", "sales", "board")
NAMES = tuple(f"{name}@corp.example" for name in ("ann", "bea", "cid", "dan", "eve", "fay"))


NUMBERS = ("", "+17345559870", "+17345559871", "+17345559872")


@dataclass(frozen=True)
class Event:
    """What happens; `who` and `what` choose among those that there are."""

    kind: str
    who: int
    what: int


@dataclass(frozen=True)
class Happening:
    """A run, and what befalls it at a place."""

    events: tuple[Event, ...]
    fate: str
    place: int


EVENTS = st.builds(
    Event,
    st.sampled_from(
        ["hire", "leave", "delete", "recreate", "rename", "swap", "rotate", "move", "switch", "edit", "call", "select", "nights"]
    ),
    st.integers(0, 99),
    st.integers(0, 99),
)
HAPPENINGS = st.builds(
    Happening,
    st.lists(EVENTS, max_size=5).map(tuple),
    st.sampled_from(["dies", "fails", "cancelled", "unread", "left alone"]),
    st.integers(0, 400),
)


def happen(source: ModelSource, event: Event) -> None:
    accounts = [source.accounts[object_id] for object_id in sorted(source.accounts)]
    if event.kind == "hire" or not accounts:
        hire(source, event)
    elif event.kind == "rotate":
        names = [account.attributes["userPrincipalName"] for account in accounts]
        for account, name in zip(accounts, names[1:] + names[:1], strict=True):
            account.attributes["userPrincipalName"] = name
    else:
        change(source, event, accounts[event.who % len(accounts)], accounts[event.what % len(accounts)])


def change(source: ModelSource, event: Event, one: Account, other: Account) -> None:
    group = GROUPS[event.what % len(GROUPS)]
    match event.kind:
        case "leave":
            source.quit(one.object_id)
        case "delete":
            source.delete(one.object_id)
        case "recreate":
            source.delete(one.object_id)
            source.hire(one.attributes["userPrincipalName"], group)
        case "rename":
            one.attributes["userPrincipalName"] = free_name(source, event) or one.attributes["userPrincipalName"]
        case "swap":
            one.attributes, other.attributes = other.attributes, one.attributes
        case "move":
            source.quit(one.object_id, *GROUPS)
            source.join(one.object_id, group)
        case "switch":
            one.enabled = not one.enabled
        case "call":
            one.attributes["mobilePhone"] = NUMBERS[event.what % len(NUMBERS)]
            one.attributes["mail"] = NAMES[event.what % len(NAMES)]
        case _:
            one.attributes["displayName"] = f"Number {event.what}"


def hire(source: ModelSource, event: Event) -> None:
    name = free_name(source, event)
    if name:
        source.hire(name, *{GROUPS[event.what % 3], GROUPS[event.who % 3]})


def free_name(source: ModelSource, event: Event) -> str:
    """A name that no account has; "" when all are taken."""
    free = [name for name in NAMES if name not in {account.attributes["userPrincipalName"] for account in source.accounts.values()}]
    return free[event.who % len(free)] if free else ""


async def run(world: TrashWorld, key: str, happening: Happening) -> None:
    for event in happening.events:
        if event.kind == "select":
            await world.select(key, *{GROUPS[event.who % 3], GROUPS[event.what % 3]})
        elif event.kind == "nights":
            world.clock.at += timedelta(days=event.who % 9)
            await world.night()
        else:
            happen(world.source, event)
    match happening.fate:
        case "dies":
            await cut_run(world, key, happening.place)
        case "fails":
            await ended_early(world, key, Scissors(happening.place, fails))
        case "cancelled":
            await cancelled(world, key, happening.place)
        case "unread":
            world.source.short = {GROUPS[happening.place % 3]}
            await world.sync(key)
            world.source.short = set()
        case _:
            await world.sync(key)


async def check_equal(world: World, key: str) -> None:
    """Everybody in a selected group is here as the source has it, everybody else is in Trash (B-032, B-159)."""
    sync = await world.context.syncs.get(key)
    assert sync is not None
    source, groups = world.source, {group.object_id: group.group_id for group in sync.groups}
    expected = {
        (
            account.object_id,
            account.attributes["userPrincipalName"],
            account.attributes["displayName"],
            account.attributes["mail"],
            account.attributes.get("mobilePhone", ""),
            Status.ACTIVE if account.enabled else Status.DISABLED,
            tuple(sorted(groups[group] for group in groups if account.object_id in source.members.get(group, ()))),
        )
        for account in source.accounts.values()
        if any(account.object_id in source.members.get(group, ()) for group in groups)
    }
    here = [user for user in await world.users() if not user.in_trash]
    assert {
        (
            user.held_by[key].object_id,
            user.username,
            user.realname,
            user.email,
            " ".join(phone.number for phone in user.phones),
            user.status,
            user.groups,
        )
        for user in here
    } == expected


async def live_through(history: list[Happening]) -> None:
    world = TrashWorld()
    await world.prepare()
    for group in GROUPS:
        world.source.members[group] = set()
    for n, name in enumerate(NAMES[:4]):
        world.source.hire(name, GROUPS[n % 3])
    key = await world.connect("staff", "sales", mapping=Mapping(primary_phone="mobilePhone"))
    for happening in history:
        await run(world, key, happening)
    last = await world.sync(key)
    assert last.state is State.COMPLETED
    assert last.counts["skipped"] == 0
    await check_equal(world, key)
    await check_sound(world)
    await check_purge(world)


async def check_purge(world: TrashWorld) -> None:
    """A week later everybody who is in Trash is gone, and nobody else (B-163, D-27)."""
    staying = [user for user in await world.users() if not user.in_trash]
    world.clock.at += A_WEEK
    await world.night()
    assert await world.users() == staying
    await check_sound(world)


ROTATED = Event("rotate", 0, 0)
DIED_BETWEEN_TWO_RECORDS = [Happening((), "left alone", 0), Happening((ROTATED,), "fails", 256), Happening((ROTATED,), "fails", 0)]
"""Two records list one name, because the run died between them; the next one takes it from both."""


@settings(max_examples=4 * settings().max_examples)
@example(DIED_BETWEEN_TWO_RECORDS)
@given(st.lists(HAPPENINGS, min_size=1, max_size=4))
def test_a_run_left_alone_makes_the_directory_what_the_source_is(history: list[Happening]):  # B-032, B-163, D-02, D-10, D-11, D-27
    asyncio.run(live_through(history))
