"""The service's limits, checked before anything is sent: one rule for every implementation of the ports.

Source: learn.microsoft.com, "Understanding the Table service data model" and "Performing entity group transactions".
All functions raise ValueError.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from sync_core.storage.queues import MAX_BODY_BYTES
from sync_core.storage.rows import key_of
from sync_core.storage.tables import (
    MAX_OPERATIONS,
    MAX_PROPERTIES,
    MAX_ROW_BYTES,
    MAX_TRANSACTION_BYTES,
    PAGE_ROWS,
    Delete,
    Operation,
    Replace,
    Value,
)

MAX_KEY_UNITS = 512
"""UTF-16 units of a partition or row key: 1 KiB."""
MAX_TEXT_UNITS = 32 * 1024
MAX_BLOB_BYTES = 64 * 1024
MAX_INT32 = 2**31
MAX_INT64 = 2**63
FIRST_YEAR = 1601
"""Edm.DateTime begins there."""
MAX_DELAY = 7 * 24 * 3600
"""Seconds for which a message can be invisible."""
HEAD_BYTES = 1024
"""More than an operation's address and headers take in a transaction, its keys aside."""

_FORBIDDEN_IN_KEYS = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")
_TABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
_QUEUE_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")
_WITH_LENGTH = (str, bytes)
_RESERVED = frozenset({"PartitionKey", "RowKey", "Timestamp"})


def units(text: str) -> int:
    """The length in UTF-16 units, as Table Storage counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


@lru_cache(256)
def check_table(table: str) -> None:
    if _TABLE_NAME.fullmatch(table) is None:
        raise ValueError(f"{table!r} is no table name: 3 to 63 letters and digits, a letter first")


@lru_cache(256)
def check_queue(queue: str) -> None:
    if _QUEUE_NAME.fullmatch(queue) is None:
        raise ValueError(f"{queue!r} is no queue name: 3 to 63 lower-case letters, digits and single hyphens between them")


def check_message(body: str, delay: float) -> None:
    size = len(body.encode())
    if size > MAX_BODY_BYTES:
        raise ValueError(f"a message has at most {MAX_BODY_BYTES} bytes, not {size}")
    if not 0 <= delay <= MAX_DELAY:
        raise ValueError(f"a message is delayed by 0 to {MAX_DELAY} seconds, not {delay}")


def check_key(key: str) -> None:
    if _FORBIDDEN_IN_KEYS.search(key) is not None:
        raise ValueError(f"a key holds no / \\ # ? or control character: {key!r}")
    if len(key) * 2 > MAX_KEY_UNITS and units(key) > MAX_KEY_UNITS:
        raise ValueError(f"a key has at most {MAX_KEY_UNITS} UTF-16 units: {key[:64]!r}…")


@lru_cache(1024)
def check_names(names: tuple[str, ...]) -> None:
    """A row's property names. Rows of a table share few sets of names, so the answer is remembered."""
    if len(names) > MAX_PROPERTIES:
        raise ValueError(f"a row has at most {MAX_PROPERTIES} properties, not {len(names)}")
    for name in names:
        if not name.isidentifier() or len(name) > 255 or name in _RESERVED:
            raise ValueError(f"{name!r} is no name of a property")


def check_page(page: int) -> None:
    if not 1 <= page <= PAGE_ROWS:
        raise ValueError(f"a page has 1 to {PAGE_ROWS} rows, not {page}")


def check_etag(operation: Operation) -> None:
    """Replace and Delete name an ETag, in characters that a header can carry."""
    match operation:
        case Replace(row):
            etag = row.etag
        case Delete(_, _, etag):
            pass
        case _:
            return
    if not etag or not etag.isascii() or not etag.isprintable():
        raise ValueError(f'Replace and Delete need the ETag that was read, or "*": {etag!r}')


def checked(value: object) -> Value:
    """The value as storage keeps it: of a plain type, datetimes in UTC."""
    match value:
        case bool() | float():
            return value
        case str():
            return _text(value)
        case int():
            return _integer(value)
        case bytes():
            return _blob(value)
        case datetime():
            return _moment(value)
        case _:
            raise ValueError(f"a {type(value).__name__} is no value of a row")


def _text(value: str) -> str:
    # A character has at most two units, so short strings need no count. isascii also rules out lone surrogates.
    if len(value) * 2 > MAX_TEXT_UNITS or not value.isascii():
        try:
            size = units(value)
        except UnicodeEncodeError as error:
            raise ValueError("a string holds half of a surrogate pair") from error
        if size > MAX_TEXT_UNITS:
            raise ValueError(f"a string has at most {MAX_TEXT_UNITS} UTF-16 units, not {size}")
    return value if type(value) is str else str.__str__(value)


def _integer(value: int) -> int:
    if not -MAX_INT64 <= value < MAX_INT64:
        raise ValueError(f"{value} has more than 64 bits")
    return int(value)


def _blob(value: bytes) -> bytes:
    if len(value) > MAX_BLOB_BYTES:
        raise ValueError(f"bytes are at most {MAX_BLOB_BYTES}, not {len(value)}")
    return value


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a datetime without a time zone: {value}")
    try:
        moment = value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"a datetime out of range: {value}") from error
    if moment.year < FIRST_YEAR:
        raise ValueError(f"datetimes begin with the year {FIRST_YEAR}: {value}")
    return moment


def row_bytes(partition: str, key: str, values: Mapping[str, Value]) -> int:
    """What Table Storage charges a row with: 4 bytes, the keys, 8 bytes and the name a property, the value."""
    total = 4 + 2 * (units(partition) + units(key))
    for name, value in values.items():
        total += 8 + 2 * units(name) + _value_bytes(value)
    return total


def _value_bytes(value: Value) -> int:
    match value:
        case bool():
            return 1
        case str():
            return 4 + 2 * units(value)
        case bytes():
            return 4 + len(value)
        case _:
            return 8


def content_length(values: Mapping[str, Value]) -> int:
    """The characters and bytes in all values together."""
    return sum([len(value) for value in values.values() if isinstance(value, _WITH_LENGTH)])


def check_row_bytes(partition: str, key: str, values: Mapping[str, Value]) -> None:
    if 4 * content_length(values) + 1028 * len(values) < MAX_ROW_BYTES // 2:  # a character has 4 bytes at most, a property 1,028
        return
    size = row_bytes(partition, key, values)
    if size > MAX_ROW_BYTES:
        raise ValueError(f"a row has at most {MAX_ROW_BYTES} bytes, not {size}: {partition!r} {key!r}")


def check_transaction(operations: Sequence[Operation]) -> None:
    """1 to 100 operations on different rows of one partition."""
    if not 1 <= len(operations) <= MAX_OPERATIONS:
        raise ValueError(f"a transaction has 1 to {MAX_OPERATIONS} operations, not {len(operations)}")
    rows = {key_of(operation) for operation in operations}
    if len(rows) < len(operations):
        raise ValueError("a transaction names a row once")
    if len({partition for partition, _ in rows}) > 1:
        raise ValueError("a transaction stays in one partition")


def check_transaction_bytes(size: int) -> None:
    if size > MAX_TRANSACTION_BYTES:
        raise ValueError(f"a transaction has at most {MAX_TRANSACTION_BYTES} bytes, not {size}")
