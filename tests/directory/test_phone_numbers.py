"""How phone numbers are read."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.directory.phone_numbers import MAX_WRITTEN, PhoneNumber, parse
from sync_core.errors import Rejected

US, EXAMPLE = "+17345559876", "+7345559876x123"
HOW = "write it as +442079460316, in the US also as 734-555-9876, with x123 behind it for an extension"


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    """Nothing is known from an earlier test."""
    parse.cache_clear()


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+442079460316", "+442079460316"),  # the source's example
        ("+44 20 7946 0316", "+442079460316"),
        ("+44 (0)20 7946-0316", "+442079460316"),
        ("+49 (0) 89 / 123 456", "+4989123456"),
        ("+39 06 1234 5678", "+390612345678"),
        ("+79161234567", "+79161234567"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("+47 22 34 56 78", "+4722345678"),
        ("+3545551234", "+3545551234"),
        ("+1 (734) 555\u20139876", US),
        ("+1-734-555-9876", US),
    ],
)
def test_a_number_with_plus_is_international(written: str, number: str) -> None:  # B-074
    assert parse(written) == PhoneNumber(number)


@pytest.mark.parametrize(
    "written",
    ["7345559876", "734-555-9876", "734.555.9876", "(734) 555-9876", "734 555 9876", "1-734-555-9876", "17345559876", " 7345559876 "],
)
def test_a_number_without_plus_is_read_as_one_of_the_us(written: str) -> None:  # B-074
    assert parse(written) == PhoneNumber(US)


@pytest.mark.parametrize(
    "written",
    [
        EXAMPLE,
        "+17345559876x123",
        "7345559876x123",
        "734-555-9876 X 123",
        "+1 734 555 9876 ext. 123",
        "734 555 9876 #123",
        "7345559876;ext=123",
    ],
)
def test_x_and_digits_behind_a_number_are_its_extension(written: str) -> None:  # B-075
    assert parse(written) == PhoneNumber(US, "123")


@pytest.mark.parametrize(
    ("written", "number"), [("+7345559876", US), ("+2125551234", "+12125551234"), ("+734-555-9876", US), ("+4722345678", "+4722345678")]
)
def test_ten_digits_behind_a_plus_are_the_us_number_unless_another_country_has_them(written: str, number: str) -> None:  # B-075
    assert parse(written).number == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "+",
        "x123",
        "none",
        "911",
        "123",
        "5551234",
        "089 1234567",  # no country: a number of the US never begins with 0
        "0044 20 7946 0316",
        "011 44 20 7946 0316",
        "1-800-FLOWERS",
        "+1734555987",
        "+999123456789",
        "+123456789012345678",
        "++17345559876",
        "7345559876x",
        "7345559876x123x4",
        "7345559876 or 7345559877",
        "7345559876x123456789012",
        "+44 20 7946 0316\nx",
        "7" * (MAX_WRITTEN + 1),
    ],
)
def test_what_cannot_be_read_is_refused_in_words_and_not_guessed(written: str) -> None:  # B-074, B-075
    with pytest.raises(Rejected, match="phone number"):
        parse(written)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("none", f"'none' is not a phone number: {HOW}"),
        ("7" * 65, f"'{'7' * 64}'… is not a phone number: {HOW}"),
        ("911", f"'911' is no phone number of the US: {HOW}"),
        ("+999123456789", f"'+999123456789' is no phone number of any country: {HOW}"),
    ],
)
def test_a_refusal_says_what_was_read_and_how_to_write_it(written: str, words: str) -> None:  # B-074, B-075
    with pytest.raises(Rejected) as refusal:
        parse(written)

    assert (refusal.value.field, str(refusal.value)) == ("number", words)


COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)


@given(st.sampled_from(COUNTRIES), st.sampled_from(["", "x7", " x 4455"]), st.booleans())
def test_every_country_is_read_as_it_writes_its_numbers(country: str, extension: str, international: bool) -> None:
    number = phonenumbers.example_number(country)
    assert number is not None
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL if international else phonenumbers.PhoneNumberFormat.E164

    read = parse(phonenumbers.format_number(number, form) + extension)

    assert read.number == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert read.extension == extension.strip(" x")


@given(st.text(st.sampled_from("+0123456789 -().xX#٣ab"), max_size=24))
def test_whatever_is_read_is_read_again_as_the_same(text: str) -> None:
    try:
        once = parse(text)
    except Rejected:
        return
    assert parse(once.number + (f"x{once.extension}" if once.extension else "")) == once
