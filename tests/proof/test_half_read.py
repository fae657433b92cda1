"""A source that comes in part: each fault of the simulated tenant on each page of each group, over HTTP (D-10, D-11).

Nobody is removed for what did not come, what came whole is applied, and the run says how it ended and why.
"""

from collections.abc import AsyncIterator, Iterator
from typing import get_args

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
    TokenError,
    TruncatedJson,
    Unauthenticated,
)
from sync_core.directory.users import Status, User
from sync_core.planning.reasons import Reason
from sync_core.runs import steps
from sync_core.runs.record import Run, State
from tests.proof.tenant_world import ROWS_A_PAGE, SALES, STAFF, TenantWorld, id_of, person, tenant_of, tenant_world
from tests.runs.picture import Picture, check_sound, picture

PAGES = tuple((group, page) for group, pages in ((STAFF, 3), (SALES, 2)) for page in range(1, pages + 1))
BUSY: dict[AnyFault, str] = {
    Throttle(retry_after="30"): "Microsoft Graph answered 429 TooManyRequests",
    Throttle(retry_after="1.5"): "Microsoft Graph answered 429 TooManyRequests",
    Throttle(retry_after=""): "Microsoft Graph answered 429 TooManyRequests",
    ServerError(status=500): "Microsoft Graph answered 500 InternalServerError",
    ServerError(status=502): "Microsoft Graph answered 502",
    ServerError(status=503, retry_after="3"): "Microsoft Graph answered 503 Service_InternalServerError",
    ServerError(status=504): "Microsoft Graph answered 504",
    DropConnection(): "RemoteProtocolError on the way to Microsoft Graph",
}
"""Asked again later, as often as a run asks; with what the run says when that was in vain."""
BROKEN: dict[AnyFault, str] = {
    TruncatedJson(): "no whole JSON answer",
    HtmlAnswer(): "no whole JSON answer",
    EmptyPage(): "an empty page and a next one",
    MissingRows(): "members, but only",
    ExpiredPageToken(): "Directory_ExpiredPageToken",
    Expired(): "Microsoft Graph answered 410",
    RepeatedLink(): "the page that was asked for",
    ForeignLink(): "https://graph.microsoft.example, which is not Graph: not followed",
    NullProperties(): "Consent to User.Read.All",
}
"""Read once more from the first page; with what the run says of the group when that was in vain."""
REFUSED: dict[AnyFault, str] = {
    Denied(): "Microsoft Graph answered 403 Authorization_RequestDenied",
    Unauthenticated(): "Microsoft Graph answered 401 InvalidAuthenticationToken",
}
"""Asked again with a new token, then a few times while consent may be on its way; with what the run says when that was in vain."""
LATE, GONE, LAGGING, NO_TOKEN = Latency(seconds=0.01), Missing(), LaggingIndex(), TokenError()
FEW_TRIES = 3


def named(fault: object) -> str:
    told = msgspec.convert(msgspec.to_builtins(fault), dict[str, object] | str)
    return told if isinstance(told, str) else " ".join(str(part) for part in told.values() if part not in ("", 0, 0.0, 1, 1.0, None))


def faults(of: dict[AnyFault, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("fault", "why"), of.items(), ids=map(named, of))


@pytest.fixture
async def here(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TenantWorld]:
    """After a first run, on a day when some come, go and change: Staff has three pages, Sales two; jon is in both."""
    monkeypatch.setattr("sync_core.entra.graph.PAGE_SIZE", ROWS_A_PAGE)
    tenant = tenant_of(("ann", "bea", "cid", "dan", "eve", "jon"), ("eve", "fay", "gus", "jon"))
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


def test_no_fault_of_the_simulated_tenant_is_left_out():
    tried = {type(fault) for fault in (*BUSY, *BROKEN, *REFUSED, LATE, GONE, LAGGING, NO_TOKEN)}
    assert tried == set(get_args(AnyFault.__value__))


@faults(BUSY | BROKEN | REFUSED | {LATE: ""})
async def test_what_goes_wrong_once_changes_nothing(here: TenantWorld, fault: AnyFault, why: str):  # D-10: read once more; B-131
    del why
    expected = await calm(here)
    for place in on_each_page(here, fault, times=1):
        world = await here.fork()

        run = await world.sync(world.key)

        assert (run.state, run.reason) == (State.COMPLETED, ""), place
        assert await picture(world) == expected, place
        await check_sound(world)


async def test_answers_that_are_always_slow_change_nothing(here: TenantWorld):
    expected = await calm(here)
    here.running.faults.add(LATE)

    assert (await here.sync(here.key)).state is State.COMPLETED
    assert await picture(here) == expected


@faults(BROKEN)
async def test_a_group_that_does_not_come_whole_removes_nobody_and_stops_nobody_else(here: TenantWorld, fault: AnyFault, why: str):  # D-10
    expected, before = await calm(here), await by_name(here)
    for group, page in on_each_page(here, fault):
        world = await here.fork()

        run = await world.sync(world.key)

        after = await by_name(world)
        check_unread(run, group, why)
        check_nobody_lost_anything(before, after)
        if group == SALES:
            assert after["ann"].realname == "Ann Lind", page
        else:
            assert after["fay"].status is Status.DISABLED, page
        assert ("hal" in after, "ida" in after) == (group == SALES, group == STAFF)
        await check_sound(world)
        await check_next_run(world, expected)


def check_unread(run: Run, group: str, why: str) -> None:
    assert run.state is State.INCOMPLETE, run.reason
    assert (run.counts["groups"], run.counts["groups unread"]) == (1, 1)
    assert run.reason.startswith(f"not read whole, so nobody was removed: {group}: "), run.reason
    assert why in run.reason


def check_nobody_lost_anything(before: dict[str, User], after: dict[str, User]) -> None:
    assert not any(user.in_trash for user in after.values())
    assert all(set(user.groups) <= set(after[name].groups) for name, user in before.items())


@faults(REFUSED | BUSY)
async def test_a_source_that_refuses_or_stays_busy_fails_the_run_with_its_reason_and_changes_nobody(
    here: TenantWorld, fault: AnyFault, why: str, monkeypatch: pytest.MonkeyPatch
):  # B-130, D-10
    monkeypatch.setattr(steps, "MOST_TRIES", FEW_TRIES)
    expected, before = await calm(here), await picture(here)
    for place in on_each_page(here, fault):
        world = await here.fork()

        run = await world.sync(world.key)

        assert (run.state, run.refused) == (State.FAILED, fault in REFUSED), place
        assert run.reason.startswith(why if fault in REFUSED else f"gave up after {FEW_TRIES} tries: {why}"), run.reason
        assert ("Reauthorize the connection" in run.reason) == (fault in REFUSED)
        assert await picture(world) == before, place
        await check_sound(world)
        await check_next_run(world, expected)


@pytest.mark.parametrize("times", [1, 9])
async def test_a_group_that_is_said_to_be_gone_takes_nobody_along(here: TenantWorld, times: int):  # D-10, D-11, B-034
    expected, before = await calm(here), await by_name(here)
    for group, page in on_each_page(here, GONE, times=times):
        world = await here.fork()

        run = await world.sync(world.key)

        after = await by_name(world)
        assert (run.state, run.counts["groups gone"]) == (State.WARNINGS, 1), page
        assert run.reason.startswith("gone from Entra")
        assert run.reason.endswith(f": {group}")
        leavers = {"gus"} if group == STAFF else {"dan"}
        assert {name for name, user in after.items() if user.in_trash} == leavers
        own = next(g.group_id for g, _ in await world.context.groups.all() if g.object_id == group)
        assert all(own in after[name].groups for name, user in before.items() if own in user.groups)
        await check_sound(world)
        await check_next_run(world, expected)


async def test_members_whom_the_index_misses_are_removed_nowhere(here: TenantWorld):  # D-11
    expected, before, tenant = await calm(here), await by_name(here), here.running.tenant
    leavers = {"dan", "eve", "gus"}
    missing = [(group, (user,)) for group in (STAFF, SALES) for user in tenant.transitive_users(group)]
    for group, users in [*missing, *((group, tuple(tenant.transitive_users(group))) for group in (STAFF, SALES))]:
        here.running.faults.add(LaggingIndex(group=group, users=users))
        world = await here.fork()

        run = await world.sync(world.key)

        here.running.faults.clear()
        after = await by_name(world)
        skips, _ = await world.runs.skips(run.run, limit=99)
        assert run.state is State.COMPLETED
        assert {skip.reason for skip in skips} <= {Reason.STILL_A_MEMBER}
        assert {name for name, user in after.items() if user.in_trash} == leavers - {"eve"}
        elsewhere = {name for name, user in before.items() if len(user.groups) > 1}  # only who is absent everywhere is asked for
        assert all(user.groups == after[name].groups for name, user in before.items() if name not in leavers | elsewhere), users
        await check_sound(world)
        await check_next_run(world, expected)
