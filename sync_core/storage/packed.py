"""Many small values in one row: msgpack, compressed, over as many binary columns as it takes."""

import zlib
from collections.abc import Mapping

import msgspec

from sync_core.errors import StopRun
from sync_core.storage.long_values import COLUMN_BYTES, cut, joined
from sync_core.storage.tables import Value

COLUMNS = 15
_LEVEL = 1


class TooLong(StopRun):
    """More than fits one row: some of it may."""


def pack(content: object) -> dict[str, Value]:
    """Columns p0, p1, … Raises TooLong when they would not fit one row (about 960 KiB compressed)."""
    compressed = zlib.compress(msgspec.msgpack.encode(content), _LEVEL)
    if len(compressed) > COLUMNS * COLUMN_BYTES:
        raise TooLong(f"{len(compressed)} bytes do not fit one row: import fewer or shorter attributes")
    return cut("p", compressed, COLUMN_BYTES)


def unpack[T](values: Mapping[str, Value], decoder: msgspec.msgpack.Decoder[T]) -> T:
    """What `pack` packed."""
    return decoder.decode(zlib.decompress(joined("p", values)))
