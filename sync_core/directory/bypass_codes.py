"""Bypass codes: what a user gives instead of a second factor, for a while. Their own values stand nowhere (E-18)."""

from datetime import datetime

import msgspec

from sync_core.errors import Rejected

MOST_A_USER = 100
MOST_AT_ONCE = 10
DIGITS = 9
MAX_SECONDS = 10 * 365 * 86_400
MAX_USES = 1_000_000
_LENGTHS = range(6, 33)


class BypassCode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """In the user's record."""

    code_id: str
    digest: bytes
    """Of the code, under the deployment's key and for this user."""
    created_at: datetime
    created_by: str = ""
    expires_at: datetime | None = None
    """None: never."""
    uses_left: int | None = None
    """None: as often as one likes."""


class NewCodes(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants."""

    codes: tuple[str, ...] = ()
    """Chosen by the caller; () for `count` random ones."""
    count: int = MOST_AT_ONCE
    seconds: int = 0
    """Until they expire; 0: never."""
    uses: int = 1
    """0: as often as one likes."""
    keeps: bool = False
    """Whether those that there are stay."""


def check_codes(new: NewCodes) -> None:
    """Raises Rejected, naming the field."""
    if len(new.codes) > MOST_AT_ONCE:
        raise Rejected(f"at most {MOST_AT_ONCE} at once, not {len(new.codes)}", field="codes")
    for code in new.codes:
        if len(code) not in _LENGTHS or not code.isascii() or not code.isalnum():
            raise Rejected(f"a code is {_LENGTHS[0]} to {_LENGTHS[-1]} letters and digits", field="codes")
    if len(set(new.codes)) < len(new.codes):
        raise Rejected("a code is there twice", field="codes")


def with_codes(before: tuple[BypassCode, ...], added: tuple[BypassCode, ...], now: datetime, *, keeps: bool) -> tuple[BypassCode, ...]:
    """The codes of a record that get these besides those that are still good, or in their place. Raises Rejected for too many."""
    after = (*(usable(before, now) if keeps else ()), *added)
    if len(after) > MOST_A_USER:
        raise Rejected(f"a user has at most {MOST_A_USER} bypass codes: delete some first", field="count")
    return after


def usable(codes: tuple[BypassCode, ...], now: datetime) -> tuple[BypassCode, ...]:
    """Those that have not expired."""
    return tuple(code for code in codes if code.expires_at is None or code.expires_at > now)
