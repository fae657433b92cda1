"""Who is deleted for good, when, and what is left of it."""

from datetime import timedelta

import pytest
from msgspec import structs
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.names import digest
from sync_core.directory.users import Status
from sync_core.runs.messages import Apply
from sync_core.runs.record import Phase, State
from sync_core.storage import objects
from sync_core.storage.tables import Replace
from tests.runs.picture import check_sound, picture
from tests.trash.world import A_WEEK, AN_INSTANT, TrashWorld, left


async def test_a_user_is_deleted_after_seven_days_in_trash_to_the_second_and_not_before():  # B-163, D-27
    here, _, (ann,) = await left("ann")
    assert ann.trashed_at is not None

    here.clock.at = ann.trashed_at + A_WEEK - AN_INSTANT
    await here.night()
    assert await here.context.users.get(ann.user_id) == ann

    here.clock.at = ann.trashed_at + A_WEEK
    await here.night()
    assert await here.context.users.get(ann.user_id) is None


async def test_nothing_names_a_deleted_user_and_nobody_else_has_changed():  # D-27
    here, _, gone = await left("ann", "eve")
    before, others = await picture(here), {user.user_id: user for user in await here.users()}
    here.clock.at += A_WEEK

    await here.night()

    assert [here.traces(user) for user in gone] == [[], []]
    assert here.in_trash() == []
    after = await picture(here)
    assert sum((before.people - after.people).values()) == 2
    for user in await here.users():
        assert user == others[user.user_id]
    await check_sound(here)


async def test_whoever_comes_back_after_that_is_a_new_user():  # B-162, B-163
    here, key, (ann,) = await left("ann")
    here.clock.at += A_WEEK
    await here.night()

    here.source.join(here.source.named("ann"), "staff")
    run = await here.sync(key)

    assert run.state is State.COMPLETED
    again = await here.user("ann@corp.example")
    assert again.user_id != ann.user_id
    assert (again.status, again.known_as) == (Status.ACTIVE, {})
    await check_sound(here)


async def test_a_user_restored_within_the_seven_days_stays():  # B-162
    here, key, (ann,) = await left("ann")
    here.source.join(here.source.named("ann"), "staff")
    await here.sync(key)
    here.clock.at += A_WEEK

    await here.night()

    stays = await here.user("ann@corp.example")
    assert (stays.user_id, stays.status, stays.known_as) == (ann.user_id, Status.ACTIVE, {})
    assert here.in_trash() == []
    await check_sound(here)


async def test_seven_days_count_from_the_last_time_it_went_to_trash():  # D-27
    here, key, (ann,) = await left("ann")
    ann_in_entra = here.source.named("ann")
    here.source.join(ann_in_entra, "staff")
    await here.sync(key)
    here.clock.at += timedelta(days=5)
    here.source.quit(ann_in_entra)
    await here.sync(key)
    trashed_again = here.clock.at
    assert len(here.in_trash()) == 2

    here.clock.at = trashed_again + A_WEEK - AN_INSTANT
    await here.night()
    assert await here.context.users.get(ann.user_id) is not None
    assert len(here.in_trash()) == 1

    here.clock.at = trashed_again + A_WEEK
    await here.night()
    assert here.traces(ann) == []


async def test_a_name_that_somebody_took_over_meanwhile_stays_theirs():  # D-07
    here, key, (ann,) = await left("ann")
    here.source.rename("ann", "former")
    here.source.rename("bea", "ann")
    await here.sync(key)
    bea = await here.user("ann@corp.example")
    here.clock.at += A_WEEK

    await here.night()

    assert await here.context.users.get(ann.user_id) is None
    assert await here.user("ann@corp.example") == bea
    await check_sound(here)


async def test_aliases_go_too():  # D-03, D-27
    here = TrashWorld()
    await here.prepare()
    here.source.hire("ann@corp.example", "staff", mailNickname="annie")
    here.source.hire("bea@corp.example", "staff", mailNickname="bee")
    key = await here.connect("staff", mapping=Mapping(aliases={"1": "mailNickname"}))
    await here.sync(key)
    here.source.quit(here.source.named("ann"))
    await here.sync(key)
    ann = await here.user("annie")
    here.clock.at += A_WEEK

    await here.night()

    assert here.traces(ann) == []
    assert (await here.user("bee")).username == "bea@corp.example"


@pytest.mark.parametrize("written_since", [False, True])
async def test_what_deleted_syncs_and_syncs_it_left_earlier_know_of_it_goes_too(*, written_since: bool):  # D-17, D-27
    here = TrashWorld()
    await here.prepare()
    here.source.hire("ann@corp.example", "staff", "sales", "board")
    keys = [await here.connect(group, name=group) for group in ("staff", "sales", "board")]
    for key in keys:
        await here.sync(key)
    stored = await here.context.syncs.read(keys[0])
    assert stored is not None
    await here.context.syncs.replace(replace(stored.sync, deleted_at=here.clock.at, version=2), stored.etag)
    if written_since:
        here.source.accounts[here.source.named("ann")].attributes["displayName"] = "Ann Lind"
        await here.sync(keys[1])
    here.source.quit(here.source.named("ann"))
    for key in keys[1:]:
        await here.sync(key)
    ann = await here.user("ann@corp.example")
    assert {key for key, _ in ann.objects} == {keys[0], keys[2]}
    assert {row.partition.rpartition("-")[0] for row in here.memory.rows("Objects")} == {keys[0], keys[2]}
    here.clock.at += A_WEEK

    await here.night()

    assert here.memory.rows("Objects") == []
    assert here.traces(ann) == []


async def test_a_name_that_is_on_its_way_to_somebody_else_is_left_to_them():  # D-07
    here, key, (ann,) = await left("ann")
    here.source.rename("ann", "former")
    here.source.rename("bea", "ann")
    run = await here.until(Phase.APPLY, await here.start(key))
    await here.steps.poisoned(Apply(directory_key=key, run=run.run, attempt=1, chain="00", number=0))
    for message in here.queues.receive(Apply.queue):
        here.queues.delete(message)
    await here.drain()
    here.clock.at += A_WEEK

    await here.night()

    assert await here.context.users.get(ann.user_id) is None
    (claim, _) = (await here.context.names.many([digest("ann@corp.example")])).popitem()[1]
    assert claim.owner == (await here.user("bea@corp.example")).user_id
    await here.sync(key)
    assert (await here.user("ann@corp.example")).user_id == claim.owner
    await check_sound(here)


async def test_an_object_that_is_somebody_else_by_now_is_left_to_them():  # D-06
    here, key, (ann,) = await left("ann")
    bea = await here.user("bea@corp.example")
    object_id = ann.known_as[key]
    row, etag = (await here.context.objects.many(key, [object_id]))[object_id]
    await here.tables.write(objects.TABLE, Replace(objects.to_row(key, structs.replace(row, user_id=bea.user_id), etag)))
    here.clock.at += A_WEEK

    await here.night()

    assert await here.context.users.get(ann.user_id) is None
    assert (await here.context.objects.many(key, [object_id]))[object_id][0].user_id == bea.user_id
