"""When a user in Trash is due to be deleted for good."""

from datetime import UTC, datetime, timedelta

import pytest

from sync_core.directory.retention import due, is_due
from sync_core.directory.users import Status, User

TRASHED_AT = datetime(2026, 2, 25, 13, 14, 15, 999_999, tzinfo=UTC)
DUE = datetime(2026, 3, 4, 13, 14, 15, 999_999, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def trashed(status: Status = Status.PENDING_DELETION) -> User:
    return User(user_id="DU1", username="ann", status=status, trashed_at=TRASHED_AT)


def test_a_user_is_due_after_seven_days_to_the_second_and_never_before():  # B-163, D-27
    assert due(TRASHED_AT, 7) == DUE
    assert not is_due(trashed(), 7, DUE - INSTANT)
    assert is_due(trashed(), 7, DUE)


def test_the_days_are_a_setting():  # D-26
    assert not is_due(trashed(), 8, DUE)
    assert is_due(trashed(), 6, DUE - timedelta(days=1))


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING_DELETION])
def test_only_a_user_that_is_pending_deletion_is_due(status: Status):  # D-27
    assert not is_due(trashed(status), 7, DUE + timedelta(days=99))


def test_a_user_that_never_went_to_trash_is_never_due():
    assert not is_due(User(user_id="DU1", username="ann", status=Status.PENDING_DELETION), 7, DUE)
