"""Changes whole, as previews, logs and explanations show them (D-13)."""

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.brake import Brake
from sync_core.directory.names import digest
from sync_core.planning.changes import Action, Change, Field, Kind
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
