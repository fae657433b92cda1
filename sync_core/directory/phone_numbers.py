"""Phone numbers as people write them, and the one form in which they are kept (B-074, B-075).

Read is what can mean one number only; anything else is refused in words and never guessed. The library takes 0.1 s to load:
import this module where it is first used.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from sync_core.errors import Rejected

MAX_WRITTEN = 64
"""Characters; the longest number with blanks, brackets and extension has half of that."""
_WRITTEN = re.compile(
    r"(?P<body>\+?[\d\s().\-\u2010-\u2014/]+?)(?:[\s,;]*(?:x|ext(?:ension)?[.:=]?|#)\s*(?P<extension>[0-9]{1,11}))?", re.IGNORECASE
)
_US_DIGITS = 10
_US_FORM = re.compile(r"[2-9]\d\d[2-9]\d{6}")
"""Area code and exchange begin with 2 to 9: what has another form was written without its country."""
_HOW = "write it as +442079460316, in the US also as 734-555-9876, with x123 behind it for an extension"


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    number: str
    """E.164, as "+442079460316"."""
    extension: str = ""
    """Digits; "" for none."""


@lru_cache(4096)
def parse(text: str) -> PhoneNumber:
    """The number that `text` means. Raises Rejected, in words, for one that cannot be read.

    With "+" it is international, without it is one of the US. Blanks, dashes, dots and brackets mean nothing; "x123" behind it is an
    extension. Ten digits behind a "+" that no other country has, and that are a number of the US, are that: the source's own example,
    "+7345559876x123" (B-075). A number that another country has stays there, for that is how the source wants such numbers written.
    """
    written = _WRITTEN.fullmatch(text.strip()) if len(text) <= MAX_WRITTEN else None
    if written is None:
        raise Rejected(f"{_quoted(text)} is not a phone number: {_HOW}", field="number")
    body = written["body"].strip()
    abroad = body.startswith("+")
    number = _international(body) if abroad else _us(body)
    if not number:
        raise Rejected(f"{_quoted(text)} is no phone number of {'any country' if abroad else 'the US'}: {_HOW}", field="number")
    return PhoneNumber(number, written["extension"] or "")


def _international(body: str) -> str:
    """E.164; "" for what is none. `body` begins with "+"."""
    read = _read(body, None)
    if read is None or not phonenumbers.is_valid_number(read):
        return _us_behind_plus(body) or (_e164(read) if read is not None and _is_whole(read) else "")
    return _e164(read)


def _us_behind_plus(body: str) -> str:
    """The number of the US that ten digits behind a "+" are; "" where they are none."""
    digits = re.sub(r"\D", "", body)
    read = _read(digits, "US") if len(digits) == _US_DIGITS else None
    return _e164(read) if read is not None and phonenumbers.is_valid_number(read) else ""


def _us(body: str) -> str:
    """E.164 of ten digits, with or without a 1 before them; "" for what is no number of the US."""
    read = _read(body, "US")
    return _e164(read) if read is not None and read.country_code == 1 and _US_FORM.fullmatch(str(read.national_number)) else ""


def _read(body: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(body, region)
    except phonenumbers.NumberParseException:
        return None


def _is_whole(read: phonenumbers.PhoneNumber) -> bool:
    """Whether it has as many digits as its country's numbers have, area code included: ranges that are given out tomorrow count too."""
    return phonenumbers.is_possible_number_with_reason(read) == phonenumbers.ValidationResult.IS_POSSIBLE


def _e164(read: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def _quoted(text: str) -> str:
    return repr(text[:MAX_WRITTEN]) + ("…" if len(text) > MAX_WRITTEN else "")
