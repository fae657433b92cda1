"""The night drops what late workers staged for runs that are over, and nothing that anybody still needs."""

from datetime import timedelta

from sync_core.retention.staged import drop_staged
from sync_core.runs.record import Phase, Run
from sync_core.storage.staging import Sign
from sync_core.tally import tally
from tests.runs.world import A_RUN_LATER, World


async def over() -> tuple[World, str, Run]:
    """A run that has just ended, and a sign of life of a worker that did not know."""
    world = World()
    await world.prepare()
    world.source.hire("ann@corp.example", "staff")
    key = await world.connect("staff")
    run = await world.sync(key)
    await world.context.staging.sign(run.run, "read-000-1-00001-0", Sign(world.clock.now(), {}))
    return world, key, run


def staged(world: World) -> set[str]:
    """The runs for which anything is."""
    return {row.partition for row in world.memory.rows("Staging")}


async def test_what_was_staged_for_a_run_that_is_over_goes_and_what_another_reads_stays():
    world, key, run = await over()
    world.clock.at += A_RUN_LATER
    other = await world.connect("staff", name="Other")
    at_work = [await world.until(Phase.PLAN, await world.start(one)) for one in (key, other)]
    await world.context.staging.sign(run.run, "late", Sign(world.clock.now(), {}))

    await drop_staged(world.context)

    assert staged(world) == {one.run for one in at_work}
    await world.drain()
    assert {(await world.context.runs.get(one.run)).state.value for one in at_work} == {"completed"}


async def test_what_a_worker_may_still_add_to_is_left_for_the_next_night():
    world, _, run = await over()

    await drop_staged(world.context)
    assert staged(world) == {run.run}
    world.clock.at += timedelta(days=1)
    await drop_staged(world.context)

    assert staged(world) == set()


async def test_a_night_on_which_nothing_is_staged_asks_once():
    world, _, run = await over()
    await world.context.staging.drop(run.run)

    with tally() as requests:
        await drop_staged(world.context)

    assert requests == {"tables": 1}
