"""Disabled, bypass, Trash and back."""

from sync_core.directory.attributes import Mapping
from sync_core.directory.users import Status
from sync_core.planning.changes import Action
from sync_core.planning.reasons import Reason
from tests.planning.model import SyncModel
from tests.planning.source import STAFF


def test_disabled_in_entra_is_disabled_here_and_keeps_its_memberships(sync: SyncModel):  # B-154
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.disable(ann)

    planned = sync.run()

    assert planned.actions == {ann: (Action.DISABLE,)}
    assert sync.user(ann).status is Status.DISABLED
    assert sync.user(ann).groups == ("first:staff",)
    assert sync.user(ann).sessions_valid_after == planned.writer.now


def test_enabled_again_in_entra_is_active_again(sync: SyncModel):  # B-155
    ann = sync.source.hire("ann", enabled=False)
    sync.run()
    assert sync.user(ann).status is Status.DISABLED
    sync.source.enable(ann)

    assert sync.run().actions == {ann: (Action.ENABLE,)}
    assert sync.user(ann).status is Status.ACTIVE


def test_bypass_stays_while_the_account_is_enabled(sync: SyncModel):  # B-152, D-22
    ann = sync.source.hire("ann")
    sync.run()
    sync.directory.edit(sync.user(ann), status=Status.BYPASS)
    sync.source.change(ann, displayName="Ann Lind")

    assert sync.run().actions == {ann: (Action.UPDATE,)}
    assert sync.user(ann).status is Status.BYPASS


def test_disabled_wins_over_bypass_and_enabled_again_is_active(sync: SyncModel):  # D-22, B-156
    ann = sync.source.hire("ann")
    sync.run()
    sync.directory.edit(sync.user(ann), status=Status.BYPASS)
    sync.source.disable(ann)

    assert sync.run().actions == {ann: (Action.DISABLE,)}
    assert sync.user(ann).status is Status.DISABLED
    sync.source.enable(ann)
    sync.run()
    assert sync.user(ann).status is Status.ACTIVE


def test_sessions_end_once_and_not_again_while_somebody_stays_disabled(sync: SyncModel):  # B-154
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.disable(ann)
    ended = sync.run().writer.now
    sync.source.change(ann, displayName="Ann Lind")

    sync.run()

    assert sync.user(ann).sessions_valid_after == ended


def test_a_user_that_comes_back_is_restored_as_the_same_user(sync: SyncModel):  # B-162, D-07
    ann = sync.source.hire("ann")
    sync.run()
    user_id = sync.user(ann).user_id
    sync.source.move(ann, "another group")
    sync.run()
    sync.source.move(ann, STAFF)
    sync.source.rename(ann, "ann.lind")

    planned = sync.run()

    assert planned.actions == {ann: (Action.RESTORE, Action.RENAME)}
    user = sync.user(ann)
    assert (user.user_id, user.username, user.status, user.trashed_at) == (user_id, "ann.lind", Status.ACTIVE, None)
    assert sync.directory.named("ann") is None


def test_a_user_that_comes_back_disabled_is_restored_disabled(sync: SyncModel):  # B-162, B-154
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann)
    sync.run()
    sync.source.move(ann, STAFF)
    sync.source.disable(ann)

    assert sync.run().actions == {ann: (Action.RESTORE,)}
    assert sync.user(ann).status is Status.DISABLED


def test_trashed_by_one_sync_and_seen_by_another_is_restored(sync: SyncModel):  # D-06
    second = sync.directory.connect("second", sync.source, "lab")
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    sync.source.move(ann, "lab")
    sync.run()
    assert sync.user(ann).in_trash

    assert second.run().actions[ann] == (Action.RESTORE, Action.GROUPS)
    assert second.user(ann).user_id == sync.user(ann).user_id
    assert list(second.user(ann).held_by) == ["second"]


def test_a_user_in_trash_keeps_its_name_until_somebody_wants_it(sync: SyncModel):  # D-07
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.delete(ann)
    sync.run()
    assert sync.directory.named("ann") == sync.user(ann)
    bea = sync.source.hire("ann")

    planned = sync.run()

    assert sync.directory.named("ann") == sync.user(bea)
    assert (sync.user(ann).username, sync.user(ann).former_username) == ("", "ann")
    assert [change.yields for change in planned.plan.changes if change.yields] == [tuple(sync.user(bea).name_digests)]


def test_an_alias_of_somebody_in_trash_is_given_up_alone(sync: SyncModel):  # D-07
    sync.mapping = Mapping(aliases={"1": "mailNickname"})
    ann = sync.source.hire("ann", mailNickname="team")
    sync.run()
    sync.source.delete(ann)
    sync.run()
    bea = sync.source.hire("bea", mailNickname="team")

    sync.run()

    assert (sync.user(ann).username, sync.user(ann).aliases, sync.user(ann).former_username) == ("ann", {}, "")
    assert sync.user(bea).aliases == {"1": "team"}


def test_a_restored_user_whose_name_is_held_now_is_skipped(sync: SyncModel):  # D-07
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann)
    sync.run()
    bea = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann, STAFF)
    sync.source.rename(bea, "bea")
    sync.directory.by_hand("local", alias1="bea")

    planned = sync.run()

    assert (planned.reason(bea), planned.reason(ann)) == (Reason.NAME_IN_USE, Reason.HOLDER_SKIPPED)
    assert sync.user(ann).in_trash


def test_a_restored_user_has_its_former_name_again_when_nobody_holds_it(sync: SyncModel):  # D-07
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann)
    sync.run()
    bea = sync.source.hire("ann")
    sync.run()
    sync.source.rename(bea, "bea")
    sync.run()
    sync.source.move(ann, STAFF)

    sync.run()

    assert (sync.user(ann).username, sync.user(ann).former_username) == ("ann", "")


def test_whoever_cannot_be_restored_gives_its_names_up_all_the_same(sync: SyncModel):  # D-07
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann)
    sync.run()
    sync.directory.by_hand("local", alias1="taken")
    sync.source.move(ann, STAFF)
    sync.source.rename(ann, "taken")
    bea = sync.source.hire("ann")

    planned = sync.run()

    assert (planned.reason(ann), planned.reason(bea)) == (Reason.NAME_IN_USE, None)
    assert sync.directory.named("ann") == sync.user(bea)
    assert sync.user(ann).in_trash


def test_whoever_is_restored_keeps_an_alias_given_by_hand_from_others(sync: SyncModel):  # B-051, D-07
    sync.mapping = Mapping(aliases={"1": "mailNickname"})
    sync.directory.by_hand("ann", alias5="team")
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann)
    sync.run()
    sync.source.move(ann, STAFF)
    bea = sync.source.hire("bea", mailNickname="team")

    planned = sync.run()

    assert (planned.reason(ann), planned.reason(bea)) == (None, Reason.NAME_IN_USE)
    assert sync.user(ann).aliases == {"5": "team"}


def test_a_user_in_trash_is_neither_edited_nor_disabled(sync: SyncModel):  # D-04, D-07
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann)
    sync.run()
    trashed = sync.user(ann)
    sync.source.move(ann, STAFF)
    sync.source.disable(ann)
    sync.source.hire("ann")

    planned = sync.run()

    assert planned.reason(ann) is Reason.SHARED_NAME
    assert sync.user(ann) == trashed
