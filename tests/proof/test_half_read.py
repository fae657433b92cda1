"""A source that comes in part: each fault of the simulated tenant on each page of each group, over HTTP (D-10, D-11).

Nobody is removed for what did not come, what came whole is applied, and the run says how it ended and why.
"""

from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest

from local.tenant.faults import (
    AnyFault,
    Denied,
    DropConnection,
    EmptyPage,
    Expired,
    ExpiredPageToken,
    ForeignLink,
    HtmlAnswer,
    LaggingIndex,
    Latency,
    Missing,
    MissingRows,
    NullProperties,
    RepeatedLink,
    ServerError,
    Throttle,
    TruncatedJson,
    Unauthenticated,
)
from sync_core.directory.users import Status, User
from sync_core.runs.record import Run, State
from tests.proof.tenant_world import ROWS_A_PAGE, SALES, STAFF, TenantWorld, id_of, person, tenant_of, tenant_world
from tests.runs.picture import Picture, check_sound, picture

PAGES = tuple((group, page) for group, pages in ((STAFF, 3), (SALES, 2)) for page in range(1, pages + 1))
BUSY: tuple[AnyFault, ...] = (
    Throttle(retry_after="1.5"),
    Throttle(retry_after=""),
    ServerError(status=500),
    ServerError(status=502),
    ServerError(status=503, retry_after="3"),
    ServerError(status=504),
    DropConnection(),
    Latency(seconds=0.01),
)
BROKEN: tuple[AnyFault, ...] = (
    TruncatedJson(),
    HtmlAnswer(),
    EmptyPage(),
    MissingRows(),
    ExpiredPageToken(),
    Expired(),
    RepeatedLink(),
    ForeignLink(),
    NullProperties(),
)
REFUSED: tuple[AnyFault, ...] = (Denied(), Unauthenticated())


def named(fault: AnyFault) -> str:
    return " ".join(str(part) for part in msgspec.to_builtins(fault).values() if part not in ("", 0, 0.0, 1, 1.0, None))


def faults(*of: AnyFault) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("fault", of, ids=named)


@pytest.fixture
async def here(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TenantWorld]:
    """After a first run, on a day when some come, go and change: Staff has three pages, Sales two."""
    monkeypatch.setattr("sync_core.entra.graph.PAGE_SIZE", ROWS_A_PAGE)
    tenant = tenant_of(("ann", "bea", "cid", "dan", "eve", "jon"), ("eve", "fay", "gus"))
    async with tenant_world(tenant) as world:
        world.key = await world.connect(STAFF, SALES, tenant=tenant.organization.id)
        assert (await world.sync(world.key)).state is State.COMPLETED
        tenant.quit(STAFF, [id_of(tenant, "dan"), id_of(tenant, "eve")])
        tenant.quit(SALES, [id_of(tenant, "gus")])
        for number, (name, group) in enumerate((("hal", STAFF), ("ida", SALES))):
            tenant.add_user(person(50 + number, name))
            tenant.join(group, [id_of(tenant, name)])
        tenant.update_user(id_of(tenant, "ann"), {"displayName": "Ann Lind"})
        tenant.update_user(id_of(tenant, "fay"), {"accountEnabled": False})
        yield world


async def calm(here: TenantWorld) -> Picture:
    world = await here.fork()
    assert (await world.sync(world.key)).state is State.COMPLETED
    return await picture(world)


def on_each_page(here: TenantWorld, fault: AnyFault, **more: int) -> Iterator[tuple[str, int]]:
    """Switches the fault on for one page after the other, where it fits."""
    for group, page in PAGES:
        if page == 1 and isinstance(fault, ExpiredPageToken):
            continue
        here.running.faults.clear()
        here.running.faults.add(msgspec.structs.replace(fault, kind="members", group=group, page=page, **more))
        (armed,) = here.running.faults.armed()
        yield group, page
        assert armed.struck
    here.running.faults.clear()


async def by_name(world: TenantWorld) -> dict[str, User]:
    return {(user.username or user.former_username).partition("@")[0]: user for user in await world.users()}


async def check_next_run(world: TenantWorld, expected: Picture) -> None:
    """Once all comes whole, nothing is left of it."""
    world.running.faults.clear()
    assert (await world.sync(world.key)).state is State.COMPLETED
    assert await picture(world) == expected
    await check_sound(world)


@faults(*BUSY, *BROKEN)
async def test_what_goes_wrong_once_changes_nothing(here: TenantWorld, fault: AnyFault):  # D-10: read once more
    expected = await calm(here)
    for place in on_each_page(here, fault, times=1):
        world = await here.fork()

        run = await world.sync(world.key)

        assert run.state is State.COMPLETED, (place, run.reason)
        assert await picture(world) == expected, place
        await check_sound(world)


@faults(*BROKEN)
async def test_a_group_that_does_not_come_whole_removes_nobody_and_stops_nobody_else(here: TenantWorld, fault: AnyFault):  # D-10
    expected, before = await calm(here), await by_name(here)
    for group, page in on_each_page(here, fault):
        world = await here.fork()

        run = await world.sync(world.key)

        after = await by_name(world)
        check_unread(run, group, page)
        assert not any(user.in_trash for user in after.values())
        assert all(set(user.groups) <= set(after[name].groups) for name, user in before.items())
        if group == SALES:
            assert after["ann"].realname == "Ann Lind"
            assert "hal" in after
        else:
            assert after["fay"].status is Status.DISABLED
            assert "ida" in after
        await check_sound(world)
        await check_next_run(world, expected)


def check_unread(run: Run, group: str, page: int) -> None:
    assert run.state is State.INCOMPLETE, (group, page, run.reason)
    assert run.counts["groups unread"] == 1
    assert group in run.reason, run.reason  # what it was called when it was selected


@faults(*REFUSED, ServerError(status=503, retry_after="3"), Throttle(retry_after="30"))
async def test_a_source_that_refuses_or_stays_busy_fails_the_run_with_its_reason_and_changes_nobody(
    here: TenantWorld, fault: AnyFault
):  # B-130, D-10
    expected, before = await calm(here), await picture(here)
    for place in on_each_page(here, fault):
        world = await here.fork()

        run = await world.sync(world.key)

        assert run.state is State.FAILED, place
        assert "Microsoft Graph answered" in run.reason
        assert await picture(world) == before, place
        await check_sound(world)
        await check_next_run(world, expected)


async def test_a_group_that_is_said_to_be_gone_takes_nobody_along(here: TenantWorld):  # D-10, D-11, B-034
    expected, before = await calm(here), await by_name(here)
    for group, page in on_each_page(here, Missing()):
        world = await here.fork()

        run = await world.sync(world.key)

        after = await by_name(world)
        assert (run.state, run.counts["groups gone"]) == (State.WARNINGS, 1), page
        leavers = {"gus"} if group == STAFF else {"dan"}
        assert {name for name, user in after.items() if user.in_trash} == leavers
        own = next(g.group_id for g, _ in await world.context.groups.all() if g.object_id == group)
        assert all(own in after[name].groups for name, user in before.items() if own in user.groups)
        await check_sound(world)
        await check_next_run(world, expected)


async def test_a_member_whom_the_index_misses_is_removed_nowhere(here: TenantWorld):  # D-11
    expected = await calm(here)
    for name in ("ann", "bea", "jon", "fay"):
        for group in (STAFF, SALES):
            here.running.faults.add(LaggingIndex(group=group, users=(id_of(here.running.tenant, name),)))
            world = await here.fork()

            run = await world.sync(world.key)

            here.running.faults.clear()
            assert run.state is State.COMPLETED
            assert not (await by_name(world))[name].in_trash
            assert {person.groups for person in (await picture(world)).people} >= {person.groups for person in expected.people}
            await check_sound(world)
            await check_next_run(world, expected)
