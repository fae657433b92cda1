"""Nearly a third of Graph's answers are 429s with a Retry-After: the run ends as a calm one, asks little more, and never too early."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from local.tenant.faults import Throttle
from local.tenant.model import Tenant
from sync_core.runs.messages import Read
from sync_core.runs.record import Phase, State
from tests.proof.tenant_world import ROWS_A_PAGE, SALES, STAFF, TenantWorld, id_of, tenant_of, tenant_world
from tests.runs.picture import check_sound, picture

PEOPLE = tuple(f"user{number:03d}" for number in range(240))
LEAVERS = PEOPLE[::8]
THROTTLED = 0.3
SEEDS = range(4)
A_MOMENT = timedelta(seconds=0.5)


@pytest.fixture
async def here(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TenantWorld]:
    """After a first run of 240 people, on 120 pages and 40; thirty of them have left."""
    monkeypatch.setattr("sync_core.entra.graph.PAGE_SIZE", ROWS_A_PAGE)
    tenant = tenant_of(PEOPLE, PEOPLE[::3])
    async with tenant_world(tenant) as world:
        world.key = await world.connect(STAFF, SALES, tenant=tenant.organization.id)
        assert (await world.sync(world.key)).state is State.COMPLETED
        leave(tenant)
        yield world


def leave(tenant: Tenant) -> None:
    for group in (STAFF, SALES):
        tenant.quit(group, [id_of(tenant, name) for name in LEAVERS])


async def test_runs_that_are_throttled_ask_half_as_much_more_at_most_and_never_too_early(here: TenantWorld):  # architecture
    """Taken together: of one run of 145 requests, the luck of the draw alone makes that a bound for two of three."""
    calm = await here.fork()
    few = (await calm.sync(calm.key)).requests["graph"]
    expected = await picture(calm)
    asked = 0
    for seed in SEEDS:
        world = await here.fork()
        world.running.faults.add(Throttle(retry_after="7.25", share=THROTTLED, seed=seed))
        began = world.clock.at

        run = await world.sync(world.key)

        assert run.state is State.COMPLETED, run.reason
        assert run.counts["users trash"] == len(LEAVERS)
        assert await picture(world) == expected
        assert world.running.simulation.graph.patience.early == 0
        assert (world.clock.at - began).total_seconds() < 15 * run.requests["graph"]  # waits are not counted up over pages that came
        await check_sound(world)
        world.running.faults.clear()
        asked += run.requests["graph"]
        here.clock.at = world.clock.at  # the tenant remembers until when it asked to wait
    assert asked <= 1.5 * few * len(SEEDS)


async def test_a_cancelled_run_asks_for_no_further_page(here: TenantWorld):  # B-104
    run = await here.until(Phase.READ, await here.start(here.key))
    here.running.faults.add(Throttle(retry_after="7.25", share=THROTTLED, seed=1))
    for _ in range(12):
        await here.deliver_one(Read.queue)
        here.clock.at = max(here.clock.at, here.queues.due() or here.clock.at)
    assert (await here.context.runs.get(run.run)).phase is Phase.READ
    asked = len(here.running.requests)

    await here.runs.cancel(run.run, "somebody")
    await here.drain()

    assert (await here.context.runs.get(run.run)).state is State.CANCELLED
    assert len(here.running.requests) == asked


async def test_a_run_cancelled_while_it_reads_stops_within_a_page(here: TenantWorld):  # B-104
    run = await here.until(Phase.READ, await here.start(here.key))
    here.running.requests.clear()

    async def cancel(*_: object) -> None:
        here.clock.at += A_MOMENT
        if len(here.running.requests.of("members")) == 5:
            here.interrupt = None
            await here.runs.cancel(run.run, "somebody")

    here.interrupt = cancel
    await here.drain()

    assert (await here.context.runs.get(run.run)).state is State.CANCELLED
    assert len(here.running.requests.of("members")) <= 6
