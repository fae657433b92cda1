"""Edits by hand at the same time as others, and as runs: whatever the order of their requests, a name is owned once.

And a process that dies in the middle of one leaves nothing that stands in anybody's way.
"""

from collections.abc import Awaitable, Callable

import pytest

from sync_core.directory.edits import UserEdit
from sync_core.directory.users import Status, User
from sync_core.errors import AlreadyExists, AlreadyRunning, Conflict, Missing, NotFound, Rejected, Stale
from sync_core.management.naming import NameInUse
from sync_core.planning.claims import EDIT_LASTS
from sync_core.runs.record import Phase
from sync_core.storage import users
from sync_core.storage.cuts import Call, Method, Point, Port
from tests.management.hands import Hands, check_counts, check_names, die_anywhere, hands, meanwhile
from tests.runs.picture import check_sound

type Act = Callable[[Hands], Awaitable[object]]

ANN, BEA = "ann@corp.example", "bea@corp.example"


async def two() -> Hands:
    """Users ann and bea, made long ago."""
    here = await hands()
    await here.create(ANN, alias1="a")
    await here.create(BEA)
    here.world.clock.at += EDIT_LASTS
    return here


async def trashed() -> Hands:
    """Ann is in Trash, bea was made by hand."""
    here = await hands()
    ann = here.world.source.hire(ANN, "staff")
    key = await here.world.connect("staff")
    await here.world.sync(key)
    here.world.source.quit(ann)
    await here.world.sync(key)
    await here.create(BEA)
    here.world.clock.at += EDIT_LASTS
    return here


async def one(here: Hands, username: str) -> User:
    """Whoever was made under this name, whatever it is called now. Raises NotFound."""
    return (await here.users.get(here.made[username])).user


async def create_kim(here: Hands) -> object:
    return await here.create("kim", alias1="k")


async def create_k(here: Hands) -> object:
    return await here.create("K", alias1="other")


async def rename_ann_kim(here: Hands) -> object:
    return await here.rename(await one(here, ANN), "kim")


async def rename_bea_ann(here: Hands) -> object:
    return await here.rename(await one(here, BEA), ANN)


async def create_k_and_kim(here: Hands) -> object:
    return await here.create("k", alias1="kim")


async def create_kim_with_alias_ann(here: Hands) -> object:
    return await here.create("kim", alias1=ANN)


async def create_ann(here: Hands) -> object:
    return await here.create(ANN)


async def delete_ann(here: Hands) -> object:
    return await here.users.delete((await one(here, ANN)).user_id, by="test")


async def note_ann(here: Hands) -> object:
    return await here.change(await one(here, ANN), UserEdit(notes="n", aliases={"1": "", "2": "k"}))


async def well(here: Hands) -> None:
    await check_names(here.world)
    await check_counts(here.world)


@pytest.mark.parametrize(("first", "other"), [(create_kim, create_k), (create_k, create_kim), (rename_ann_kim, create_kim)])
async def test_of_two_that_want_a_name_at_once_one_gets_it(first: Act, other: Act) -> None:  # D-03
    for here, mine, theirs in await meanwhile(await two(), first, other):
        assert sorted(isinstance(result, NameInUse) for result in (mine, theirs)) == [False, True], (mine, theirs)
        await well(here)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (rename_ann_kim, rename_bea_ann),
        (rename_bea_ann, rename_ann_kim),
        (delete_ann, create_ann),
        (create_ann, delete_ann),
        (delete_ann, note_ann),
        (note_ann, delete_ann),
        (note_ann, rename_ann_kim),
        (note_ann, create_kim),
        (delete_ann, delete_ann),
    ],
)
async def test_edits_at_once_end_as_if_they_were_made_one_after_the_other(first: Act, other: Act) -> None:  # D-03
    for here, mine, theirs in await meanwhile(await two(), first, other):
        for result in (mine, theirs):
            assert not isinstance(result, Exception) or isinstance(result, (NameInUse, NotFound)), (mine, theirs)
        await well(here)


@pytest.mark.parametrize(("first", "other"), [(create_ann, rename_bea_ann), (rename_bea_ann, create_ann)])
async def test_of_two_that_want_the_name_of_somebody_in_trash_one_gets_it(first: Act, other: Act) -> None:  # D-07
    for here, mine, theirs in await meanwhile(await trashed(), first, other):
        assert sorted(isinstance(result, NameInUse) for result in (mine, theirs)) == [False, True], (mine, theirs)
        (holder,) = await here.called(ANN)
        assert not holder.in_trash
        await well(here)


async def test_a_name_of_somebody_in_trash_stays_there_when_another_name_was_lost() -> None:  # D-07
    for here, mine, _ in await meanwhile(await trashed(), create_kim_with_alias_ann, create_k_and_kim):
        (ann,) = [user for user in await here.world.users() if user.in_trash]
        assert isinstance(mine, NameInUse) == (ann.username == ANN), mine
        await well(here)
        if ann.username:
            assert (await here.world.user(ANN)).user_id == ann.user_id


@pytest.mark.parametrize("act", [create_kim, rename_ann_kim, delete_ann, note_ann])
async def test_whoever_dies_in_an_edit_is_in_nobodys_way_ten_minutes_later(act: Act) -> None:
    for here in await die_anywhere(await two(), act):
        await well(here)
        for user in await here.called("kim"):
            await here.users.delete(user.user_id, by="test")
        await here.create("kim", alias1="kim.too")
        if not await here.called(ANN):
            await here.create(ANN, alias1="new")
        await well(here)


@pytest.mark.parametrize("act", [create_ann, rename_bea_ann])
async def test_whoever_dies_while_taking_a_name_from_trash_is_in_nobodys_way(act: Act) -> None:  # D-07
    for here in await die_anywhere(await trashed(), act):
        await well(here)
        for user in await here.called(ANN):
            if not user.in_trash:
                await here.users.delete(user.user_id, by="test")
        new = await here.create(ANN)
        assert await here.called(ANN) == [new]
        await well(here)


async def test_whoever_repeats_the_edit_that_it_died_in_ends_right_at_once() -> None:  # D-07
    for here in await die_anywhere(await trashed(), rename_bea_ann):
        here.world.clock.at -= EDIT_LASTS
        assert (await here.rename(await one(here, BEA), ANN)).username == ANN
        await well(here)


def answer_lost(here: Hands, conflict: Conflict) -> None:
    """The next record is written, and the answer lost: the repetition of the request meets what it has written itself."""

    def interrupt(point: Point, port: Port, method: Method, call: Call) -> None:
        del port
        if point == "after" and method == "transact" and call.name == users.TABLE:
            here.world.interrupt = None
            raise conflict

    here.world.interrupt = interrupt


async def test_an_edit_whose_answer_was_lost_is_done() -> None:
    here = await two()
    answer_lost(here, AlreadyExists("it is there", index=1))
    kim = await here.create("kim", alias1="k")
    assert await here.called("kim") == [kim]
    await check_sound(here.world)
    answer_lost(here, Stale("it has changed", index=1))
    kim = await here.change(kim, UserEdit(username="kim.lind", aliases={"1": "kk"}))
    assert (kim.username, kim.aliases) == ("kim.lind", {"1": "kk"})
    await check_sound(here.world)
    answer_lost(here, Missing("it is gone", index=1))
    await here.users.delete(kim.user_id, by="test")
    await check_sound(here.world)


async def test_a_name_is_free_at_once_when_its_user_of_a_minute_is_deleted() -> None:
    async def deleted(here: Hands) -> object:
        return await here.users.delete((await one(here, "kim")).user_id, by="test")

    async def just_made() -> Hands:
        here = await hands()
        await here.create("kim")
        return here

    for here in await die_anywhere(await just_made(), deleted):
        here.world.clock.at -= EDIT_LASTS
        if not await here.called("kim"):
            await here.create("kim")
        await well(here)


# Beside a run

HIRED = (ANN, BEA, "cid@corp.example")


async def about_to_run() -> Hands:
    """A sync that will take ann over, make bea and cid, and restore dan."""
    here = await hands()
    source = here.world.source
    dan = source.hire("dan@corp.example", "staff")
    key = await here.world.connect("staff")
    await here.world.sync(key)
    source.quit(dan)
    await here.world.sync(key)
    await here.create(ANN, alias5="a")
    for name in HIRED:
        source.hire(name, "staff")
    source.join(dan, "staff")
    here.world.clock.at += EDIT_LASTS
    return here


async def run(here: Hands) -> object:
    (sync,) = await here.world.context.syncs.all()
    return await here.world.sync(sync.directory_key)


async def create_bea(here: Hands) -> object:
    return await here.create("Bea@corp.example")


async def create_with_alias_cid(here: Hands) -> object:
    return await here.create("new", alias1=HIRED[2])


async def create_dan(here: Hands) -> object:
    return await here.create("dan@corp.example")


async def rename_ann_away(here: Hands) -> object:
    return await here.rename(await one(here, ANN), "ann.lind")


async def disable_ann(here: Hands) -> object:
    return await here.change(await one(here, ANN), UserEdit(status=Status.DISABLED))


async def realias_ann(here: Hands) -> object:
    return await here.change(await one(here, ANN), UserEdit(aliases={"5": "z"}, notes="by hand", status=Status.BYPASS))


@pytest.mark.parametrize("edit", [create_bea, create_with_alias_cid, create_dan, rename_ann_away, delete_ann, disable_ann, realias_ann])
async def test_an_edit_anywhere_in_a_run_and_the_next_run_end_with_every_name_owned_once(edit: Act) -> None:  # D-03, D-07, D-16
    for here, _, result in await meanwhile(await about_to_run(), run, edit):
        assert not isinstance(result, Exception) or isinstance(result, (Rejected, AlreadyRunning)), result
        await well(here)
        here.world.clock.at += EDIT_LASTS
        await run(here)
        await well(here)
        held = {user.username.lower() for user in await here.world.users() if user.held_by}
        assert {BEA, "cid@corp.example"} - held <= ({"cid@corp.example"} if edit is create_with_alias_cid else set[str]())


async def test_what_is_edited_where_no_sync_writes_survives_a_run_that_goes_on() -> None:  # B-051, B-152, D-16
    for here, _, result in await meanwhile(await about_to_run(), run, realias_ann):
        assert isinstance(result, User)
        ann = await here.world.user("z")
        assert (ann.username, ann.notes, ann.status, ann.aliases) == (ANN, "by hand", Status.BYPASS, {"5": "z"})


async def test_a_run_does_not_enable_whom_somebody_disables_while_it_goes_on() -> None:  # D-05
    for here, _, result in await meanwhile(await about_to_run(), run, disable_ann):
        ann = await one(here, ANN)
        assert (ann.status is Status.DISABLED) == isinstance(result, User), result


async def test_a_user_that_a_run_is_about_to_take_over_keeps_its_names_until_then() -> None:  # B-010
    here = await about_to_run()
    (sync,) = await here.world.context.syncs.all()
    started = await here.world.start(sync.directory_key)
    await here.world.until(Phase.APPLY, started)

    for attempt in (rename_ann_away(here), delete_ann(here)):
        with pytest.raises(AlreadyRunning) as refusal:
            await attempt
        assert refusal.value.run == started.run
    await here.change(await one(here, ANN), UserEdit(realname="other"))
    await here.world.drain()
    assert (await one(here, ANN)).realname == "Ann"
    await well(here)


async def test_a_run_meets_the_half_made_edit_of_a_dead_process_and_ends_right() -> None:
    async def edited(here: Hands) -> object:
        return await create_bea(here)

    for here in await die_anywhere(await about_to_run(), edited):
        await run(here)
        (bea,) = [user for user in await here.world.users() if user.username.lower() == BEA]
        assert bea.held_by
        await well(here)
