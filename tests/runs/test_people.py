"""People: disabled, enabled, renamed, skipped, deleted and made again, and what the directory makes of that in a whole run."""

from datetime import timedelta

from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.users import Status
from sync_core.planning.reasons import Reason
from sync_core.runs.record import State
from sync_core.storage.users import Edit
from tests.runs.picture import check_sound, etags, picture
from tests.runs.world import World


async def staffed(*names: str, mapping: Mapping | None = None) -> tuple[World, str]:
    here = World()
    await here.prepare()
    for name in names:
        here.source.hire(f"{name}@corp.example", "staff")
    return here, await here.connect("staff", mapping=mapping)


async def test_disabled_in_entra_disables_here_and_enabled_again_returns_to_active():  # B-154, B-155
    here, key = await staffed("ann")
    await here.sync(key)
    account = here.source.accounts[here.source.named("ann")]

    account.enabled = False
    await here.sync(key)
    disabled = await here.user("ann@corp.example")
    assert disabled.status is Status.DISABLED
    assert disabled.sessions_valid_after == here.clock.at
    assert await here.group_names(disabled) == {"Staff"}

    account.enabled = True
    await here.sync(key)
    assert (await here.user("ann@corp.example")).status is Status.ACTIVE


async def test_bypass_stays_through_runs_but_not_through_being_disabled():  # B-152, B-156, D-22
    here, key = await staffed("ann")
    await here.sync(key)
    (stored,) = (await here.context.users.many([(await here.user("ann@corp.example")).user_id])).values()
    edit = Edit(stored, replace(stored.user, status=Status.BYPASS))
    await here.context.users.amend([edit])
    account = here.source.accounts[here.source.named("ann")]

    account.attributes["displayName"] = "Ann Lind"
    await here.sync(key)
    assert (await here.user("ann@corp.example")).status is Status.BYPASS
    account.enabled = False
    await here.sync(key)
    account.enabled = True
    await here.sync(key)
    assert (await here.user("ann@corp.example")).status is Status.ACTIVE


async def test_a_renamed_account_is_the_same_user_and_its_old_name_is_free():  # D-02
    here, key = await staffed("ann")
    await here.sync(key)
    before = await here.user("ann@corp.example")
    here.source.rename("ann", "ann.lind")
    here.source.hire("ann@corp.example", "staff")

    run = await here.sync(key)

    assert run.state is State.COMPLETED
    assert (await here.user("ann.lind@corp.example")).user_id == before.user_id
    assert (await here.user("ann@corp.example")).user_id != before.user_id
    await check_sound(here)


async def test_those_who_share_a_name_are_all_skipped_and_both_are_named():  # B-013, B-014, D-04
    here, key = await staffed("ann", mapping=Mapping(aliases={"1": "mailNickname"}))
    for name in ("bea", "cid"):
        here.source.hire(f"{name}@corp.example", "staff", mailNickname="team")

    run = await here.sync(key)

    assert run.state is State.WARNINGS
    assert {user.username for user in await here.users()} == {"ann@corp.example"}
    skips, _ = await here.runs.skips(run.run, limit=9)
    bea, cid = here.source.named("bea"), here.source.named("cid")
    assert {skip.object_id: skip.reason for skip in skips} == {bea: Reason.SHARED_NAME, cid: Reason.SHARED_NAME}
    assert all("team" in skip.detail for skip in skips)
    assert {skip.object_id: [other in skip.detail for other in (bea, cid)] for skip in skips} == {bea: [False, True], cid: [True, False]}


async def test_a_skipped_user_is_still_disabled_and_nothing_else():  # D-04, B-154
    here, key = await staffed("ann", "bea", mapping=Mapping(aliases={"1": "mailNickname"}))
    await here.sync(key)
    for name in ("ann", "bea"):
        here.source.accounts[here.source.named(name)].attributes |= {"mailNickname": "team", "displayName": "Somebody"}
    here.source.accounts[here.source.named("ann")].enabled = False

    run = await here.sync(key)

    ann, bea = await here.user("ann@corp.example"), await here.user("bea@corp.example")
    assert (ann.status, ann.realname, ann.aliases) == (Status.DISABLED, "Ann", {})
    assert (bea.status, bea.realname, bea.aliases) == (Status.ACTIVE, "Bea", {})
    assert run.counts["users disable"] == 1
    await check_sound(here)


async def test_an_account_deleted_and_made_again_under_its_name_is_another_user_in_the_same_run():  # D-02, D-07
    here, key = await staffed("ann", "bea")
    await here.sync(key)
    before = await here.user("ann@corp.example")
    here.source.delete(here.source.named("ann"))
    here.source.hire("ann@corp.example", "staff")

    run = await here.sync(key)

    assert run.state is State.COMPLETED
    after = await here.user("ann@corp.example")
    assert (after.user_id != before.user_id, after.status) == (True, Status.ACTIVE)
    old = await here.context.users.get(before.user_id)
    assert old is not None
    assert (old.status, old.username, old.former_username) == (Status.PENDING_DELETION, "", "ann@corp.example")
    await check_sound(here)


async def test_a_user_in_trash_keeps_its_name_until_somebody_wants_it():  # D-07
    here, key = await staffed("ann", "bea")
    await here.sync(key)
    old = await here.user("ann@corp.example")
    here.source.delete(here.source.named("ann"))
    await here.sync(key)
    assert (await here.user("ann@corp.example")).user_id == old.user_id
    await here.sync(key)
    assert (await here.user("ann@corp.example")).user_id == old.user_id
    here.clock.at += timedelta(days=2)

    here.source.hire("ann@corp.example", "staff")
    await here.sync(key)

    assert (await here.user("ann@corp.example")).user_id != old.user_id
    kept = await here.context.users.get(old.user_id)
    assert kept is not None
    assert (kept.username, kept.former_username) == ("", "ann@corp.example")
    await check_sound(here)


async def test_whoever_comes_back_from_trash_has_the_present_name_beside_who_took_the_old_one():  # D-07
    here, key = await staffed("ann", "bea")
    await here.sync(key)
    ann = here.source.named("ann")
    here.source.quit(ann)
    await here.sync(key)
    here.source.accounts[ann].attributes["userPrincipalName"] = "ann.old@corp.example"
    here.source.rename("bea", "ann")
    await here.sync(key)
    here.source.join(ann, "staff")

    run = await here.sync(key)

    assert run.counts["users restore"] == 1
    assert (await here.user("ann.old@corp.example")).status is Status.ACTIVE
    assert (await here.user("ann@corp.example")).realname == "Bea"
    await check_sound(here)


async def test_a_second_run_after_a_day_of_changes_writes_no_row_of_the_directory():  # architecture: the fingerprint
    here, key = await staffed("ann", "bea", "cid", "dan", mapping=Mapping(aliases={"1": "mailNickname"}))
    await here.sync(key)
    here.source.swap_names("ann", "bea")
    here.source.delete(here.source.named("cid"))
    here.source.accounts[here.source.named("dan")].enabled = False
    here.source.accounts[here.source.named("dan")].attributes["mailNickname"] = "team"
    for name in ("eve", "fay"):
        here.source.hire(f"{name}@corp.example", "staff", mailNickname="team")
    here.source.hire("gus@corp.example", "staff")
    await here.sync(key)
    before, seen = etags(here), await picture(here)

    run = await here.sync(key)

    assert run.counts["changes"] == 0
    assert etags(here) == before
    assert await picture(here) == seen
