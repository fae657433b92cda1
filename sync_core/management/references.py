"""What callers refer to things by: keys of a known form, and cursors that continue a list.

A text of another form names nothing, and never reaches storage, whose keys it might break.
"""

import base64
import binascii
import re

from sync_core.errors import NotFound, Rejected
from sync_core.ids import FORM

ID = re.compile(FORM)
_REFERENCE_CODE = re.compile(r"[0-9a-f]{32}")
PLACE = re.compile(r"[0-9A-Za-z-]{1,128}(:[0-9]{1,6})?")
"""A row's key, and how many items of it were given already."""
SHOWN = 64


def is_reference_code(text: str) -> bool:
    """Whether `text` can be a run's reference code (D-21)."""
    return _REFERENCE_CODE.fullmatch(text) is not None


def unknown(what: str, reference: str) -> NotFound:
    """The error for a thing that is not there."""
    return NotFound(f"there is no {what} {reference[:SHOWN]!r}")


def cursor_after(place: str, of: str) -> str:
    """An opaque cursor for what comes after `place` in the list that `of` names; "" for ""."""
    return base64.urlsafe_b64encode(f"{of}/{place}".encode()).decode().rstrip("=") if place else ""


def cursor_place(cursor: str, of: str, form: re.Pattern[str] = ID) -> str:
    """The place in the list `of` that `cursor` continues after; "" for "". Raises Rejected for a text that this list never gave."""
    if not cursor:
        return ""
    try:
        decoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        decoded = ""
    given_by, _, place = decoded.rpartition("/")
    if given_by != of or form.fullmatch(place) is None:
        raise Rejected("this cursor is not one that this list gave: start again without a cursor", field="cursor")
    return place
