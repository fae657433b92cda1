"""The limits of the brake: what is too much to be done unasked is held, and everything else goes on (D-12)."""

import pytest

from sync_core.directory.brake import MOST, Brake, check_brake
from sync_core.directory.users import Status
from sync_core.errors import Rejected
from sync_core.planning.brake import Class
from sync_core.planning.reasons import Reason
from tests.planning.model import LIMITLESS, DirectoryModel, SyncModel
from tests.planning.source import SALES, STAFF
from tests.planning.staffed import leave, staffed


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


def test_the_other_classes_are_applied(sync: SyncModel):
    hired = staffed(sync, 40)
    leave(sync, *hired[:12])
    sync.source.rename(hired[20], "renamed")
    new = sync.source.hire("new")

    sync.run()

    assert sync.user(hired[20]).username == "renamed"
    assert sync.user(new).username == "new"
    assert not any(user.in_trash for user in sync.directory.records.values())


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
