"""A user whom one sync put into Trash as one object and wrote later as another: it is the other one only (D-02, D-06, D-27)."""

import pytest
from msgspec.structs import replace

from sync_core.directory.users import Status, User
from sync_core.runs.messages import Apply
from sync_core.runs.record import Phase, State
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.management.hands import Hands
from tests.runs.picture import check_sound
from tests.runs.test_moved import ELSEWHERE
from tests.runs.world import Cut
from tests.trash.world import A_WEEK, TrashWorld

ANN = "ann@corp.example"


async def restored() -> tuple[TrashWorld, str, str]:
    """Ann went to Trash by the sync of staff and was restored by that of sales. The keys of both."""
    here = TrashWorld()
    await here.prepare()
    first = here.source.hire(ANN, "staff")
    here.source.members["sales"] = set()
    staff = await here.connect("staff")
    sales = await here.connect("sales", name="Sales")
    await here.sync(staff)
    here.source.quit(first)
    await here.sync(staff)
    here.source.join(first, "sales")
    await here.sync(sales)
    return here, staff, sales


async def moved_on() -> tuple[TrashWorld, str, str, str]:
    """Then the first sync moved to a tenant where another account has her name. With her object id from before."""
    here, staff, sales = await restored()
    first = here.source.named("ann")
    stored = await here.context.syncs.read(staff)
    assert stored is not None
    there = replace(stored.sync, tenant_id=ELSEWHERE, version=stored.sync.version + 1)
    await here.context.syncs.replace(there, stored.etag, stored.sync)
    here.source.hire(ANN, "staff")
    return here, staff, sales, first


async def nobody_has_her(here: TrashWorld, staff: str, sales: str) -> User:
    for object_id in tuple(here.source.accounts):
        here.source.quit(object_id)
    await here.sync(sales)
    await here.sync(staff)
    (ann,) = await here.users()
    assert ann.status is Status.PENDING_DELETION
    return ann


async def test_whom_a_sync_knows_as_another_object_by_now_is_purged_with_every_row_that_names_it():  # D-27, B-163
    here, staff, sales, first = await moved_on()
    await here.sync(staff)
    ann = await nobody_has_her(here, staff, sales)
    here.clock.at += A_WEEK

    await here.night()

    assert await here.users() == []
    assert here.traces(ann) == []
    assert await here.context.objects.many(staff, [first]) == {}
    await check_sound(here)


async def test_of_two_objects_that_come_to_one_user_it_is_the_one_it_was_and_the_other_is_new():  # D-06, D-02, D-17
    here, staff, sales = await restored()
    ann = await here.user(ANN)
    await Hands(here).delete_sync(sales)
    here.source.rename("ann", "ann.old")
    here.source.join(here.source.named("ann.old"), "staff")
    here.source.hire(ANN, "staff")

    run = await here.sync(staff)

    assert (run.state, run.counts["skipped"]) == (State.COMPLETED, 0)
    assert (await here.user("ann.old@corp.example")).user_id == ann.user_id
    assert (await here.user(ANN)).held_by[staff].object_id == here.source.named("ann")


@pytest.mark.parametrize("table", ["Objects", "Users"])
async def test_wherever_it_dies_no_row_of_the_object_from_before_is_forgotten(table: str):  # D-27
    here, staff, sales, first = await moved_on()
    await here.until(Phase.APPLY, await here.start(staff))

    def dies_after(point: Point, port: Port, method: Method, call: Call) -> None:
        del port, method
        if point == "after" and call.name == table and call.operations:
            raise Cut

    (message,) = here.queues.receive(Apply.queue)
    here.interrupt = dies_after
    with pytest.raises(Cut):
        await here.handle(message.queue, message.body)
    here.interrupt = None
    here.restart()
    here.queues.release(message)
    await here.survive()
    ann = await nobody_has_her(here, staff, sales)
    here.clock.at += A_WEEK

    await here.night()

    assert here.traces(ann) == []
    assert await here.context.objects.many(staff, [first]) == {}
    await check_sound(here)
