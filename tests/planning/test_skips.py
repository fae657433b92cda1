"""Who is left out of a run, what that withholds and what it never does."""

import pytest

from sync_core.directory.attributes import USER_PRINCIPAL_NAME, Mapping
from sync_core.directory.users import Status
from sync_core.planning.changes import Action
from sync_core.planning.reasons import Reason
from tests.planning.model import SyncModel


@pytest.fixture
def sync(sync: SyncModel) -> SyncModel:
    sync.mapping = Mapping(aliases={"1": "mailNickname"})
    return sync


def test_a_user_that_shares_a_name_is_told_with_its_user_id(sync: SyncModel):  # B-014
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.hire("ann")

    skip = sync.plan().skip(ann)

    assert skip is not None
    assert skip.user_id == sync.user(ann).user_id


def test_an_empty_username_is_skipped_and_an_empty_mail_is_not(sync: SyncModel):  # E-03, D-04
    nameless, ann = sync.source.hire("  ", mail="nameless@corp.example"), sync.source.hire("ann", mail="")

    planned = sync.run()

    assert planned.reason(nameless) is Reason.EMPTY_USERNAME
    assert planned.actions == {ann: (Action.CREATE,)}


def test_a_skipped_user_is_still_disabled_and_keeps_everything_else(sync: SyncModel):  # D-04, B-154
    ann = sync.source.hire("ann")
    sync.run()
    before = sync.user(ann)
    sync.directory.by_hand("local", alias3="a")
    sync.source.change(ann, mailNickname="a", displayName="Ann Lind")
    sync.source.disable(ann)

    planned = sync.run()

    assert planned.reason(ann) is Reason.NAME_IN_USE
    assert planned.actions == {ann: (Action.DISABLE,)}
    after = sync.user(ann)
    assert after.status is Status.DISABLED
    assert after.sessions_valid_after == planned.writer.now
    assert (after.username, after.realname, after.aliases, after.groups) == (before.username, before.realname, {}, before.groups)
    assert sync.plan().actions == {}


@pytest.mark.parametrize("sharing", [True, False])
def test_whoever_shares_a_name_or_lost_it_is_still_disabled(sync: SyncModel, *, sharing: bool):  # D-04
    ann = sync.source.hire("ann")
    sync.run()
    if sharing:
        sync.source.hire("ann")
    else:
        sync.source.rename(ann, "")
    sync.source.disable(ann)

    planned = sync.run()

    assert planned.reason(ann) is (Reason.SHARED_NAME if sharing else Reason.EMPTY_USERNAME)
    assert planned.actions == {ann: (Action.DISABLE,)}
    assert sync.user(ann).username == "ann"


def test_a_skipped_user_is_not_enabled(sync: SyncModel):  # D-04: skipping withholds everything but safety
    ann = sync.source.hire("ann", enabled=False)
    sync.run()
    sync.source.hire("ann")
    sync.source.enable(ann)

    sync.run()

    assert sync.user(ann).status is Status.DISABLED


def test_a_user_that_no_sync_holds_is_not_disabled_when_its_takeover_is_skipped(sync: SyncModel):  # D-04, B-150
    local = sync.directory.by_hand("ann")
    sync.directory.by_hand("other", alias1="a")
    ann = sync.source.hire("ann", mailNickname="a", enabled=False)

    planned = sync.run()

    assert planned.reason(ann) is Reason.NAME_IN_USE
    assert sync.directory.records[local.user_id] == local


def test_whoever_waits_for_a_skipped_users_name_is_skipped_too(sync: SyncModel):  # D-04, a cascade
    sync.directory.by_hand("outsider", alias1="taken")
    ann, bea, cyd, dan = (sync.source.hire(name) for name in ("ann", "bea", "cyd", "dan"))
    sync.run()
    for person, name in ((ann, "bea"), (bea, "cyd"), (cyd, "taken"), (dan, "free")):
        sync.source.rename(person, name)

    planned = sync.run()

    assert [planned.reason(person) for person in (cyd, bea, ann, dan)] == [
        Reason.NAME_IN_USE,
        Reason.HOLDER_SKIPPED,
        Reason.HOLDER_SKIPPED,
        None,
    ]
    skip = planned.skip(ann)
    assert skip is not None
    assert skip.detail == f"bea ({sync.user(bea).user_id}) is skipped and keeps its names"
    assert [sync.user(person).username for person in (ann, bea, cyd, dan)] == ["ann", "bea", "cyd", "free"]


def test_a_swap_fails_as_a_whole_when_one_side_cannot_have_all_it_wants(sync: SyncModel):  # D-02, D-04
    sync.directory.by_hand("outsider", alias1="a")
    ann, bea = sync.source.hire("ann"), sync.source.hire("bea")
    sync.run()
    sync.source.rotate(ann, bea)
    sync.source.change(bea, mailNickname="a")

    planned = sync.run()

    assert (planned.reason(ann), planned.reason(bea)) == (Reason.HOLDER_SKIPPED, Reason.NAME_IN_USE)
    assert planned.actions == {}


def test_skips_do_not_stop_the_others(sync: SyncModel):  # B-014
    ann = sync.source.hire("ann")
    sync.run()
    for name in ("same", "same", ""):
        sync.source.hire(name)
    sync.source.change(ann, displayName="Ann Lind")
    bea = sync.source.hire("bea")

    planned = sync.run()

    assert planned.actions == {ann: (Action.UPDATE,), bea: (Action.CREATE,)}
    assert len(planned.plan.skips) == 3


def test_a_conflict_that_was_solved_is_made_good_at_the_next_run(sync: SyncModel):  # D-04
    ann, bea = sync.source.hire("ann"), sync.source.hire("ann")
    sync.run()
    sync.source.change(bea, **{USER_PRINCIPAL_NAME: "bea"})

    planned = sync.run()

    assert planned.plan.skips == []
    assert planned.actions == {ann: (Action.CREATE,), bea: (Action.CREATE,)}
