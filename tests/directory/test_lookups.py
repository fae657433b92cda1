"""By what a user is found besides its names."""

from datetime import UTC, datetime

import pytest

from sync_core.directory.bypass_codes import BypassCode
from sync_core.directory.lookups import Pointer, email_key, number_entry, number_key, pointers
from sync_core.directory.names import digest
from sync_core.directory.phones import Phone
from sync_core.directory.users import User

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_user_is_found_by_its_address_its_phones_their_numbers_and_its_codes():
    user = User(
        user_id="DU1",
        username="ann",
        email="Ann@corp.example",
        phones=(Phone(phone_id="DP1", number="+17345559876", extension="1"), Phone(phone_id="DP2")),
        bypass_codes=(BypassCode(code_id="DB1", digest=b"", created_at=NOW),),
    )

    assert pointers(user) == {
        Pointer("Phones", "DP1", "DU1"),
        Pointer("Phones", "DP2", "DU1"),
        Pointer("Numbers", digest("+17345559876"), "DP1 DU1"),
        Pointer("BypassCodes", "DB1", "DU1"),
        Pointer("Emails", digest("ann@corp.example"), "DU1"),
    }


@pytest.mark.parametrize("user", [None, User(user_id="DU1", username="ann"), User(user_id="DU1", username="ann", email="  ")])
def test_nobody_and_somebody_without_address_and_devices_are_found_by_nothing(user: User | None):
    assert pointers(user) == frozenset()


def test_addresses_are_compared_as_names_are():  # D-03
    assert email_key(" STRASSE@corp.example ") == email_key("straße@corp.example") == digest("straße@corp.example")


@pytest.mark.parametrize(("user_id", "entry"), [("DU1", "DP1 DU1"), ("", "DP1 ")])
def test_an_entry_under_a_number_says_whose_phone_it_is(user_id: str, entry: str):
    assert number_entry("DP1", user_id) == entry
    assert Pointer("Numbers", number_key("+1"), entry).user_id == user_id
    assert Pointer("Emails", email_key("a"), "DU1").user_id == "DU1"
