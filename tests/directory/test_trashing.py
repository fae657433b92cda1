"""To Trash by hand, and back (B-159, B-165, D-17)."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.syncs import Sync
from sync_core.directory.trashing import restored, trashed
from sync_core.directory.users import Status, User
from sync_core.errors import Rejected

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ANN = User(user_id="DU1", username="ann", aliases={"1": "a"}, groups=("DG1",))
SYNC = Sync(directory_key="DK1", name="Zeta", connection_id="DC", tenant_id="t", groups=(), mapping=Mapping(), created_at=NOW)
SYNCS = {"DK1": SYNC, "DK2": replace(SYNC, directory_key="DK2", name="Acme"), "DK3": replace(SYNC, name="Aaa", deleted_at=NOW)}


def refused(user: User) -> str:
    with pytest.raises(Rejected) as refusal:
        restored(user, SYNCS)
    return str(refusal.value)


def test_a_user_goes_to_trash_with_all_it_has_and_its_sessions_end():  # B-159
    assert trashed(ANN, NOW, 30) == replace(ANN, status=Status.PENDING_DELETION, trashed_at=NOW, trash_days=30, sessions_valid_after=NOW)


@pytest.mark.parametrize("known_as", [{}, {"DK3": "o1"}, {"DK404": "o1"}])
def test_a_user_that_no_existing_sync_left_there_comes_back_active(known_as: dict[str, str]):  # D-17
    user = replace(trashed(ANN, NOW, 30), known_as=known_as)

    assert restored(user, SYNCS) == replace(user, status=Status.ACTIVE, trashed_at=None, trash_days=7)


def test_a_user_that_a_sync_left_there_comes_back_by_that_sync_only():  # B-165
    user = replace(trashed(ANN, NOW, 30), known_as={"DK1": "o1", "DK2": "o1", "DK3": "o1"})
    words = ' was managed by the sync "Acme": only that brings it back, once it is in one of its groups again'

    assert refused(user) == "ann" + words
    assert refused(replace(user, username="", former_username="anna")) == "anna" + words


def test_a_user_whose_name_is_anothers_by_now_stays():  # D-07
    user = replace(trashed(ANN, NOW, 30), username="", former_username="ann")

    assert refused(user) == "ann is the name of another user by now: DU1 cannot come back"


@pytest.mark.parametrize(
    ("status", "words"),
    [(Status.ACTIVE, "ann is not in Trash"), (Status.DISABLED, "ann is not in Trash"), (Status.PURGING, "DU1 is being deleted for good")],
)
def test_only_somebody_in_trash_comes_back_and_nobody_who_is_being_deleted(status: Status, words: str):  # D-27
    assert refused(replace(ANN, status=status)) == words
