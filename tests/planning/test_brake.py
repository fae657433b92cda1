"""The brake: what is too much to be done unasked is held, by name, and everything else goes on (D-12)."""

from collections import Counter, defaultdict
from copy import deepcopy
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_core.directory.attributes import Mapping
from sync_core.directory.brake import MOST, Brake, check_brake
from sync_core.directory.users import Status, User
from sync_core.errors import Rejected
from sync_core.planning.brake import Class, Item, Since, compared, digest_of
from sync_core.planning.changes import Kind
from sync_core.planning.reasons import Reason
from tests.planning import agreement
from tests.planning.histories import ALIAS, PEOPLE, Event, by_hand, happen, histories, unread_or_gone
from tests.planning.model import LIMITLESS, DirectoryModel, SyncModel
from tests.planning.planned import Planned
from tests.planning.source import SALES, STAFF, SourceModel

MANY = settings(max_examples=3 * settings().max_examples)


def staffed(sync: SyncModel, people: int, *groups: str) -> list[str]:
    """So many more people, synced; under the limits that a sync has by default."""
    hired = [sync.source.hire(f"{'-'.join(groups) or STAFF}{n}", *groups) for n in range(people)]
    sync.run()
    sync.limits = Brake()
    return hired


def leave(sync: SyncModel, *people: str) -> None:
    for person in people:
        sync.source.move(person)


@pytest.mark.parametrize(("people", "going", "held"), [(40, 10, False), (50, 11, True), (55, 11, False), (54, 11, True)])
def test_removals_are_held_when_over_ten_and_over_a_fifth_of_the_users(sync: SyncModel, people: int, going: int, held: bool):
    hired = staffed(sync, people)
    leave(sync, *hired[:going])

    planned = sync.run()

    assert (planned.braking.digest != "") is held
    assert sum(user.in_trash for user in sync.directory.records.values()) == (0 if held else going)
    assert [planned.reason(person) for person in hired[:going]] == [Reason.HELD if held else None] * going


def test_removals_over_the_highest_number_are_held_whatever_their_share(sync: SyncModel):
    hired = staffed(sync, 200)
    sync.limits = Brake(removals_most=20)
    leave(sync, *hired[:20])
    assert not sync.plan().braking.held
    leave(sync, hired[20])

    planned = sync.run()

    assert len(planned.braking.held) == 21
    assert planned.braking.overruns[0].detail == "21 of 200 users would be removed or disabled: over 10, and over 20 % or 20"


def test_who_is_disabled_counts_with_the_removed_and_stays_enabled(sync: SyncModel):
    hired = staffed(sync, 40)
    leave(sync, *hired[:6])
    for person in hired[6:12]:
        sync.source.disable(person)

    planned = sync.run()

    assert {change.actions for change in planned.braking.held} == {("trash",), ("disable",)}
    assert {user.status for user in sync.directory.records.values()} == {Status.ACTIVE}


def test_who_is_skipped_is_not_disabled_while_disables_are_held(sync: SyncModel):  # D-04 yields to D-12
    hired = staffed(sync, 40)
    for person in hired[:12]:
        sync.source.disable(person)
    sync.source.rename(hired[0], "staff20")  # shares a name, so it is skipped; disabled all the same, but for the brake

    planned = sync.run()

    assert len(planned.braking.held) == 12
    assert planned.reason(hired[0]) is Reason.SHARED_NAME
    assert sync.user(hired[0]).status is Status.ACTIVE


def test_the_other_classes_are_applied(sync: SyncModel):
    hired = staffed(sync, 40)
    leave(sync, *hired[:12])
    sync.source.rename(hired[20], "renamed")
    new = sync.source.hire("new")

    sync.run()

    assert sync.user(hired[20]).username == "renamed"
    assert sync.user(new).username == "new"
    assert not any(user.in_trash for user in sync.directory.records.values())


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


@pytest.mark.parametrize(("members", "losing", "held"), [(22, 11, False), (21, 11, True), (12, 10, False)])
def test_a_group_that_would_lose_over_ten_and_over_half_keeps_them(sync: SyncModel, members: int, losing: int, held: bool):
    staffed(sync, 300)
    sync.limits = LIMITLESS
    sellers = staffed(sync, members, STAFF, SALES)
    leave(sync, sellers[0])
    for person in sellers[1:losing]:
        sync.source.move(person, STAFF)

    planned = sync.run()

    assert [(o.what, o.count, o.of) for o in planned.braking.overruns] == ([(Class.GROUP_LOSSES, losing, members)] if held else [])
    assert len(sync.directory.members["first:sales"]) == (members if held else members - losing + 1)  # who is in Trash stays listed
    if held:
        assert {change.actions for change in planned.braking.held} == {("trash",), ("leave group first:sales",)}


def test_a_group_selected_no_more_loses_its_members_under_the_brake(sync: SyncModel):  # D-20
    both = staffed(sync, 12, STAFF, SALES)
    del sync.selected[SALES]

    planned = sync.run()

    assert [overrun.group_id for overrun in planned.braking.overruns] == ["first:sales"]
    assert all("first:sales" in sync.user(person).groups for person in both)
    assert {change.detail for change in planned.braking.held} == {"would leave the group first:sales"}
    assert [overrun.detail.split(" would")[0] for overrun in planned.braking.overruns] == ["the group first:sales"]


@pytest.mark.parametrize(("people", "renamed", "held"), [(50, 10, False), (50, 11, True), (55, 11, False), (5, 1, False), (4, 1, True)])
def test_renames_are_held_when_over_a_fifth(sync: SyncModel, people: int, renamed: int, held: bool):
    hired = staffed(sync, people)
    for person in hired[:renamed]:
        sync.source.rename(person, f"new-{sync.source.people[person].values['userPrincipalName']}")

    planned = sync.run()

    assert bool(planned.braking.held) is held
    assert sum(user.username.startswith("new-") for user in sync.directory.records.values()) == (0 if held else renamed)


def test_so_many_renames_as_a_sync_allows_pass_whatever_their_share(sync: SyncModel):
    hired = staffed(sync, 5)
    sync.limits = Brake(renames=2)
    for person in hired[:2]:
        sync.source.rename(person, f"new-{person}")
    assert not sync.plan().braking.held
    sync.source.rename(hired[2], f"new-{hired[2]}")

    assert len(sync.plan().braking.held) == 3


def test_takeovers_count_with_renames_once_the_sync_holds_somebody(directory: DirectoryModel, sync: SyncModel):
    sync.limits = Brake()
    for number in range(30):
        directory.by_hand(f"hand{number}")
    first = [sync.source.hire(f"hand{number}") for number in range(12)]
    assert not sync.run().braking.overruns  # nobody was held yet: a first sync is not asked
    assert all(sync.key in sync.user(person).held_by for person in first)
    later = [sync.source.hire(f"hand{number}") for number in range(12, 30)]

    planned = sync.run()

    assert [planned.reason(person) for person in later] == [Reason.HELD] * 18
    assert {action.split()[0] for change in planned.braking.held for action in change.actions} == {"take"}
    assert sum(bool(user.held_by) for user in directory.records.values()) == 12


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


def test_each_limit_that_is_passed_is_told_with_its_figures(sync: SyncModel):  # D-12
    hired = staffed(sync, 40)
    both = staffed(sync, 20, STAFF, SALES)
    leave(sync, *hired[:9], *both[:4])
    for person in both[4:12]:
        sync.source.move(person, STAFF)
    for number, person in enumerate(hired[20:33]):
        sync.source.rename(person, f"new{number}")

    overruns = sync.run().braking.overruns

    assert [(overrun.count, overrun.of) for overrun in overruns] == [(13, 60), (12, 20), (13, 60)]
    assert [(overrun.what, overrun.detail) for overrun in overruns] == [
        (Class.REMOVALS, "13 of 60 users would be removed or disabled: over 10, and over 20 % or 500"),
        (Class.GROUP_LOSSES, "the group sales would lose 12 of 20 members: over 10, and over 50 %"),
        (Class.RENAMES, f"13 users would be renamed or taken over, where the sync holds 60: over {Brake().renames}, and over 20 %"),
    ]


@pytest.mark.parametrize("field", Brake.__struct_fields__)
def test_a_limit_is_a_number_that_can_be(field: str):
    most = 100 if field.endswith("_percent") else MOST
    for wrong in (-1, most + 1):
        with pytest.raises(Rejected) as refused:
            check_brake(Brake(**{field: wrong}))
        assert (refused.value.field, str(refused.value)) == (f"brake.{field}", f"{field} is 0 to {most}, not {wrong}")
    check_brake(Brake(**{field: 0}))
    check_brake(Brake(**{field: most}))


# Whatever happens, whatever the limits

BUSY = (*PEOPLE, "add", "out", "disable", "move", "rotate", "chain", "recreate", "sync", "sync", "sync", "sync", "sync")
LIMITS = st.builds(
    Brake,
    removals=st.sampled_from((0, 0, 1, 2)),
    removals_percent=st.sampled_from((0, 0, 20, 50)),
    removals_most=st.sampled_from((0, 1, 2)),
    group_losses=st.sampled_from((0, 0, 1, MOST)),
    group_losses_percent=st.sampled_from((0, 50)),
    renames=st.sampled_from((0, 0, 1, MOST)),
    renames_percent=st.sampled_from((0, 0, 20)),
)


def company() -> SyncModel:
    return DirectoryModel().connect("first", SourceModel("tenant"), mapping=Mapping(aliases={"1": ALIAS}))


def live(sync: SyncModel, event: Event) -> None:
    if event[0] in ("add", "bypass"):
        by_hand(event, sync.directory)
    elif event[0] in ("unread", "remove group"):
        unread_or_gone(event, sync)
    else:
        happen(event, sync.source)


def people(sync: SyncModel) -> Counter[tuple[object, ...]]:
    """Everybody, without ids and times."""
    return Counter(
        (
            user.username,
            user.former_username,
            tuple(sorted(user.aliases.items())),
            user.status,
            user.groups,
            tuple((key, hold.object_id) for key, hold in user.held_by.items()),
        )
        for user in sync.directory.records.values()
    )


def what_happened(sync: SyncModel, before: dict[str, User]) -> dict[tuple[Class, str], set[str]]:
    """Told from the records, not from the plan: the users of the sync to whom something of each class was done."""
    found: defaultdict[tuple[Class, str], set[str]] = defaultdict(set)
    for user_id, was in before.items():
        user, hold = sync.directory.records[user_id], was.held_by.get(sync.key)
        lost = hold is not None and sync.key not in user.held_by
        if lost or (not was.in_trash and was.status is not Status.DISABLED and user.status is Status.DISABLED):
            found[Class.REMOVALS, ""].add(user_id)
        for group in hold.groups if hold is not None else ():
            if lost or group not in user.groups:
                found[Class.GROUP_LOSSES, group].add(user_id)
        if sync.key in user.held_by and ((not was.in_trash and user.username != was.username) or not (was.held_by or was.in_trash)):
            found[Class.RENAMES, ""].add(user_id)
    return found


def holds_its_promise(sync: SyncModel, before: dict[str, User], planned: Planned, approved: frozenset[Item] = frozenset()) -> None:
    """Nothing was done of a class that is over its limit but what was approved."""
    happened, allowed = what_happened(sync, before), {object_id for object_id, _ in approved}
    for overrun in planned.braking.overruns:
        for user_id in happened[overrun.what, overrun.group_id]:
            assert {hold.object_id for hold in before[user_id].held_by.values()} | {
                hold.object_id for hold in sync.directory.records[user_id].held_by.values()
            } & allowed
    held = {change.object_id for change in planned.braking.held}
    assert {skip.object_id for skip in planned.plan.skips if skip.reason is Reason.HELD} <= held


@MANY
@given(histories(*BUSY, "bypass", "unread"), LIMITS)
def test_nothing_of_a_held_class_is_done_before_it_is_approved(history: list[Event], limits: Brake):
    sync = company()
    sync.limits = limits
    for event in [*history, ("sync", 0, 0, 0)]:
        if event[0] != "sync":
            live(sync, event)
            continue
        before = dict(sync.directory.records)
        planned = sync.run()
        holds_its_promise(sync, before, planned)
        agreement.rows_agree(sync.directory)
        again = sync.plan()
        if again.braking.overruns == planned.braking.overruns:  # who was new is counted now, so that a share may be under its limit
            assert again.idle
            assert again.braking.digest == planned.braking.digest
        sync.source.readable()


@MANY
@given(histories(*BUSY, "bypass"), LIMITS)
def test_a_held_run_and_its_approval_end_as_a_run_without_brake(history: list[Event], limits: Brake):
    sync = company()
    for event in [*history, ("sync", 0, 0, 0)]:
        if event[0] != "sync":
            live(sync, event)
            continue
        sync.limits, other = limits, deepcopy(sync)
        other.limits = LIMITLESS
        other.run()
        planned = sync.run()
        while planned.braking.held:
            before, approved = dict(sync.directory.records), frozenset(item for c in planned.braking.held for item in c.items)
            planned = sync.plan(approved)
            sync.apply(planned)
            holds_its_promise(sync, before, planned, approved)
        assert people(sync) == people(other)
        assert sync.plan().idle
        agreement.rows_agree(sync.directory)


@MANY
@given(histories(*BUSY), histories(*PEOPLE, "add", longest=8), LIMITS)
def test_an_approval_passes_no_more_than_it_names(history: list[Event], later: list[Event], limits: Brake):
    sync = company()
    for event in history:
        if event[0] == "sync":
            sync.run()
        else:
            live(sync, event)
    sync.limits = limits
    approved = frozenset(item for change in sync.run().braking.held for item in change.items)
    for event in later:
        live(sync, event)
    before, planned = dict(sync.directory.records), sync.plan(approved)
    sync.apply(planned)
    holds_its_promise(sync, before, planned, approved)
    assert all(any(item not in approved for item in change.items) for change in planned.braking.held)


@MANY
@given(histories(*BUSY, "bypass", "die", "die", "die"), LIMITS, st.integers())
def test_a_held_run_puts_right_what_a_dead_one_left(history: list[Event], limits: Brake, seed: int):
    sync = company()
    sync.limits = limits
    for event in history:
        if event[0] == "sync":
            planned = sync.run()
            agreement.rows_agree(sync.directory, agreement.contested(sync, planned))
        elif event[0] == "die":
            planned = sync.plan()
            changes = Random(seed).sample(planned.plan.changes, len(planned.plan.changes))
            sync.die(planned, changes, len(changes) - event[1] // 6, event[2], event[3] % 5)
        else:
            live(sync, event)
    sync.limits = LIMITLESS
    planned = sync.run()
    agreement.rows_agree(sync.directory, agreement.contested(sync, planned))
    agreement.says_what_the_source_says(sync, planned)
    agreement.safety_holds(sync, planned)


def test_what_was_held_of_a_person_who_is_deleted_for_good_keeps_ids_only(sync: SyncModel):  # D-35
    hired = staffed(sync, 40)
    for number, person in enumerate(hired[:12]):
        sync.source.rename(person, f"new{number}")

    kept = [change.without_values for change in sync.run().braking.held]

    assert {(change.username, change.detail, change.actions) for change in kept} == {("", "", ("rename",))}
    assert [change.object_id for change in kept] == hired[:12]
