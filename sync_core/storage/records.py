"""How a record stands in a row: its JSON in as many binary columns as it needs, beside the version of its form.

A column holds 64 KiB; a sync of 400 groups with long names is more than that.
"""

import msgspec

from sync_core.storage.long_values import cut, joined
from sync_core.storage.tables import Row, Value

ROW_VERSION = 1


def columns(record: msgspec.Struct) -> dict[str, Value]:
    """`version`, and the record in `record0`, `record1`, …"""
    return {"version": ROW_VERSION, **cut("record", msgspec.json.encode(record))}


class BrokenRow(ValueError):
    """A row does not hold what its table's rows hold: somebody else wrote it, or storage lost some of it."""


def record[T: msgspec.Struct](row: Row, kind: type[T]) -> T:
    """The record that `columns` wrote. Raises BrokenRow, naming the row, for one that is not of `kind`."""
    try:
        return msgspec.json.decode(joined("record", row.values), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenRow(f"the row {row.key!r} in the partition {row.partition!r} is no {kind.__name__}: {error}") from error
