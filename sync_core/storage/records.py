"""How a record stands in a row: its JSON in as many binary columns as it needs, beside the version of its form.

A column holds 64 KiB; a sync of 400 groups with long names is more than that.
"""

from collections.abc import Mapping

import msgspec

from sync_core.storage.tables import Value

ROW_VERSION = 1
COLUMN_BYTES = 64 * 1024


def columns(record: msgspec.Struct) -> dict[str, Value]:
    """`version`, and the record in `record0`, `record1`, …"""
    encoded = msgspec.json.encode(record)
    values: dict[str, Value] = {"version": ROW_VERSION}
    for number, start in enumerate(range(0, len(encoded), COLUMN_BYTES)):
        values[f"record{number}"] = encoded[start : start + COLUMN_BYTES]
    return values


def record[T: msgspec.Struct](values: Mapping[str, Value], kind: type[T]) -> T:
    """The record that `columns` wrote. Raises msgspec.ValidationError for a row that is not one of `kind`."""
    parts: list[bytes] = []
    while isinstance(part := values.get(f"record{len(parts)}"), bytes):
        parts.append(part)
    return msgspec.json.decode(b"".join(parts), type=kind)
