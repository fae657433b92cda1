"""Groups: who becomes a member, what is absent without being proof, and what leaving a group means."""

from sync_core.directory.users import Status
from sync_core.planning.changes import Action
from sync_core.planning.reading import Outcome
from sync_core.planning.reasons import WARNINGS, Reason
from tests.planning.model import DirectoryModel, SyncModel
from tests.planning.source import SALES, STAFF, SourceModel


def test_members_of_nested_groups_are_direct_members_of_the_selected_one(sync: SyncModel):  # B-033
    sync.source.groups["team"] = set()
    sync.source.nest("team", STAFF)
    ann = sync.source.hire("ann", "team")

    sync.run()

    assert sync.user(ann).groups == ("first:staff",)
    assert sync.directory.members == {"first:staff": {sync.user(ann).user_id}}


def test_a_recreated_group_no_longer_matches_and_its_old_members_stay(sync: SyncModel):  # B-034, D-10
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    sync.source.remove_group(STAFF)
    newcomer = sync.source.hire("bea", "staff, made again")

    planned = sync.run()

    assert newcomer not in planned.reading.users
    assert planned.reason(ann) is Reason.GROUP_GONE
    assert sync.user(ann).groups == ("first:staff",)


def test_while_a_group_is_unread_membership_lasts_even_in_one_selected_no_more(sync: SyncModel):  # D-10
    ann, bea = sync.source.hire("ann", STAFF, SALES), sync.source.hire("bea", STAFF)
    sync.run()
    sync.source.groups["legal"] = set()
    sync.selected["legal"] = "first:legal"
    del sync.selected[SALES]
    sync.source.unread("legal")
    for person in (ann, bea):
        sync.source.change(person, displayName="Somebody Else")
    sync.source.disable(ann)

    planned = sync.run()

    lasting, usual = planned.change(ann).desired, planned.change(bea).desired
    assert lasting is not None
    assert usual is not None
    assert (lasting.groups, lasting.fingerprint) == (("first:sales", "first:staff"), "")  # the next whole run looks again
    assert (usual.groups, bool(usual.fingerprint)) == (("first:staff",), True)
    user = sync.user(ann)
    assert (user.groups, user.realname, user.status) == (("first:sales", "first:staff"), "Somebody Else", Status.DISABLED)

    sync.source.readable()
    sync.run()

    assert sync.user(ann).groups == ("first:staff",)


def test_moving_from_one_group_to_another_changes_memberships_only(sync: SyncModel):
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    sync.source.move(ann, SALES)

    planned = sync.run()

    assert planned.actions == {ann: (Action.GROUPS,)}
    assert (planned.change(ann).enters, planned.change(ann).leaves) == (("first:sales",), ("first:staff",))
    assert sync.directory.members == {"first:staff": set(), "first:sales": {sync.user(ann).user_id}}


def test_a_synced_user_is_in_the_groups_of_its_syncs_and_in_no_other(sync: SyncModel):  # B-170, B-173
    ann = sync.source.hire("ann")
    sync.run()
    sync.directory.edit(sync.user(ann), groups=("first:staff", "somewhere else"))
    sync.directory.members["somewhere else"] = {sync.user(ann).user_id}
    sync.source.change(ann, displayName="Ann Lind")

    sync.run()

    assert sync.user(ann).groups == ("first:staff",)
    assert sync.directory.members["somewhere else"] == set()


def test_each_sync_writes_memberships_in_its_own_groups_only(sync: SyncModel):  # B-012, B-172, D-06
    second = sync.directory.connect("second", sync.source, STAFF)
    ann = sync.source.hire("ann", STAFF, SALES)
    sync.run()
    second.run()
    sync.source.move(ann, STAFF)

    sync.run()

    assert sync.user(ann).groups == ("first:staff", "second:staff")


def test_a_group_taken_out_of_the_selection_ends_its_memberships(sync: SyncModel):  # B-174
    ann, bea = sync.source.hire("ann", STAFF, SALES), sync.source.hire("bea", SALES)
    sync.run()
    del sync.selected[SALES]

    planned = sync.run()

    assert planned.actions == {ann: (Action.GROUPS,), bea: (Action.TRASH,)}
    assert sync.user(ann).groups == ("first:staff",)
    assert sync.user(bea).groups == ("first:sales",)  # D-20: a retired group keeps its trashed members


# Absence


def test_whoever_is_in_no_selected_group_any_more_goes_to_trash(sync: SyncModel):  # B-159
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann, "another group")

    planned = sync.run()

    assert planned.actions == {ann: (Action.TRASH,)}
    assert planned.change(ann).reason == "in no selected group any more"
    user = sync.user(ann)
    assert user.status is Status.PENDING_DELETION
    assert user.trashed_at == user.sessions_valid_after == planned.writer.now
    assert (user.held_by, user.username, user.groups) == ({}, "ann", ("first:staff",))
    assert sync.plan().idle


def test_a_deleted_account_goes_to_trash(sync: SyncModel):  # B-159
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.delete(ann)

    planned = sync.run()

    assert planned.actions == {ann: (Action.TRASH,)}
    assert planned.change(ann).reason == "Entra has no such user any more"


def test_whoever_is_still_in_another_selected_group_stays(sync: SyncModel):  # B-160
    ann = sync.source.hire("ann", STAFF, SALES)
    sync.run()
    sync.source.move(ann, SALES)

    assert sync.run().actions == {ann: (Action.GROUPS,)}


def test_a_user_that_leaves_one_sync_passes_to_the_others(sync: SyncModel):  # B-160, D-06
    second = sync.directory.connect("second", sync.source, SALES)
    ann = sync.source.hire("ann", STAFF, SALES)
    sync.selected.pop(SALES)
    sync.run()
    second.run()
    sync.source.move(ann, SALES)

    planned = sync.run()

    assert planned.actions == {ann: (Action.LEAVE, Action.GROUPS)}
    assert ann not in sync.objects
    assert second.user(ann).status is Status.ACTIVE
    assert (list(second.user(ann).held_by), second.user(ann).groups) == (["second"], ("second:sales",))
    assert (sync.plan().idle, second.plan().idle) == (True, True)


def test_a_user_that_passes_to_another_sync_keeps_its_names(sync: SyncModel):  # D-06, D-07
    second = sync.directory.connect("second", sync.source, "lab")
    ann = sync.source.hire("ann", STAFF, "lab")
    sync.run()
    second.run()
    sync.source.move(ann, "lab")
    bea = sync.source.hire("ann", STAFF)

    planned = sync.run()

    assert planned.reason(bea) is Reason.NAME_IN_USE
    assert sync.directory.named("ann") == second.user(ann)


def test_out_of_the_groups_of_every_sync_is_trash_in_that_same_write(sync: SyncModel):  # B-159, D-06
    second = sync.directory.connect("second", sync.source, STAFF)
    ann = sync.source.hire("ann")
    sync.run()
    second.run()
    sync.source.delete(ann)

    assert sync.run().actions[ann] == (Action.LEAVE, Action.GROUPS)
    assert second.run().actions[ann] == (Action.TRASH,)


def test_while_a_group_is_unread_nobody_leaves_and_no_membership_ends(sync: SyncModel):  # D-10
    ann, bea, cyd = sync.source.hire("ann", STAFF), sync.source.hire("bea", STAFF, SALES), sync.source.hire("cyd", SALES)
    sync.run()
    sync.source.move(ann, SALES)
    sync.source.move(bea, SALES)
    sync.source.delete(cyd)
    sync.source.unread(STAFF)

    planned = sync.run()

    assert planned.actions == {ann: (Action.GROUPS,)}
    assert sync.user(ann).groups == ("first:sales", "first:staff")
    assert sync.user(bea).groups == ("first:sales", "first:staff")
    assert sync.user(cyd).status is Status.ACTIVE


def test_what_the_other_groups_say_is_applied_while_one_is_unread(sync: SyncModel):  # D-10
    ann, bea = sync.source.hire("ann", SALES), sync.source.hire("bea", SALES)
    sync.run()
    sync.source.unread(STAFF)
    sync.source.disable(ann)
    sync.source.rename(bea, "bea.lind")
    cyd = sync.source.hire("cyd", SALES)

    assert sync.run().actions == {ann: (Action.DISABLE,), bea: (Action.RENAME,), cyd: (Action.CREATE,)}


def test_who_left_while_a_group_was_unread_leaves_when_it_is_read_again(sync: SyncModel):  # D-10
    ann, bea = sync.source.hire("ann", STAFF), sync.source.hire("bea", STAFF, SALES)
    sync.run()
    sync.source.move(ann)
    sync.source.move(bea, SALES)
    sync.source.unread(STAFF)
    sync.run()
    sync.source.readable()

    assert sync.run().actions == {ann: (Action.TRASH,), bea: (Action.GROUPS,)}


def test_members_of_a_gone_group_stay_and_others_are_handled_as_usual(sync: SyncModel):  # D-10
    ann, bea, cyd = sync.source.hire("ann", STAFF), sync.source.hire("bea", STAFF, SALES), sync.source.hire("cyd", SALES)
    sync.run()
    sync.source.remove_group(STAFF)
    sync.source.delete(cyd)

    planned = sync.run()

    assert planned.actions == {cyd: (Action.TRASH,)}
    assert (planned.reason(ann), planned.reason(bea)) == (Reason.GROUP_GONE, None)
    assert sync.user(ann).groups == ("first:staff",)
    assert sync.user(bea).groups == ("first:sales", "first:staff")


def test_of_users_known_only_through_a_gone_group_disabled_and_deleted_counts(sync: SyncModel):  # D-11
    ann, bea, cyd = (sync.source.hire(name, STAFF) for name in ("ann", "bea", "cyd"))
    sync.run()
    sync.source.remove_group(STAFF)
    sync.source.disable(ann)
    sync.source.delete(bea)
    sync.source.rename(cyd, "cyd.lind")

    assert sync.run().actions == {ann: (Action.DISABLE,), bea: (Action.TRASH,), cyd: (Action.RENAME,)}
    assert sync.user(ann).groups == ("first:staff",)


def test_a_user_that_lists_do_not_show_yet_is_confirmed_and_kept(sync: SyncModel):  # D-11
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    sync.source.lag(ann, STAFF)

    planned = sync.run()

    assert planned.actions == {}
    assert planned.reason(ann) is Reason.STILL_A_MEMBER
    assert Reason.STILL_A_MEMBER not in WARNINGS
    assert sync.user(ann).groups == ("first:staff",)


def test_what_a_lagging_list_hides_of_a_kept_user_is_applied(sync: SyncModel):  # D-11
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    sync.source.move(ann, STAFF, SALES)
    sync.source.lag(ann, STAFF)
    sync.source.lag(ann, SALES)
    sync.source.disable(ann)

    assert sync.run().actions == {ann: (Action.DISABLE, Action.GROUPS)}
    assert sync.user(ann).groups == ("first:sales", "first:staff")


def test_a_group_is_gone_or_unread_by_its_own_outcome(directory: DirectoryModel):  # D-10
    sync = directory.connect("first", SourceModel("tenant"), STAFF, SALES, "lab")
    sync.source.remove_group(STAFF)

    assert sync.read().lasting_mask == 0b001
    sync.source.unread("lab")
    assert [group.outcome for group in sync.read().groups] == [Outcome.GONE, Outcome.READ, Outcome.UNREAD]
    assert sync.read().lasting_mask == 0b111
