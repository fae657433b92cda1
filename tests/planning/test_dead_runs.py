"""What a run that died left behind, at whatever point, is put right by the next."""

from sync_core.directory.attributes import Mapping
from sync_core.directory.names import digest
from sync_core.directory.users import Status
from sync_core.planning.changes import Action, Kind
from sync_core.planning.claims import Claim
from sync_core.planning.reasons import Reason
from tests.planning import agreement
from tests.planning.model import STEPS, Row, SyncModel
from tests.planning.source import SALES, STAFF


def test_claims_of_a_dead_run_that_nobody_wants_any_more_are_taken_back(sync: SyncModel):
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.rename(ann, "ann.lind")
    bea = sync.source.hire("ann")
    planned = sync.plan()
    sync.die(planned, planned.plan.changes, claims=2, writes=0, steps=0)
    sync.source.rename(ann, "ann")
    sync.source.delete(bea)

    again = sync.run()

    assert {repair.digest: repair.holder for repair in again.plan.repairs} == {digest("ann.lind"): ""}
    assert sync.directory.named("ann") == sync.user(ann)
    agreement.rows_agree(sync.directory)


def test_a_claim_that_was_taken_from_somebody_who_kept_the_name_goes_back(sync: SyncModel):
    ann = sync.source.hire("ann")
    sync.run()
    user_id, key = sync.user(ann).user_id, digest("ann")
    sync.directory.claims[key] = Claim("ann", "DUdead", user_id)
    sync.claimed.add(key)

    planned = sync.run()

    assert [(repair.owner, repair.holder) for repair in planned.plan.repairs] == [("DUdead", user_id)]
    assert sync.directory.claims[key].owner == user_id


def test_member_rows_of_an_unsettled_user_are_all_put_right(sync: SyncModel):
    ann = sync.source.hire("ann")
    sync.run()
    sync.directory.members = {"first:sales": {sync.user(ann).user_id}}
    sync.unsettled.add(ann)

    sync.run()

    assert sync.directory.members == {"first:staff": {sync.user(ann).user_id}, "first:sales": set()}


def test_a_name_that_a_dead_run_gave_away_before_its_holder_gave_it_up_is_given_up(sync: SyncModel):  # D-07
    old = sync.source.hire("ann")
    sync.run()
    sync.source.delete(old)
    new = sync.source.hire("ann")
    planned = sync.plan()
    sync.die(planned, [planned.change(new), planned.change(old)], claims=2, writes=1, steps=STEPS)

    sync.run()

    assert sync.directory.named("ann") == sync.user(new)
    assert (sync.user(old).username, sync.user(old).former_username) == ("", "ann")
    agreement.rows_agree(sync.directory)


def test_a_name_that_a_dead_run_took_from_trash_is_given_up_there(sync: SyncModel):  # D-07
    old = sync.source.hire("ann")
    sync.run()
    sync.source.delete(old)
    sync.run()
    new = sync.source.hire("ann")
    planned = sync.plan()
    sync.die(planned, [planned.change(new), planned.change("")], claims=2, writes=1, steps=STEPS)

    sync.run()

    assert (sync.user(old).username, sync.user(old).former_username) == ("", "ann")
    agreement.rows_agree(sync.directory)


def test_rows_that_a_dead_run_left_behind_are_put_right_for_skipped_users_too(sync: SyncModel):  # D-04
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    sync.source.move(ann, SALES)
    planned = sync.plan()
    sync.die(planned, planned.plan.changes, claims=1, writes=1, steps=1)
    sync.source.hire("ann", SALES)

    planned = sync.run()

    assert (planned.change(ann).kind, planned.change(ann).actions) == (Kind.KEEP, ())
    assert sync.directory.members == {"first:staff": set(), "first:sales": {sync.user(ann).user_id}}
    assert sync.objects[ann].fingerprint == ""


def test_somebody_whom_a_dead_run_restored_leaves_again(sync: SyncModel):  # B-159
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann)
    sync.run()
    sync.source.move(ann, STAFF)
    planned = sync.plan()
    sync.die(planned, planned.plan.changes, claims=1, writes=1, steps=1)
    sync.source.move(ann)

    assert sync.run().actions == {ann: (Action.TRASH,)}


def test_member_rows_that_a_dead_run_left_behind_are_put_right_for_leavers(sync: SyncModel):
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    sync.source.move(ann, SALES)
    planned = sync.plan()
    sync.die(planned, planned.plan.changes, claims=1, writes=1, steps=1)
    sync.source.delete(ann)

    sync.run()

    assert sync.directory.members == {"first:staff": set(), "first:sales": {sync.user(ann).user_id}}


def test_what_a_dead_run_left_stays_unsettled_while_a_group_is_unread(sync: SyncModel):  # D-10
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    sync.source.move(ann, SALES)
    planned = sync.plan()
    sync.die(planned, planned.plan.changes, claims=1, writes=1, steps=1)
    sync.source.move(ann)
    sync.source.unread(STAFF)
    sync.run()
    sync.source.readable()

    assert sync.run().actions == {ann: (Action.TRASH,)}
    agreement.rows_agree(sync.directory)


def test_a_takeover_that_a_dead_run_only_claimed_is_decided_anew(sync: SyncModel):  # B-010, D-06
    local = sync.directory.by_hand("ann")
    ann, bea = sync.source.hire("bea"), sync.source.hire("ann")
    planned = sync.plan()
    sync.die(planned, planned.plan.changes, claims=2, writes=0, steps=0)
    sync.source.rotate(ann, bea)

    planned = sync.run()

    assert planned.plan.skips == []
    assert sync.user(ann).user_id == local.user_id
    assert sync.user(bea).user_id != local.user_id
    assert (sync.user(ann).username, sync.user(bea).username) == ("ann", "bea")
    agreement.rows_agree(sync.directory)


def test_whom_a_dead_run_only_claimed_gives_up_nothing_when_the_account_goes(sync: SyncModel):  # B-010, D-07
    local = sync.directory.by_hand("ann", "volunteers")
    old = sync.source.hire("ann")
    planned = sync.plan()
    sync.die(planned, planned.plan.changes, claims=1, writes=0, steps=0)
    sync.source.delete(old)
    bea = sync.source.hire("bea", mailNickname="ann")
    sync.mapping = Mapping(aliases={"1": "mailNickname"})

    planned = sync.run()

    assert planned.reason(bea) is Reason.NAME_IN_USE
    assert sync.directory.records == {local.user_id: local}
    assert sync.objects == {}


def test_an_object_that_was_never_the_users_cannot_take_it_along_when_it_leaves(sync: SyncModel):  # B-159
    local = sync.directory.by_hand("ann")
    old = sync.source.hire("ann")
    planned = sync.plan()
    sync.die(planned, planned.plan.changes, claims=1, writes=0, steps=0)
    sync.source.delete(old)
    new = sync.source.hire("ann")

    sync.run()
    again = sync.run()

    assert sync.user(new).user_id == local.user_id
    assert (sync.user(new).status, list(sync.user(new).held_by)) == (Status.ACTIVE, ["first"])
    assert again.actions == {}
    assert old not in sync.objects


def test_a_claimed_name_that_its_holder_gives_up_now_is_free(sync: SyncModel):
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.rename(ann, "ann.lind")
    bea = sync.source.hire("ann")
    planned = sync.plan()
    sync.die(planned, planned.plan.changes, claims=2, writes=0, steps=0)
    sync.source.delete(bea)

    sync.run()

    assert set(sync.directory.claims) == {digest("ann.lind")}


def test_whoever_is_kept_in_trash_gives_up_a_name_in_the_same_change(sync: SyncModel):  # D-07
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.delete(ann)
    planned = sync.plan()
    sync.die(planned, planned.plan.changes, claims=1, writes=1, steps=1)
    sync.source.undelete(ann, "cyd")
    sync.source.hire("cyd")
    bea = sync.source.hire("ann")

    planned = sync.run()

    assert (planned.reason(ann), planned.change(ann).kind) == (Reason.SHARED_NAME, Kind.KEEP)
    assert sync.directory.named("ann") == sync.user(bea)
    assert (sync.user(ann).username, sync.user(ann).former_username) == ("", "ann")


def test_somebody_leaves_although_a_dead_run_claimed_it_for_another_object_too(sync: SyncModel):  # B-159
    ann = sync.source.hire("ann")
    sync.run()
    other = sync.source.hire("bea")
    sync.objects[other] = Row(sync.user(ann).user_id)
    sync.source.delete(ann)
    sync.source.delete(other)

    assert sync.run().actions == {ann: (Action.TRASH,)}


def test_a_claim_for_another_object_that_leaves_makes_nobody_give_up_names(sync: SyncModel):  # D-04, D-07
    ann, bea = sync.source.hire("ann"), sync.source.hire("bea")
    sync.run()
    other = sync.source.hire("other")
    sync.objects[other] = Row(sync.user(ann).user_id)
    sync.source.delete(other)
    sync.directory.by_hand("outsider", alias1="taken")
    sync.source.rename(ann, "taken")
    sync.source.rename(bea, "ann")

    planned = sync.run()

    assert (planned.reason(ann), planned.reason(bea)) == (Reason.NAME_IN_USE, Reason.HOLDER_SKIPPED)
    assert (sync.user(ann).username, sync.user(bea).username) == ("ann", "bea")
