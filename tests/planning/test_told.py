"""Changes and skips whole, as previews, logs and explanations show them (D-13)."""

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.brake import Brake
from sync_core.directory.names import digest
from sync_core.directory.users import Status, User
from sync_core.planning.changes import Action, Change, Field, Kind
from sync_core.planning.claims import Alive, edit_mark
from sync_core.planning.identity import Stored
from sync_core.planning.reasons import Reason, Skip
from tests.planning.model import SyncModel, etag_of
from tests.planning.source import SALES, STAFF


@pytest.fixture
def sync(sync: SyncModel) -> SyncModel:
    sync.mapping = Mapping(aliases={"1": "mailNickname"})
    return sync


def told(change: Change) -> Change:
    """Without what is written, moved and pointed to."""
    return replace(change, desired=None, moves=(), gains=(), loses=())


def test_somebody_new_is_told_with_its_groups(sync: SyncModel):
    ann = sync.source.hire("ann", STAFF, SALES)

    change = sync.plan().change(ann)

    assert told(change) == Change(
        kind=Kind.WRITE,
        user_id="DU001",
        object_id=ann,
        username="ann",
        actions=(Action.CREATE,),
        reason="member of sales, staff",
        enters=("first:sales", "first:staff"),
    )
    assert change.needs_claim


def test_a_field_that_was_empty_is_told_as_such(sync: SyncModel):
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.change(ann, mailNickname="a")

    assert sync.plan().change(ann).fields == (Field("alias1", "", "a"),)


def test_somebody_changed_is_told_with_what_differs(sync: SyncModel):
    ann = sync.source.hire("ann", STAFF, mailNickname="a")
    sync.run()
    sync.source.rename(ann, "anna")
    sync.source.change(ann, displayName="Anna", mailNickname="")
    sync.source.move(ann, SALES)
    sync.source.disable(ann)

    assert told(sync.plan().change(ann)) == Change(
        kind=Kind.WRITE,
        user_id="DU001",
        object_id=ann,
        username="anna",
        actions=(Action.RENAME, Action.DISABLE, Action.UPDATE, Action.GROUPS),
        reason="member of sales",
        fields=(
            Field("username", "ann", "anna"),
            Field("realname", "Ann", "Anna"),
            Field("alias1", "a", ""),
            Field("status", "active", "disabled"),
            Field("groups", "staff", "sales"),
        ),
        frees=(digest("a"), digest("ann")),
        enters=("first:sales",),
        leaves=("first:staff",),
        was_indexed=True,
        etag=etag_of(ann),
    )


@pytest.mark.parametrize(
    ("gone", "reason"), [(True, "Entra has no such user any more"), (False, "in no selected group any more")], ids=["gone", "left"]
)
def test_a_leaver_is_told_with_why_it_leaves(sync: SyncModel, *, gone: bool, reason: str):  # B-159
    ann = sync.source.hire("ann")
    sync.run()
    (sync.source.delete if gone else sync.source.move)(ann)

    assert told(sync.plan().change(ann)) == Change(
        kind=Kind.LEAVE,
        user_id="DU001",
        object_id=ann,
        username="ann",
        actions=(Action.TRASH,),
        reason=reason,
        fields=(Field("status", "active", "pending deletion"),),
        was_indexed=True,
        etag=etag_of(ann),
    )


def test_a_leaver_whose_record_is_gone_has_no_name(sync: SyncModel):
    ann = sync.source.hire("ann")
    sync.run()
    del sync.directory.records[sync.objects[ann].user_id]
    sync.source.move(ann)

    change = sync.plan().change(ann)

    assert (change.kind, change.username, change.actions, change.was_indexed) == (Kind.LEAVE, "", (), True)


def test_who_gives_a_name_up_in_trash_is_told_so(sync: SyncModel):  # D-07
    ann = sync.source.hire("ann", mailNickname="a")
    sync.run()
    sync.source.delete(ann)
    sync.run()
    sync.source.hire("ann")

    change = next(change for change in sync.plan().plan.changes if change.user_id == "DU001")

    assert told(change) == Change(
        kind=Kind.YIELD,
        user_id="DU001",
        username="ann",
        actions=(Action.RENAME,),
        reason="in Trash, and another user takes the name",
        fields=(Field("username", "ann", ""),),
        yields=(digest("ann"),),
    )


def test_who_gives_a_name_up_on_its_way_to_trash_does_both_in_one_change(sync: SyncModel):  # D-02, D-07
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.delete(ann)
    new = sync.source.hire("ann")

    planned = sync.plan()

    assert planned.change(ann).yields == (digest("ann"),)
    assert planned.change(new).takes_names
    assert planned.change(ann).fields == (Field("username", "ann", ""), Field("status", "active", "pending deletion"))


def test_a_former_name_tells_who_leaves_again(sync: SyncModel):  # D-07
    ann = sync.source.hire("ann")
    sync.run()
    user = sync.user(ann)
    sync.directory.edit(user, username="", former_username="ann")
    sync.source.move(ann)

    assert sync.plan().change(ann).username == "ann"


def test_whom_a_dead_run_touched_and_this_one_skips_is_told_to_stay(sync: SyncModel):  # D-04
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.hire("ann")
    sync.unsettled = {ann}

    change = sync.plan().change(ann)

    assert told(change) == Change(
        kind=Kind.KEEP,
        user_id="DU001",
        object_id=ann,
        username="ann",
        reason="stays as it is, because the user is skipped",
        enters=("first:staff",),
        leaves=("first:sales",),
        was_indexed=True,
        etag=etag_of(ann),
    )


def test_whom_a_skip_leaves_disabled_is_told_so(sync: SyncModel):  # D-04
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.hire("ann")
    sync.source.disable(ann)

    assert told(sync.plan().change(ann)) == Change(
        kind=Kind.DISABLE,
        user_id="DU001",
        object_id=ann,
        username="ann",
        actions=(Action.DISABLE,),
        reason="disabled in Entra; everything else stays as it is, because the user is skipped",
        fields=(Field("status", "active", "disabled"),),
        was_indexed=True,
        etag=etag_of(ann),
    )


def test_whom_a_dead_run_touched_and_the_brake_holds_is_told_to_stay(sync: SyncModel):  # D-12
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann)
    sync.unsettled, sync.limits = {ann}, Brake(removals=0, removals_percent=0)

    assert told(sync.plan().change(ann)) == Change(
        kind=Kind.KEEP,
        user_id="DU001",
        object_id=ann,
        username="ann",
        reason="stays as it is, because its removal is held",
        enters=("first:staff",),
        leaves=("first:sales",),
        was_indexed=True,
        etag=etag_of(ann),
    )


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


def test_everything_that_is_written_is_stamped_with_its_reading_and_its_time(sync: SyncModel):  # D-16
    second = sync.directory.connect("second", sync.source, "lab")
    ann, bea, cyd = sync.source.hire("ann"), sync.source.hire("bea", STAFF, "lab"), sync.source.hire("cyd")
    sync.run()
    second.run()
    sync.source.change(ann, displayName="Anna")
    sync.source.move(bea, "lab")
    sync.source.move(cyd)

    writer = sync.run().writer

    users = [sync.user(ann), second.user(bea), sync.user(cyd)]
    assert {(user.read_at, user.synced_at) for user in users} == {(writer.read_at, writer.now)}
    assert [user.known_as for user in users] == [{}, {}, {"first": cyd}]
    assert (users[2].trashed_at, users[2].sessions_valid_after) == (writer.now, writer.now)


def test_who_passes_on_or_goes_to_trash_is_still_known_to_syncs_that_were_deleted(sync: SyncModel):  # D-17
    old = sync.directory.connect("old", sync.source, "old")
    second = sync.directory.connect("second", sync.source, "lab")
    ann, bea = sync.source.hire("ann", "old", STAFF, "lab"), sync.source.hire("bea", "old", STAFF)
    for each in (old, sync, second):
        each.run()
    sync.directory.delete_sync("old")
    sync.source.move(ann, "lab")
    sync.source.move(bea)

    sync.run()

    assert second.user(ann).known_as == {"old": ann}
    assert sync.user(bea).known_as == {"old": bea, "first": bea}


def test_who_comes_back_is_known_as_before_to_others_only(sync: SyncModel):  # D-06, B-162
    second = sync.directory.connect("second", sync.source, "lab")
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    sync.source.move(ann, "lab")
    sync.run()
    assert sync.user(ann).known_as == {"first": ann}

    second.run()

    assert second.user(ann).known_as == {"first": ann}
    sync.source.move(ann, "lab", STAFF)
    sync.run()
    assert sync.user(ann).known_as == {}


def test_a_user_in_the_making_is_called_so():
    assert Stored().called("DU9") == "a user in the making (DU9)"
    assert Stored(records={"DU1": User(user_id="DU1", username="", former_username="ann")}).called("DU1") == "ann (DU1)"


def test_a_name_without_a_claim_is_listed_by_nobody():
    assert Stored().listing(digest("ann")) == []


def test_an_edit_is_alive_for_ten_minutes_whatever_it_is_called(sync: SyncModel):
    begun = sync.directory.now

    assert edit_mark(begun, "a-b") in Alive(now=begun)
