"""Bytes that are longer than one property of a row may be: cut over numbered columns."""

from collections.abc import Mapping

from sync_core.storage.tables import Value

COLUMN_BYTES = 64 * 1024


def cut(name: str, data: bytes, size: int = COLUMN_BYTES) -> dict[str, Value]:
    """`name`0, `name`1, … of so many bytes each."""
    return {f"{name}{number}": data[start : start + size] for number, start in enumerate(range(0, len(data), size))}


def joined(name: str, values: Mapping[str, Value]) -> bytes:
    """What `cut` cut; none where the row has no such column."""
    parts: list[bytes] = []
    while isinstance(part := values.get(f"{name}{len(parts)}"), bytes):
        parts.append(part)
    return b"".join(parts)
