"""What a user's own status, a lockout and its groups come to: every combination there is."""

from itertools import product

import pytest

from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.status import Access, Effective, access
from sync_core.directory.users import Status, User

TRASHED = {Status.PENDING_DELETION, Status.PURGING}
GROUPS = [(), *((status,) for status in GroupStatus), *product(GroupStatus, GroupStatus)]


def of(status: Status = Status.ACTIVE, lockout: str = "", groups: tuple[GroupStatus, ...] = ()) -> Access:
    user = User(user_id="DU1", username="ann", status=status, lockout_reason=lockout)
    return access(user, [(Group(group_id=f"DG{n}", name="x", status=status), f"G{n}") for n, status in enumerate(groups)])


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("lockout", ["", "lost their phone"])
@pytest.mark.parametrize("groups", GROUPS)
def test_every_combination_comes_to_one_status(status: Status, lockout: str, groups: tuple[GroupStatus, ...]):  # B-152..B-157, B-159
    found = of(status, lockout, groups)

    if status in TRASHED:
        expected = Effective.PENDING_DELETION
    elif lockout:
        expected = Effective.LOCKED_OUT
    elif status is Status.DISABLED or GroupStatus.DISABLED in groups:
        expected = Effective.DISABLED
    elif status is Status.BYPASS or GroupStatus.BYPASS in groups:
        expected = Effective.BYPASS
    else:
        expected = Effective.ACTIVE
    assert found.status is expected
    assert found.may_authenticate == (expected in {Effective.ACTIVE, Effective.BYPASS})
    assert found.reason


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.BYPASS])
def test_a_disabled_group_blocks_whoever_is_in_it_and_is_named(status: Status):  # B-157
    one = of(status, groups=(GroupStatus.ACTIVE, GroupStatus.DISABLED))
    two = of(status, groups=(GroupStatus.DISABLED, GroupStatus.BYPASS, GroupStatus.DISABLED))

    assert not one.may_authenticate
    assert one.reason == "it is disabled by the group G1"
    assert two.reason == "it is disabled by the groups G0, G2"


def test_bypass_by_a_group_is_named_too():  # B-152
    assert of(groups=(GroupStatus.BYPASS,)).reason == "it needs no second factor, by the group G0"
    assert of(Status.BYPASS, groups=(GroupStatus.BYPASS,)).reason == "it needs no second factor"


def test_a_lockout_says_why():
    assert of(Status.BYPASS, "lost their phone").reason == "it is locked out: lost their phone"


def test_each_status_says_why():
    assert {status: of(status).reason for status in Status} == {
        Status.ACTIVE: "it is active",
        Status.BYPASS: "it needs no second factor",
        Status.DISABLED: "it is disabled",
        Status.PENDING_DELETION: "it is in Trash, and will be deleted unless a sync finds it again",
        Status.PURGING: "it is being deleted for good",
    }


def test_one_that_is_being_deleted_is_told_from_one_that_may_come_back():  # B-162, D-27
    assert of(Status.PURGING).reason != of(Status.PENDING_DELETION).reason
