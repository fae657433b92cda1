"""How many bypass codes a user has, how they look, and how long they are good (E-18)."""

from datetime import UTC, datetime, timedelta

import pytest

from sync_core.directory.bypass_codes import BypassCode, NewCodes, check_codes, usable, with_codes
from sync_core.errors import Rejected

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def code(number: int, expires_at: datetime | None = None) -> BypassCode:
    return BypassCode(code_id=str(number), digest=b"", created_at=NOW, expires_at=expires_at)


def codes(number: int) -> tuple[BypassCode, ...]:
    return tuple(code(n) for n in range(number))


def test_ten_random_codes_good_once_and_for_ever_are_made_unless_somebody_says_otherwise():
    new = NewCodes()

    assert (new.codes, new.count, new.seconds, new.uses, new.keeps) == ((), 10, 0, 1, False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (tuple(f"code{n:02}" for n in range(11)), "at most 10 at once, not 11"),
        (("12345",), "a code is 6 to 32 letters and digits"),
        (("1" * 33,), "a code is 6 to 32 letters and digits"),
        (("123456", "12345é"), "a code is 6 to 32 letters and digits"),
        (("12345-",), "a code is 6 to 32 letters and digits"),
        (("123456", "123457", "123456"), "a code is there twice"),
    ],
)
def test_codes_that_cannot_be_are_refused(given: tuple[str, ...], words: str):
    with pytest.raises(Rejected) as refusal:
        check_codes(NewCodes(codes=given))

    assert (refusal.value.field, str(refusal.value)) == ("codes", words)


def test_codes_have_6_to_32_letters_and_digits_and_ten_are_made_at_once():
    check_codes(NewCodes(codes=("123456", "a" * 32, *(f"code{n:02}" for n in range(8)))))


def test_a_code_is_good_until_it_expires():
    over, still, always = code(1, NOW), code(2, NOW + SECOND), code(3)

    assert usable((over, still, always), NOW) == (still, always)


def test_new_codes_take_the_place_of_the_old_ones_or_stand_beside_those_that_are_good():
    over, good, new = code(1, NOW - SECOND), code(2), code(3)

    assert with_codes((over, good), (new,), NOW, keeps=False) == (new,)
    assert with_codes((over, good), (new,), NOW, keeps=True) == (good, new)


def test_a_user_has_a_hundred_codes_at_most():
    assert len(with_codes(codes(90), codes(10), NOW, keeps=True)) == 100
    with pytest.raises(Rejected) as refusal:
        with_codes(codes(91), codes(10), NOW, keeps=True)
    assert (refusal.value.field, str(refusal.value)) == ("count", "a user has at most 100 bypass codes: delete some first")
    assert len(with_codes(codes(100), codes(10), NOW, keeps=False)) == 10
