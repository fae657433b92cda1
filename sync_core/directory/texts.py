"""Texts that people write: what fits a field of one line."""

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
