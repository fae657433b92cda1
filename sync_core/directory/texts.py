"""Texts that people write, and read: what fits a field of one line, and a list in a sentence."""

from collections.abc import Sequence

from sync_core.errors import Rejected


def line(field: str, text: str, most: int) -> str:
    """The text without outer blanks. Raises Rejected, naming the field, for one that is too long or has control characters."""
    text = text.strip()
    if len(text) > most or not text.isprintable():
        raise Rejected(f"{field} is at most {most} printable characters, on one line", field=field)
    return text


def needed_line(field: str, text: str, most: int) -> str:
    """As `line`; nor may it be empty."""
    text = text.strip()
    if not text or len(text) > most or not text.isprintable():
        raise Rejected(f"{field} is 1 to {most} printable characters, on one line", field=field)
    return text


def listed(items: Sequence[str], most: int, between: str = ", ") -> str:
    """The first so many, and how many more there are."""
    more = [f"and {len(items) - most} more"] if len(items) > most else []
    return between.join([*items[:most], *more])
