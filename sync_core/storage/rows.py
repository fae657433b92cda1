"""Rows as Table Storage tells them apart and orders them."""

from collections.abc import Sequence

from sync_core.errors import AlreadyExists, Missing, Stale
from sync_core.storage.tables import ANY, Delete, Insert, Operation, Replace, Row, Upsert


def key_of(operation: Operation) -> tuple[str, str]:
    """The partition and the key of the row that an operation is about."""
    row = operation if isinstance(operation, Delete) else operation.row
    return row.partition, row.key


def utf16_order(key: str) -> str:
    """A text that sorts by code point as `key` sorts in Table Storage, by UTF-16 unit: the same but for characters past U+FFFF."""
    if key.isascii() or max(key) <= "\uffff":
        return key
    data = key.encode("utf-16-be")
    return "".join(chr(data[at] << 8 | data[at + 1]) for at in range(0, len(data), 2))


def narrow(row: Row, select: Sequence[str]) -> Row:
    """The row with the selected properties only, with all when none is named."""
    if not select:
        return row
    return Row(row.partition, row.key, {name: row.values[name] for name in select if name in row.values}, row.etag)


def check_current(current: Row | None, operation: Operation, index: int) -> None:
    """Raises the conflict that the operation, at this place of its transaction, meets where its row is `current`."""
    partition, key = key_of(operation)
    match operation:
        case Insert():
            if current is not None:
                raise AlreadyExists(f"{partition}/{key} is there already", index=index)
        case Upsert():
            pass
        case Replace() | Delete():
            if current is None:
                raise Missing(f"{partition}/{key} is not there", index=index)
            etag = operation.etag if isinstance(operation, Delete) else operation.row.etag
            if etag not in (ANY, current.etag):
                raise Stale(f"{partition}/{key} has changed", index=index)
