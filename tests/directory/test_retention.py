"""When a user in Trash is due to be deleted for good."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from sync_core.directory.retention import check_trash_days, due, is_due
from sync_core.directory.users import Status, User
from sync_core.errors import Rejected

TRASHED_AT = datetime(2026, 2, 25, 13, 14, 15, 999_999, tzinfo=UTC)
DUE = datetime(2026, 3, 4, 13, 14, 15, 999_999, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def trashed(status: Status = Status.PENDING_DELETION, days: int = 7) -> User:
    return User(user_id="DU1", username="ann", status=status, trashed_at=TRASHED_AT, trash_days=days)


def test_a_user_is_due_after_seven_days_to_the_second_and_never_before():  # B-163, D-27
    assert due(TRASHED_AT, 7) == DUE
    assert not is_due(trashed(), DUE - INSTANT)
    assert is_due(trashed(), DUE)


def test_the_days_are_those_that_the_user_was_told():  # D-26, B-161
    assert not is_due(trashed(days=8), DUE)
    assert is_due(trashed(days=6), DUE - timedelta(days=1))


@pytest.mark.parametrize(("days", "allowed"), [(0, False), (1, True), (90, True), (91, False)])
def test_a_user_stays_for_a_day_at_least_and_for_90_at_most(days: int, allowed: bool):  # D-26
    with nullcontext() if allowed else pytest.raises(Rejected, match=r"^users stay in Trash for 1 to 90 days, not"):
        check_trash_days(days)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING_DELETION])
def test_only_a_user_that_is_pending_deletion_is_due(status: Status):  # D-27
    assert not is_due(trashed(status), DUE + timedelta(days=99))


def test_a_user_that_never_went_to_trash_is_never_due():
    assert not is_due(User(user_id="DU1", username="ann", status=Status.PENDING_DELETION), DUE)
