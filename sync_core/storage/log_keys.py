"""Where an event stands in table Log. Keys are in the order of time, to the microsecond; inverted ones in the opposite.

2026112317-2     1795454645678901-<source>-000003-00   up to 500 events, packed
hours            f-2026112317-2, n-9501261-2        which of these partitions there are: oldest first, newest first
of-<object id>   8204545354321098-<source>-000003-000  an event of this object, newest first
"""

import re
from datetime import UTC, datetime, timedelta

from sync_core import ids
from sync_core.errors import Rejected

HOURS = "hours"
OLDEST, NEWEST = "f-", "n-"
SHARDS = 4
_LAST = 9_999_999_999_999_999
_LAST_HOUR = 9_999_999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_NAME = re.compile(r"[0-9A-Za-z-]{1,200}")
_PLACE = re.compile(r"[0-9]{16}-[0-9A-Za-z-]{1,240}:[0-9]{3}")


def time_key(at: datetime) -> str:
    return f"{_number(at):016d}"


def row_key(at: datetime, source: str, sequence: int, part: int) -> str:
    """Raises ValueError for a source that is not of letters, digits and hyphens."""
    if not _NAME.fullmatch(source):
        raise ValueError(f"{source!r} cannot be the source of events")
    return f"{time_key(at)}-{source}-{sequence:06d}-{part:02d}"


def partition(key: str, source: str) -> str:
    return f"{hour_of(key)}-{int(ids.hash_character(source), 16) % SHARDS}"


def hour_of(key: str) -> str:
    """The UTC hour, as "2026112317", of a row's key or a place."""
    return f"{_EPOCH + int(key[:16]) * _TICK:%Y%m%d%H}"


def time_of(key: str) -> datetime:
    """Of a row's key or a place."""
    return _EPOCH + int(key[:16]) * _TICK


def place(key: str, index: int) -> str:
    """Unique, and in the order of time: `index` is the event's in its row."""
    return f"{key}:{index:03d}"


def check_place(text: str) -> str:
    """Raises Rejected for what no reader was given."""
    if text and not _PLACE.fullmatch(text):
        raise Rejected("this cursor is not one that the log gave", field="cursor")
    return text


def hour_keys(of: str) -> tuple[str, str]:
    """The two rows that list a partition, such as "2026112317-2"."""
    return OLDEST + of, NEWEST + _inverted_hour(of[:10]) + of[10:]


def oldest_key(hour: str) -> str:
    return OLDEST + hour


def newest_key(hour: str) -> str:
    return NEWEST + _inverted_hour(hour)


def partition_listed(key: str) -> str:
    """The partition that a row of `hours` lists."""
    if key.startswith(OLDEST):
        return key.removeprefix(OLDEST)
    inverted, _, shard = key.removeprefix(NEWEST).partition("-")
    at = datetime.fromtimestamp((_LAST_HOUR - int(inverted)) * 3600, UTC)
    return f"{at:%Y%m%d%H}-{shard}"


def object_partition(object_id: str) -> str:
    """ "" for an id under which nothing can be kept."""
    return f"of-{object_id}" if _NAME.fullmatch(object_id) else ""


def object_key(at: datetime, source: str, sequence: int, number: int) -> str:
    return f"{_LAST - _number(at):016d}-{source}-{sequence:06d}-{number:04d}"


def source_of(key: str) -> tuple[str, int]:
    """Source and sequence, of a row's key in either order."""
    source, sequence, _ = key[17:].rsplit("-", 2)
    return source, int(sequence)


def object_time_key(at: datetime) -> str:
    return f"{_LAST - _number(at):016d}"


def _number(at: datetime) -> int:
    return (at - _EPOCH) // _TICK


def _inverted_hour(hour: str) -> str:
    at = datetime.strptime(hour, "%Y%m%d%H").replace(tzinfo=UTC)
    return f"{_LAST_HOUR - int(at.timestamp()) // 3600:07d}"
