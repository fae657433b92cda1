"""Absence removes only after proof: groups that are gone or unread, lagging indexes, people asked for by id (D-10, D-11)."""

import pytest

from sync_core.directory.users import Status
from sync_core.planning.reasons import Reason
from sync_core.runs.record import State
from tests.runs.picture import check_sound, picture
from tests.runs.source import incomplete
from tests.runs.world import World


async def staffed() -> tuple[World, str]:
    """Four people, "ann" in staff, "bea" in sales, "cid" in both, "dan" in staff."""
    here = World()
    await here.prepare()
    for name, *groups in (("ann", "staff"), ("bea", "sales"), ("cid", "staff", "sales"), ("dan", "staff")):
        here.source.hire(f"{name}@corp.example", *groups)
    key = await here.connect("staff", "sales")
    assert (await here.sync(key)).state is State.COMPLETED
    here.source.asked.clear()
    return here, key


async def reasons(here: World, run: str) -> dict[str, Reason]:
    skips, _ = await here.runs.skips(run, limit=99)
    return {skip.username: skip.reason for skip in skips}


async def test_the_members_of_a_group_that_entra_has_no_more_stay_and_the_run_warns():  # D-10, B-034
    here, key = await staffed()
    before = await picture(here)
    del here.source.members["sales"]

    run = await here.sync(key)

    assert run.state is State.WARNINGS
    assert run.counts["groups gone"] == 1
    assert run.reason == "gone from Entra, so their members stay until they are removed or replaced: Sales"
    assert await picture(here) == before
    assert await reasons(here, run.run) == {"bea@corp.example": Reason.GROUP_GONE}


async def test_everybody_else_is_handled_as_usual_while_a_group_is_gone():  # D-10
    here, key = await staffed()
    del here.source.members["sales"]
    here.source.quit(here.source.named("dan"))
    here.source.quit(here.source.named("cid"), "staff")
    here.source.hire("eve@corp.example", "staff")

    run = await here.sync(key)

    assert run.state is State.WARNINGS
    assert (await here.user("dan@corp.example")).status is Status.PENDING_DELETION
    assert await here.group_names(await here.user("cid@corp.example")) == {"Sales"}
    assert (await here.user("eve@corp.example")).status is Status.ACTIVE
    await check_sound(here)


async def test_whoever_is_known_by_a_gone_group_only_is_still_disabled_or_deleted():  # D-11
    here, key = await staffed()
    fay = here.source.hire("fay@corp.example", "sales")
    await here.sync(key)
    del here.source.members["sales"]
    here.source.accounts[here.source.named("bea")].enabled = False
    del here.source.accounts[fay]

    await here.sync(key)

    assert (await here.user("bea@corp.example")).status is Status.DISABLED
    assert await here.group_names(await here.user("bea@corp.example")) == {"Sales"}
    assert (await here.user("fay@corp.example")).status is Status.PENDING_DELETION
    await check_sound(here)


async def test_a_run_names_the_groups_that_are_gone_beside_those_that_are_unread():  # D-10
    here, key = await staffed()
    del here.source.members["sales"]
    here.source.short.add("staff")

    run = await here.sync(key)

    assert run.state is State.INCOMPLETE
    unread, gone = run.reason.split("; ")
    assert unread.startswith("not read whole, so nobody was removed: Staff: it has 4 members")
    assert gone == "gone from Entra, so their members stay until they are removed or replaced: Sales"


@pytest.mark.parametrize("how", ["broken", "short"])
async def test_while_a_group_is_unread_nobody_goes_and_no_membership_ends(how: str):  # D-10
    here, key = await staffed()
    if how == "broken":
        here.source.broken["sales"] = incomplete
    else:
        here.source.short.add("sales")
    here.source.quit(here.source.named("dan"))
    here.source.quit(here.source.named("cid"), "staff")
    groups = {user.username: await here.group_names(user) for user in await here.users()}

    run = await here.sync(key)

    assert run.state is State.INCOMPLETE
    assert run.counts["groups unread"] == 1
    assert {user.username: await here.group_names(user) for user in await here.users()} == groups
    assert not any(user.in_trash for user in await here.users())
    assert here.source.asked["batch"] == 1  # what the other group is called; nobody is asked for
    await check_sound(here)


async def test_a_group_selected_no_more_keeps_its_members_until_a_run_has_read_all():  # D-10, B-174
    here, key = await staffed()
    here.source.hire("eve@corp.example", "board")
    await here.select(key, "staff", "sales", "board")
    await here.sync(key)
    await here.select(key, "staff", "board")
    here.source.short = {"board"}

    assert (await here.sync(key)).state is State.INCOMPLETE
    assert await here.group_names(await here.user("cid@corp.example")) == {"Staff", "Sales"}
    await check_sound(here)

    here.source.short = set()
    assert (await here.sync(key)).state is State.COMPLETED
    assert await here.group_names(await here.user("cid@corp.example")) == {"Staff"}
    assert (await here.user("bea@corp.example")).status is Status.PENDING_DELETION
    await check_sound(here)


async def test_what_the_other_groups_say_is_applied_while_one_is_unread():  # D-10
    here, key = await staffed()
    here.source.broken["sales"] = incomplete
    here.source.hire("eve@corp.example", "staff")
    here.source.rename("ann", "anna")
    here.source.accounts[here.source.named("dan")].enabled = False

    await here.sync(key)

    assert (await here.user("eve@corp.example")).status is Status.ACTIVE
    assert (await here.user("anna@corp.example")).realname == "Ann"
    assert (await here.user("dan@corp.example")).status is Status.DISABLED
    here.source.broken.clear()
    here.source.quit(here.source.named("bea"))
    assert (await here.sync(key)).counts["users trash"] == 1
    await check_sound(here)


async def test_a_group_with_fewer_rows_than_its_count_is_read_once_more_and_then_unread():  # D-10
    here, key = await staffed()
    here.source.short.add("staff")

    run = await here.sync(key)

    assert run.state is State.INCOMPLETE
    assert here.source.asked["page"] == 2 + 1  # staff's one page twice, sales' once


async def test_a_group_that_comes_whole_the_second_time_is_read():  # D-10
    here, key = await staffed()
    here.source.quit(here.source.named("dan"))
    failures = [incomplete()]

    def fail_once() -> Exception:
        del here.source.broken["staff"]
        return failures.pop()

    here.source.broken["staff"] = fail_once

    run = await here.sync(key)

    assert (run.state, run.counts["users trash"]) == (State.COMPLETED, 1)


async def test_a_member_that_a_lagging_index_misses_is_kept_with_that_reason():  # D-11
    here, key = await staffed()
    before = await picture(here)
    here.source.lagging.add(("staff", here.source.named("ann")))

    run = await here.sync(key)

    assert run.state is State.COMPLETED
    assert await picture(here) == before
    assert await reasons(here, run.run) == {"ann@corp.example": Reason.STILL_A_MEMBER}


async def test_whoever_is_asked_for_by_id_and_gone_goes_to_trash_with_that_reason():  # D-11, B-159
    here, key = await staffed()
    here.source.delete(here.source.named("ann"))
    here.source.quit(here.source.named("dan"))

    run = await here.sync(key)

    changes, _ = await here.runs.changes(run.run, limit=9)
    assert {change.username: change.reason for change in changes} == {
        "ann@corp.example": "Entra has no such user any more",
        "dan@corp.example": "in no selected group any more",
    }
    assert here.source.asked["batch"] == 2  # names of groups, and the two
    await check_sound(here)
