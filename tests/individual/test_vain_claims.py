"""An individual sync that dies with an object claimed, and whose user the next full run may not write: the claim goes all the same."""

from contextlib import suppress
from datetime import timedelta

from sync_core.directory.edits import SETTABLE
from sync_core.directory.users import Status
from sync_core.individual.sync import IndividualSync
from sync_core.planning.reasons import Reason
from sync_core.runs.record import RunKind, State
from sync_core.storage import names, objects, users
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.management.hands import Hands
from tests.runs.picture import check_sound
from tests.runs.world import LIMITLESS, Cut, World

ANN = "ann@corp.example"
LONGER_THAN_ITS_CLAIMS = timedelta(minutes=11)


async def claimed(world: World) -> str:
    """An individual sync of ann that died before it wrote a record: its sync."""
    world.source.hire(ANN, "staff")
    key = await world.connect("staff", brake=LIMITLESS)

    def dies(point: Point, port: Port, method: Method, call: Call) -> None:
        del port, method
        if (point, call.name) == ("before", users.TABLE) and call.operations:
            raise Cut

    world.interrupt = dies
    with suppress(Cut):
        await IndividualSync(world.context).of_names(key, [ANN], "test")
    world.interrupt = None
    world.restart()
    assert len(world.memory.rows(objects.TABLE)) == 1
    return key


async def why_not(world: World, key: str) -> list[Reason]:
    run = await world.sync(key)
    assert run.state in (State.COMPLETED, State.WARNINGS)
    return [skip.reason for skip in (await world.runs.skips(run.run, limit=9))[0]]


async def test_of_somebody_who_was_disabled_by_hand_meanwhile():  # D-05, architecture: Objects
    world = World()
    await world.prepare()
    hands = Hands(world)
    ann = await hands.create(ANN)
    key = await claimed(world)
    world.clock.at += LONGER_THAN_ITS_CLAIMS
    assert (await hands.set_status(ann, SETTABLE.index(Status.DISABLED))).status is Status.DISABLED

    assert await why_not(world, key) == [Reason.DISABLED_HERE]

    assert world.memory.rows(objects.TABLE) == []
    await check_sound(world)


async def test_of_a_new_user_who_shares_a_name_by_now():  # B-013, D-04
    world = World()
    await world.prepare()
    key = await claimed(world)
    world.clock.at += LONGER_THAN_ITS_CLAIMS
    world.source.hire(ANN, "staff")

    assert await why_not(world, key) == [Reason.SHARED_NAME] * 2

    assert world.memory.rows(objects.TABLE) == []
    await check_sound(world)


async def test_one_that_is_still_at_work_keeps_its_claim():  # D-15, B-011: two syncs tell by it who makes a user
    world = World()
    await world.prepare()
    key = await claimed(world)
    world.source.hire(ANN, "staff")

    assert await why_not(world, key) == [Reason.SHARED_NAME] * 2

    assert len(world.memory.rows(objects.TABLE)) == len(world.memory.rows(names.TABLE)) == 1
    (run,) = [run for run in (await world.runs.history(key, limit=9))[0] if run.kind is RunKind.INDIVIDUAL]
    assert run.run in (await world.context.locks.read(key))[0].unclean  # the next run looks again
