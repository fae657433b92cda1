"""What callers refer to things by: keys of a known form, and cursors that continue a list.

A text of another form names nothing, and never reaches storage, whose keys it might break.
"""

import base64
import binascii
import re

from sync_core.errors import NotFound, Rejected

_ID = re.compile(r"D[A-Z][2-7A-Z]{18}")
_REFERENCE_CODE = re.compile(r"[0-9a-f]{32}")
SHOWN = 64


def has_form(text: str, prefix: str) -> bool:
    """Whether `text` can be an id that begins with `prefix` (ids.py)."""
    return text.startswith(prefix) and _ID.fullmatch(text) is not None


def is_reference_code(text: str) -> bool:
    """Whether `text` can be a run's reference code (D-21)."""
    return _REFERENCE_CODE.fullmatch(text) is not None


def unknown(what: str, reference: str) -> NotFound:
    """The error for a thing that is not there."""
    return NotFound(f"there is no {what} {reference[:SHOWN]!r}")


def cursor_after(key: str) -> str:
    """An opaque cursor for what comes after `key`."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def cursor_key(cursor: str, prefix: str) -> str:
    """The id that `cursor` continues after; "" for "". Raises Rejected for a text that no list of such ids gave."""
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        key = "?"
    if key and not has_form(key, prefix):
        raise Rejected("this cursor is not one that the list gave: start again without a cursor", field="cursor")
    return key
