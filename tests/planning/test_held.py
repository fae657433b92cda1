"""What the brake holds: told of each user, approved by name, and kept from everybody who needs it (D-12)."""

from sync_core.directory.brake import Brake
from sync_core.directory.users import Status
from sync_core.planning.brake import Class, Since, compared, digest_of
from sync_core.planning.changes import Kind
from sync_core.planning.reasons import Reason
from tests.planning import agreement
from tests.planning.model import SyncModel
from tests.planning.source import SALES, STAFF
from tests.planning.staffed import leave, staffed


def test_who_is_skipped_is_not_disabled_while_disables_are_held(sync: SyncModel):  # D-04 yields to D-12
    hired = staffed(sync, 40)
    for person in hired[:12]:
        sync.source.disable(person)
    sync.source.rename(hired[0], "staff20")  # shares a name, so it is skipped; disabled all the same, but for the brake

    planned = sync.run()

    assert len(planned.braking.held) == 12
    assert planned.reason(hired[0]) is Reason.SHARED_NAME
    assert sync.user(hired[0]).status is Status.ACTIVE


def test_what_needs_a_held_change_is_skipped_for_that_reason(sync: SyncModel):
    hired = staffed(sync, 40)
    leave(sync, *hired[:12])
    heir = sync.source.hire("staff3")  # the name of a leaver who is held
    sync.source.rename(hired[30], "STAFF30b")
    chained = sync.source.hire("staff30")  # a name that becomes free all the same

    planned = sync.run()

    assert planned.reason(heir) is Reason.NEEDS_HELD
    assert planned.reason(chained) is None
    assert sync.directory.named("staff3") == sync.user(hired[3])


def test_a_chain_of_names_stops_where_it_needs_a_held_change(sync: SyncModel):
    hired = staffed(sync, 40)
    leave(sync, *hired[:12])
    sync.source.rename(hired[20], "staff3")
    sync.source.rename(hired[21], "staff20")

    planned = sync.run()

    assert planned.reason(hired[20]) is Reason.NEEDS_HELD
    assert planned.reason(hired[21]) is Reason.HOLDER_SKIPPED


def test_whoever_needs_a_held_change_is_still_disabled(sync: SyncModel):  # D-04: skipping withholds no safety
    hired = staffed(sync, 60)
    for number, person in enumerate(hired[:13]):
        sync.source.rename(person, f"other{number}")
    sync.source.disable(hired[0])

    planned = sync.run()

    assert [overrun.what for overrun in planned.braking.overruns] == [Class.RENAMES]
    assert sync.user(hired[0]).status is Status.DISABLED
    assert sync.user(hired[0]).username == "staff0"


def test_what_is_approved_passes_and_one_more_does_not(sync: SyncModel):
    hired = staffed(sync, 40)
    leave(sync, *hired[:12])
    held = sync.run().braking
    leave(sync, hired[12])

    planned = sync.plan(approved=frozenset(item for change in held.held for item in change.items))
    sync.apply(planned)

    assert [change.object_id for change in planned.braking.held] == [hired[12]]
    assert sum(user.in_trash for user in sync.directory.records.values()) == 12
    assert sync.user(hired[12]).status is Status.ACTIVE


def test_an_approval_of_one_name_is_none_of_another(sync: SyncModel):
    hired = staffed(sync, 40)
    for number, person in enumerate(hired[:12]):
        sync.source.rename(person, f"new{number}")
    held = sync.run().braking
    sync.source.rename(hired[0], "root")

    planned = sync.plan(approved=frozenset(item for change in held.held for item in change.items))

    assert [change.actions for change in planned.braking.held] == [("rename to root",)]


def test_a_removal_that_a_dead_run_had_begun_is_put_right_while_it_is_held(sync: SyncModel):
    hired = staffed(sync, 40)
    leave(sync, *hired[:12])
    sync.unsettled = set(hired)

    planned = sync.run()

    assert {planned.change(person).kind for person in hired[:12]} == {Kind.KEEP}
    agreement.rows_agree(sync.directory)


def test_two_sets_are_told_apart_by_their_digests_and_their_differences(sync: SyncModel):
    hired = staffed(sync, 40)
    leave(sync, *hired[:12])
    before = sync.run().braking
    assert sync.run().braking == before
    leave(sync, hired[12])
    sync.source.move(hired[0], STAFF)

    after = sync.run().braking

    assert after.digest != before.digest
    assert len(after.digest) == 32
    told = {change.object_id: change.since for change in compared(after.held, before.held)}
    assert told == {hired[12]: Since.NEW, hired[0]: Since.GONE} | dict.fromkeys(hired[1:12], Since.STILL)
    assert digest_of([("a", "trash"), ("b", "trash")]) == digest_of([("b", "trash"), ("a", "trash")]) != digest_of([("ab", "trash")])


def test_what_is_held_is_told_of_each_user_by_its_name_here_and_in_words(sync: SyncModel):  # D-12
    sync.limits = Brake(removals=0, removals_percent=0, group_losses=0, group_losses_percent=0, renames=0, renames_percent=0)
    ann, bea, cyd, dan, eve = (sync.source.hire(name, STAFF, SALES) for name in ("ann", "bea", "cyd", "dan", "eve"))
    sync.run()
    sync.directory.by_hand("guest")
    sync.source.rename(ann, "anna")
    sync.source.move(ann, STAFF)
    sync.source.disable(ann)
    sync.source.disable(bea)
    leave(sync, cyd)
    sync.source.move(dan, STAFF)
    guest = sync.source.hire("guest", STAFF)

    planned = sync.run()

    told = {change.object_id: (change.user_id, change.username, change.actions, change.detail) for change in planned.braking.held}
    user_id = {person: sync.user(person).user_id for person in (ann, bea, cyd, dan)}
    taken = sync.directory.named("guest")
    assert taken is not None
    assert told == {
        ann: (
            user_id[ann],
            "ann",
            ("disable", "leave group first:sales", "rename to anna"),
            "would be disabled and leave the group sales and rename to anna",
        ),
        bea: (user_id[bea], "bea", ("disable",), "would be disabled"),
        cyd: (user_id[cyd], "cyd", ("trash",), "would go to Trash"),
        dan: (user_id[dan], "dan", ("leave group first:sales",), "would leave the group sales"),
        guest: (taken.user_id, "guest", (f"take over {taken.user_id}",), f"would take over {taken.user_id}"),
    }
    skip = planned.skip(cyd)
    assert skip is not None
    assert (skip.user_id, skip.username, skip.reason, skip.detail) == (user_id[cyd], "cyd", Reason.HELD, "would go to Trash")
    assert planned.reason(eve) is None


def test_who_leaves_for_another_sync_is_told_so(sync: SyncModel):  # D-12, B-160
    second = sync.directory.connect("second", sync.source, "lab")
    ann = sync.source.hire("ann", STAFF, "lab")
    sync.run()
    second.run()
    sync.limits = Brake(removals=0, removals_percent=0)
    sync.source.move(ann, "lab")

    assert [(change.actions, change.detail) for change in sync.run().braking.held] == [(("leave",), "would leave this sync")]


def test_what_was_held_of_a_person_who_is_deleted_for_good_keeps_ids_only(sync: SyncModel):  # D-35
    hired = staffed(sync, 40)
    for number, person in enumerate(hired[:12]):
        sync.source.rename(person, f"new{number}")

    kept = [change.without_values for change in sync.run().braking.held]

    assert {(change.username, change.detail, change.actions) for change in kept} == {("", "", ("rename",))}
    assert [change.object_id for change in kept] == hired[:12]
