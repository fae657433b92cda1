"""What is stored already, as a plan asks it, where there is next to nothing."""

from sync_core.directory.names import digest
from sync_core.directory.users import User
from sync_core.planning.identity import Stored


def test_a_user_in_the_making_is_called_so():
    assert Stored().called("DU9") == "a user in the making (DU9)"
    assert Stored(records={"DU1": User(user_id="DU1", username="", former_username="ann")}).called("DU1") == "ann (DU1)"


def test_a_name_without_a_claim_is_listed_by_nobody():
    assert Stored().listing(digest("ann")) == []
