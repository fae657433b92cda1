"""Skips whole, as previews, logs and explanations show them (D-13)."""

import pytest

from sync_core.directory.attributes import Mapping
from sync_core.directory.users import Status
from sync_core.planning.changes import Action
from sync_core.planning.reasons import Reason, Skip
from tests.planning.model import SyncModel
from tests.planning.source import STAFF


@pytest.fixture
def sync(sync: SyncModel) -> SyncModel:
    sync.mapping = Mapping(aliases={"1": "mailNickname"})
    return sync


def test_those_who_share_a_name_are_told_with_it_and_with_each_other(sync: SyncModel):  # B-013, D-04
    ann, other, third = (sync.source.hire(name) for name in ("Ann", "ann", "bea"))
    sync.source.change(third, mailNickname="ANN")

    planned = sync.plan()

    assert planned.skip(ann) == Skip(
        object_id=ann,
        user_id="",
        username="Ann",
        reason=Reason.SHARED_NAME,
        detail=f"ann also belongs to ann ({other}), bea ({third})",
        shared="ann",
    )
    assert planned.skip(third) == Skip(
        object_id=third,
        user_id="",
        username="bea",
        reason=Reason.SHARED_NAME,
        detail=f"ann also belongs to Ann ({ann}), ann ({other})",
        shared="ann",
    )


def test_those_who_share_a_name_and_have_not_changed_are_told_all_the_same(sync: SyncModel):  # B-013, B-014
    ann = sync.source.hire("ann")
    sync.run()
    other = sync.source.hire("ann")

    skip = sync.plan().skip(ann)

    assert skip == Skip(
        object_id=ann,
        user_id="DU001",
        username="ann",
        reason=Reason.SHARED_NAME,
        detail=f"ann also belongs to ann ({other})",
        shared="ann",
    )


@pytest.mark.parametrize(("gone", "reason"), [(False, Reason.STILL_A_MEMBER), (True, Reason.GROUP_GONE)])
def test_whoever_only_just_stays_is_told(sync: SyncModel, *, gone: bool, reason: Reason):  # D-10, D-11
    ann = sync.source.hire("ann")
    sync.run()
    if gone:
        sync.source.remove_group(STAFF)
    else:
        sync.source.lag(ann, STAFF)

    assert sync.plan().skip(ann) == Skip(object_id=ann, user_id="DU001", username="ann", reason=reason, detail="confirmed by its object id")


def test_an_empty_username_is_told_by_its_attribute(sync: SyncModel):  # E-03
    ann = sync.source.hire("")

    skip = Skip(object_id=ann, user_id="", username="", reason=Reason.EMPTY_USERNAME, detail="userPrincipalName has no value")
    assert sync.plan().skip(ann) == skip


def test_a_name_that_is_in_use_is_told_with_whose_it_is(sync: SyncModel):  # D-04
    sync.directory.by_hand("local", alias3="a")
    ann = sync.source.hire("ann", mailNickname="a")

    skip = Skip(object_id=ann, user_id="", username="ann", reason=Reason.NAME_IN_USE, detail="a belongs to local (DU001)")
    assert sync.plan().skip(ann) == skip


def test_whom_a_takeover_would_enable_is_told_with_the_user_to_confirm(sync: SyncModel):  # D-05
    sync.directory.by_hand("ann", status=Status.DISABLED)
    ann = sync.source.hire("Ann")

    assert sync.plan().skip(ann) == Skip(
        object_id=ann,
        user_id="",
        username="Ann",
        reason=Reason.DISABLED_HERE,
        detail="ann (DU001) is disabled here and no sync manages it",
        takes="DU001",
    )


def test_a_takeover_that_was_confirmed_of_this_object_goes_through_and_no_other(sync: SyncModel):  # D-05
    user = sync.directory.by_hand("ann", status=Status.DISABLED)
    ann = sync.source.hire("ann")

    sync.confirmed = {ann: "DU999"}
    assert sync.plan().reason(ann) is Reason.DISABLED_HERE
    sync.confirmed = {"another object": user.user_id}
    assert sync.plan().reason(ann) is Reason.DISABLED_HERE
    sync.confirmed = {ann: user.user_id}
    assert sync.plan().actions == {ann: (Action.TAKEOVER, Action.ENABLE, Action.UPDATE, Action.GROUPS)}


def test_whoever_is_being_deleted_is_told_by_its_name(sync: SyncModel):  # D-27
    ann = sync.source.hire("ann")
    sync.run()
    sync.directory.edit(sync.user(ann), status=Status.PURGING, username="", former_username="anna")
    sync.source.rename(ann, "bea")

    skip = Skip(object_id=ann, user_id="DU001", username="bea", reason=Reason.PURGING, detail="anna is being deleted")
    assert sync.plan().skip(ann) == skip
