"""How a record stands in a row: its JSON in as many binary columns as it needs, beside the version of its form.

A column holds 64 KiB; a sync of 400 groups with long names is more than that.
"""

import msgspec

from sync_core.storage.tables import Row, Value

ROW_VERSION = 1
COLUMN_BYTES = 64 * 1024


def columns(record: msgspec.Struct) -> dict[str, Value]:
    """`version`, and the record in `record0`, `record1`, …"""
    encoded = msgspec.json.encode(record)
    values: dict[str, Value] = {"version": ROW_VERSION}
    for number, start in enumerate(range(0, len(encoded), COLUMN_BYTES)):
        values[f"record{number}"] = encoded[start : start + COLUMN_BYTES]
    return values


class BrokenRow(ValueError):
    """A row does not hold what its table's rows hold: somebody else wrote it, or storage lost some of it."""


def record[T: msgspec.Struct](row: Row, kind: type[T]) -> T:
    """The record that `columns` wrote. Raises BrokenRow, naming the row, for one that is not of `kind`."""
    parts: list[bytes] = []
    while isinstance(part := row.values.get(f"record{len(parts)}"), bytes):
        parts.append(part)
    try:
        return msgspec.json.decode(b"".join(parts), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenRow(f"the row {row.key!r} in the partition {row.partition!r} is no {kind.__name__}: {error}") from error
