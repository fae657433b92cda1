"""Which user here a user of the source is: by object id, in the tenant's other syncs, then by username."""

import pytest

from sync_core.directory.attributes import Mapping
from sync_core.directory.users import Status
from sync_core.planning.changes import Action
from sync_core.planning.reasons import Reason
from tests.planning.model import DirectoryModel, Row, SyncModel
from tests.planning.source import SALES, STAFF, SourceModel


def test_members_of_the_selected_groups_become_users(sync: SyncModel):  # B-032
    ann = sync.source.hire("ann", mail="ann@corp.example")
    outsider = sync.source.hire("zoe", "another group")

    planned = sync.run()

    assert planned.actions == {ann: (Action.CREATE,)}
    assert (sync.user(ann).username, sync.user(ann).email) == ("ann", "ann@corp.example")
    assert outsider not in sync.objects


def test_an_unmanaged_user_with_the_username_is_taken_over_and_overwritten(sync: SyncModel):  # B-010
    local = sync.directory.by_hand("Ann", "volunteers")
    ann = sync.source.hire("ann", mail="ann@corp.example")

    planned = sync.run()

    assert planned.actions[ann] == (Action.TAKEOVER, Action.RENAME, Action.UPDATE, Action.GROUPS)
    user = sync.user(ann)
    assert (user.user_id, user.username, user.email) == (local.user_id, "ann", "ann@corp.example")


def test_a_takeover_ends_memberships_in_unmanaged_groups(sync: SyncModel):  # D-05, B-173
    local = sync.directory.by_hand("ann", "volunteers")
    ann = sync.source.hire("ann")

    planned = sync.run()

    assert sync.user(ann).groups == ("first:staff",)
    assert (planned.change(ann).enters, planned.change(ann).leaves) == (("first:staff",), ("volunteers",))
    assert local.user_id not in sync.directory.members["volunteers"]


def test_a_takeover_never_enables_somebody_who_is_disabled_here(sync: SyncModel):  # D-05
    local = sync.directory.by_hand("ann", status=Status.DISABLED)
    ann = sync.source.hire("ann")

    planned = sync.run()

    assert planned.reason(ann) is Reason.DISABLED_HERE
    assert sync.directory.records == {local.user_id: local}


def test_a_takeover_never_enables_somebody_whom_a_group_here_disables(sync: SyncModel):  # D-05, B-157
    local = sync.directory.by_hand("ann", "suspended")
    sync.directory.disabled_groups.add("suspended")
    ann = sync.source.hire("ann")

    planned = sync.run()

    assert planned.reason(ann) is Reason.DISABLED_HERE
    assert sync.directory.records == {local.user_id: local}


def test_a_takeover_of_somebody_disabled_here_and_there_goes_through(sync: SyncModel):  # D-05
    local = sync.directory.by_hand("ann", status=Status.DISABLED)
    ann = sync.source.hire("ann", enabled=False)

    sync.run()

    assert sync.user(ann).user_id == local.user_id
    assert sync.user(ann).status is Status.DISABLED


def test_a_rename_in_entra_renames_the_user(sync: SyncModel):  # D-02
    ann = sync.source.hire("ann")
    sync.run()
    user_id = sync.user(ann).user_id
    sync.source.rename(ann, "ann.lind")

    planned = sync.run()

    assert planned.actions == {ann: (Action.RENAME,)}
    assert (sync.user(ann).user_id, sync.user(ann).username) == (user_id, "ann.lind")
    assert sync.directory.named("ann") is None


def test_a_recreated_account_is_another_user_and_gets_the_name(sync: SyncModel):  # D-02
    old = sync.source.hire("ann")
    sync.run()
    sync.source.delete(old)
    new = sync.source.hire("ann")

    planned = sync.run()

    assert planned.actions == {old: (Action.TRASH,), new: (Action.CREATE,)}
    assert sync.user(new).user_id != sync.user(old).user_id
    assert sync.directory.named("ann") == sync.user(new)
    assert (sync.user(old).username, sync.user(old).former_username) == ("", "ann")


@pytest.mark.parametrize("people", [2, 3])
def test_names_that_go_around_arrive_in_one_run(sync: SyncModel, people: int):  # D-02: a swap, and a chain that closes
    names = ["ann", "bea", "cyd"][:people]
    everybody = [sync.source.hire(name) for name in names]
    sync.run()
    users = [sync.user(object_id).user_id for object_id in everybody]
    sync.source.rotate(*everybody)

    planned = sync.run()

    assert planned.plan.skips == []
    assert [sync.user(object_id).username for object_id in everybody] == names[1:] + names[:1]
    assert [sync.user(object_id).user_id for object_id in everybody] == users
    assert all(change.takes_names and not change.frees for change in planned.plan.changes)


def test_a_chain_of_three_names_moves_up_in_one_run(sync: SyncModel):  # D-02
    ann, bea, cyd = (sync.source.hire(name) for name in ("ann", "bea", "cyd"))
    sync.run()
    for person, name in ((ann, "bea"), (bea, "cyd"), (cyd, "dan")):
        sync.source.rename(person, name)

    sync.run()

    assert [sync.user(person).username for person in (ann, bea, cyd)] == ["bea", "cyd", "dan"]
    assert sync.directory.named("ann") is None


def test_several_syncs_of_a_tenant_make_one_user_by_its_object_id(sync: SyncModel):  # B-011, D-06
    second = sync.directory.connect("second", sync.source, STAFF, mapping=Mapping(username="mail"))
    ann = sync.source.hire("ann", mail="ann@corp.example")
    sync.run()

    planned = second.run()

    assert planned.actions[ann] == (Action.JOIN, Action.RENAME, Action.GROUPS)
    assert second.user(ann).user_id == sync.user(ann).user_id
    assert second.user(ann).username == "ann@corp.example"
    assert second.user(ann).groups == ("first:staff", "second:staff")


def test_each_sync_that_runs_writes_its_own_data_again(sync: SyncModel):  # B-011, D-06
    second = sync.directory.connect("second", sync.source, STAFF, mapping=Mapping(username="mail"))
    ann = sync.source.hire("ann", mail="ann@corp.example")
    sync.run()
    second.run()

    assert {key: bool(hold.fingerprint) for key, hold in sync.user(ann).held_by.items()} == {"first": False, "second": True}
    assert sync.run().actions == {ann: (Action.RENAME,)}
    assert sync.user(ann).username == "ann"
    assert second.run().actions == {ann: (Action.RENAME,)}


def test_a_sync_that_agrees_with_another_empties_no_fingerprint(sync: SyncModel):  # D-06
    second = sync.directory.connect("second", sync.source, STAFF)
    ann = sync.source.hire("ann")
    sync.run()
    second.run()
    sync.run()

    assert (sync.plan().plan.changes, second.plan().plan.changes) == ([], [])
    assert sync.objects[ann].fingerprint


def test_a_sync_of_another_tenant_joins_by_username(sync: SyncModel):  # B-011, D-06
    other = sync.directory.connect("other", SourceModel("another tenant"))
    ann = sync.source.hire("ann")
    sync.run()
    there = other.source.hire("ANN", displayName="Ann of the other tenant")

    planned = other.run()

    assert Action.JOIN in planned.actions[there]
    assert other.user(there).user_id == sync.user(ann).user_id
    assert other.user(there).realname == "Ann of the other tenant"
    assert {key: hold.object_id for key, hold in other.user(there).held_by.items()} == {"first": ann, "other": there}


def test_another_object_of_the_same_tenant_never_joins_by_username(sync: SyncModel):  # D-02, D-06
    second = sync.directory.connect("second", sync.source, SALES, mapping=Mapping(username="mail"))
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    other = sync.source.hire("somebody", SALES, mail="ann")

    planned = second.run()

    assert planned.reason(other) is Reason.NAME_IN_USE
    assert other not in second.objects
    assert list(sync.user(ann).held_by) == ["first"]


def test_a_username_that_is_only_somebodys_alias_is_no_takeover(sync: SyncModel):  # D-04, D-06
    local = sync.directory.by_hand("local", alias1="ann")
    ann = sync.source.hire("ann")

    planned = sync.run()

    skip = planned.skip(ann)
    assert skip is not None
    assert (skip.reason, skip.user_id) == (Reason.NAME_IN_USE, "")
    assert skip.detail == f"ann belongs to local ({local.user_id})"
    assert sync.directory.records == {local.user_id: local}


def test_a_user_in_trash_that_only_shares_the_name_is_not_restored(sync: SyncModel):  # D-07
    old = sync.source.hire("ann")
    sync.run()
    sync.source.delete(old)
    sync.run()
    new = sync.source.hire("ann")

    planned = sync.run()

    assert planned.actions[new] == (Action.CREATE,)
    assert sync.user(old).in_trash
    assert sync.directory.named("ann") == sync.user(new)
    assert (sync.user(old).username, sync.user(old).former_username) == ("", "ann")


def test_a_claim_on_an_object_whose_user_never_came_to_be_makes_that_user(sync: SyncModel):
    ann = sync.source.hire("ann")
    sync.objects[ann] = Row("DUdead")

    sync.run()

    assert sync.user(ann).user_id == "DUdead"


def test_a_claim_on_an_object_that_another_sync_knows_better_is_pointed_there(sync: SyncModel):  # D-06
    second = sync.directory.connect("second", sync.source, STAFF)
    ann = sync.source.hire("ann")
    sync.run()
    second.objects[ann] = Row("DUdead")

    planned = second.run()

    assert planned.change(ann).repoint
    assert planned.change(ann).needs_claim
    assert second.user(ann).user_id == sync.user(ann).user_id


def test_a_user_that_is_being_purged_is_skipped_and_left_alone(sync: SyncModel):  # D-27
    ann = sync.source.hire("ann")
    sync.run()
    sync.directory.edit(sync.user(ann), status=Status.PURGING)
    sync.source.rename(ann, "ann.lind")
    before = dict(sync.directory.records)

    planned = sync.run()

    assert planned.reason(ann) is Reason.PURGING
    assert sync.directory.records == before


def test_holds_of_a_deleted_sync_do_not_count(directory: DirectoryModel, source: SourceModel):  # D-17, B-010
    first, ann = directory.connect("first", source), source.hire("ann")
    first.run()
    directory.deleted.add("first")
    other = directory.connect("other", SourceModel("another tenant"))
    there = other.source.hire("ann")

    planned = other.run()

    assert planned.actions[there] == (Action.TAKEOVER, Action.GROUPS)
    assert other.user(there).user_id == first.objects[ann].user_id
    assert list(other.user(there).held_by) == ["other"]
    assert other.user(there).groups == ("other:staff",)


def test_who_leaves_the_last_existing_sync_goes_to_trash_whatever_deleted_ones_held(sync: SyncModel):  # D-17, B-159
    second = sync.directory.connect("second", sync.source, STAFF)
    ann = sync.source.hire("ann")
    sync.run()
    second.run()
    sync.directory.deleted.add("second")
    sync.source.delete(ann)

    assert sync.run().actions == {ann: (Action.TRASH,)}
