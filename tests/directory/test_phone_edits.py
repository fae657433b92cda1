"""What comes of a wish to change a phone, and which wishes cannot be (B-074, B-075)."""

import pytest
from msgspec.structs import replace

from sync_core.directory.phone_edits import PhoneEdit, by_hand, edited_phone
from sync_core.directory.phones import Phone, PhoneType, Slot
from sync_core.errors import Rejected

PHONE = Phone(
    phone_id="DP1",
    number="+17345559876",
    name="desk",
    platform="Apple iOS",
    predelay="1",
    postdelay="2",
    slot=Slot.PRIMARY,
    sync="DK1",
    activated=True,
)
LANDLINE = replace(PHONE, extension="123", type=PhoneType.LANDLINE)


def refused(edit: PhoneEdit, phone: Phone = PHONE) -> tuple[str, str]:
    """Field and words of the refusal."""
    with pytest.raises(Rejected) as refusal:
        edited_phone(phone, edit)
    return refusal.value.field, str(refusal.value)


def test_what_is_not_given_stays():
    assert edited_phone(PHONE, PhoneEdit()) == PHONE
    assert edited_phone(LANDLINE, PhoneEdit()) == LANDLINE


@pytest.mark.parametrize(("field", "most"), [("name", "x" * 128), ("platform", "x" * 128), ("predelay", "1234"), ("postdelay", "1234")])
def test_a_text_is_changed_alone_up_to_its_length_and_may_be_emptied(field: str, most: str):
    assert edited_phone(PHONE, replace(PhoneEdit(), **{field: f" {most} "})) == replace(PHONE, **{field: most})
    assert edited_phone(PHONE, replace(PhoneEdit(), **{field: ""})) == replace(PHONE, **{field: ""})


@pytest.mark.parametrize("field", ["name", "platform"])
@pytest.mark.parametrize("text", ["x" * 129, "a\nb"])
def test_names_and_platforms_are_128_printable_characters(field: str, text: str):
    assert refused(replace(PhoneEdit(), **{field: text})) == (field, f"{field} is at most 128 printable characters, on one line")


@pytest.mark.parametrize(
    ("field", "text", "most"),
    [("predelay", "12345", 4), ("postdelay", "12345", 4), ("predelay", "x", 4), ("postdelay", "٣", 4), ("extension", "1" * 12, 11)],
)
def test_delays_and_extensions_are_digits(field: str, text: str, most: int):
    assert refused(replace(PhoneEdit(), **{field: text})) == (field, f"{field} is at most {most} digits")


def test_a_number_is_read_as_people_write_it_and_one_with_an_extension_is_a_landlines():  # B-074, B-075
    assert edited_phone(PHONE, PhoneEdit(number="+44 20 7946 0316")) == replace(PHONE, number="+442079460316")
    assert edited_phone(PHONE, PhoneEdit(number="734-555-9876 x123")) == LANDLINE
    assert refused(PhoneEdit(number="none"))[0] == "number"


def test_another_number_without_extension_takes_the_old_one_along():
    assert edited_phone(LANDLINE, PhoneEdit(number="7345559877")) == replace(LANDLINE, number="+17345559877", extension="")


def test_an_extension_alone_is_set_changed_and_emptied():
    assert edited_phone(PHONE, PhoneEdit(extension="123")) == LANDLINE
    assert edited_phone(LANDLINE, PhoneEdit(extension="45678901234")) == replace(LANDLINE, extension="45678901234")
    assert edited_phone(LANDLINE, PhoneEdit(extension="")) == replace(LANDLINE, extension="")


def test_what_somebody_has_called_the_phone_stays_when_its_extension_changes():
    called = replace(LANDLINE, type=PhoneType.MOBILE)

    assert edited_phone(called, PhoneEdit(extension="7")).type is PhoneType.MOBILE
    assert edited_phone(PHONE, PhoneEdit(extension="7", type=PhoneType.UNKNOWN)).type is PhoneType.UNKNOWN


def test_an_extension_given_twice_is_one():
    assert edited_phone(PHONE, PhoneEdit(number="7345559876x123", extension="123")) == LANDLINE
    assert edited_phone(PHONE, PhoneEdit(number="7345559876x123", extension="")) == LANDLINE
    assert edited_phone(PHONE, PhoneEdit(number="7345559876", extension="123")) == LANDLINE
    assert refused(PhoneEdit(number="7345559876x123", extension="124")) == ("extension", "the number has another extension already")


@pytest.mark.parametrize("number", ["", "  "])
def test_a_phone_may_have_no_number_and_then_has_no_extension(number: str):
    assert edited_phone(LANDLINE, PhoneEdit(number=number)) == replace(LANDLINE, number="", extension="")
    assert refused(PhoneEdit(number=number, extension="1")) == ("extension", "an extension needs a number")


def test_a_phone_that_passes_to_a_person_belongs_to_no_sync():  # B-142
    assert by_hand(PHONE) == replace(PHONE, slot=Slot.NONE, sync="")
