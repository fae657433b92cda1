"""What was edited between the plan of a run and its writing: rows that no plan knows follow the records, wherever the run is cut."""

from collections.abc import Awaitable, Callable

import pytest

from sync_core.directory.attributes import Mapping
from sync_core.directory.edits import UserEdit
from sync_core.individual.sync import IndividualSync
from sync_core.runs.record import Phase, Run, State
from sync_core.storage import changes
from tests.management.hands import Hands
from tests.runs.fates import Act, Scissors, dies, fails
from tests.runs.picture import check_sound
from tests.runs.test_deleted_sync import BEA, delete, shared
from tests.runs.test_two_syncs import index
from tests.runs.world import A_RUN_LATER, EVERY_MINUTE, World

ANN = "ann@corp.example"
STEP = 3

type Edited = Callable[[], Awaitable[tuple[World, str]]]


async def the_other_sync_was_deleted() -> tuple[World, str]:
    """Bea's groups of it end by the next write of her record."""
    world, acme, sales = await shared()
    world.source.accounts[world.source.named("bea")].attributes["displayName"] = "Bea Lind"
    await world.until(Phase.APPLY, await world.start(acme))
    await delete(world, sales)
    assert len((await world.user(BEA)).groups) == 2
    return world, acme


async def names_and_mail_were_given_by_hand() -> tuple[World, str]:
    """To an unmanaged user whom the run takes over: the source knows neither."""
    world = World()
    await world.prepare()
    hands, key = Hands(world), await world.connect("staff", mapping=Mapping(aliases={"1": "mailNickname"}))
    ann = await hands.create(ANN)
    world.source.hire(ANN, "staff", mailNickname="ann")
    await world.until(Phase.CLAIM, await world.start(key))
    await hands.change(ann, UserEdit(aliases={"1": "kim@corp.example"}, email="kim@corp.example"))
    return world, key


@pytest.mark.parametrize("fate", [dies, fails])
@pytest.mark.parametrize("made", [the_other_sync_was_deleted, names_and_mail_were_given_by_hand])
async def test_what_a_record_gives_up_besides_is_put_right_wherever_the_run_is_cut(made: Edited, fate: Act):  # D-16, D-17, D-05
    before, key = await made()
    whole = await before.fork()
    whole.interrupt = scissors = Scissors(-1, fate)
    await whole.survive()

    for place in range(0, scissors.count, STEP):
        world = await before.fork()
        world.interrupt = Scissors(place, fate)
        await world.survive()
        world.interrupt = None
        world.clock.at += A_RUN_LATER
        assert (await world.sync(key)).state is State.COMPLETED

        await check_sound(world)


def lists(world: World, run: Run) -> dict[str, str]:
    """ETags of what was planned, by key; not of when it was told."""
    rows = world.memory.rows(changes.TABLE)
    return {row.key: row.etag for row in rows if row.partition == run.run and not row.key.startswith("told-")}


async def test_a_list_is_written_again_only_for_what_no_plan_knows():  # architecture: the way data travels
    world, acme, _ = await shared()
    world.source.quit(world.source.named("ann"))
    world.source.accounts[world.source.named("bea")].attributes["mail"] = "bea.lind@corp.example"
    run = await world.until(Phase.APPLY, await world.start(acme))
    planned = lists(world, run)

    await world.drain()

    assert lists(world, run) == planned


async def test_a_run_keeps_no_claim_of_whom_a_later_reading_made():  # D-16, D-27: a purge goes by the record
    world = World()
    await world.prepare()
    world.source.hire(ANN, "staff", "sales")
    late, early = sorted([await world.connect("staff"), await world.connect("sales", name="Sales")])
    run = await world.until(Phase.APPLY, await world.start(late))
    world.clock.at += EVERY_MINUTE
    await IndividualSync(world.context).of_names(early, [ANN], "test")

    await world.drain()

    assert (await world.context.runs.get(run.run)).state is State.COMPLETED
    assert set((await world.user(ANN)).held_by) == {early}
    assert index(world, late) == {}
    twin = await world.fork()
    await Hands(twin).delete_sync(late)
    await check_sound(twin)
    await world.sync(late)
    assert set((await world.user(ANN)).held_by) == {early, late}
    await check_sound(world)
