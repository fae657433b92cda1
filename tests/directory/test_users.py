"""A record, and the names that it lists."""

from sync_core.directory.names import digest
from sync_core.directory.users import Status, User


def test_a_record_claims_its_username_and_its_aliases_each_value_once():  # D-03, B-047
    user = User(user_id="DU1", username="Ann", aliases={"1": "ANN", "2": "a"})

    assert user.name_digests == {digest("ann"): "Ann", digest("a"): "a"}


def test_a_user_without_a_name_claims_none():  # D-07: in Trash, its name taken by another
    assert User(user_id="DU1", username="", former_username="ann").name_digests == {}


def test_pending_deletion_and_purging_are_in_trash_and_disabled_is_not():  # B-154, B-159, D-27
    in_trash = {status for status in Status if User(user_id="DU1", username="ann", status=status).in_trash}

    assert in_trash == {Status.PENDING_DELETION, Status.PURGING}
