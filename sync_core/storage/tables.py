"""The table port: rows with keys, typed values and ETags, written singly or in entity-group transactions.

Two implementations pass one contract suite: `azure_tables.py` (Azure Table Storage and Azurite) and `memory_tables.py` (with injected
cuts). Limits are Table Storage's and are checked before anything is sent.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

type Value = str | bytes | bool | int | float | datetime
"""Strings up to 32,768 UTF-16 units, bytes up to 64 KiB, integers up to 64 bits, aware datetimes. None is not a value."""

MAX_OPERATIONS = 100
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
MAX_ROW_BYTES = 1024 * 1024
MAX_PROPERTIES = 252
PAGE_ROWS = 1000
ANY = "*"


@dataclass(frozen=True, slots=True)
class Row:
    partition: str
    key: str
    values: Mapping[str, Value]
    etag: str = ""

    def text(self, name: str) -> str:
        """A property that is text; "" where the row has none."""
        value = self.values.get(name, "")
        if not isinstance(value, str):
            raise TypeError(f"{name} of {self.partition}/{self.key} is not text")
        return value

    def number(self, name: str) -> int:
        """A property that is a whole number; 0 where the row has none."""
        value = self.values.get(name, 0)
        if not isinstance(value, int):
            raise TypeError(f"{name} of {self.partition}/{self.key} is not a whole number")
        return value

    def blob(self, name: str) -> bytes:
        """A property that is bytes; none where the row has none."""
        value = self.values.get(name, b"")
        if not isinstance(value, bytes):
            raise TypeError(f"{name} of {self.partition}/{self.key} is not bytes")
        return value


@dataclass(frozen=True, slots=True)
class Insert:
    """Adds the row. AlreadyExists if its key is taken."""

    row: Row


@dataclass(frozen=True, slots=True)
class Upsert:
    """Puts the row in the place of whatever is there."""

    row: Row


@dataclass(frozen=True, slots=True)
class Replace:
    """Puts the row in the place of the one whose ETag is `row.etag` ("*" for any). Stale or Missing otherwise."""

    row: Row


@dataclass(frozen=True, slots=True)
class Delete:
    """Removes the row if its ETag still is `etag` ("*" for any). Stale or Missing otherwise."""

    partition: str
    key: str
    etag: str = ANY


type Operation = Insert | Upsert | Replace | Delete


class Tables(Protocol):
    """Every method raises Transient when storage is busy or away, after retries of its own."""

    async def create(self, tables: Sequence[str]) -> None:
        """Creates the tables that are not there yet."""
        ...

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """A point read."""
        ...

    def query(
        self,
        table: str,
        partition: str,
        *,
        start: str = "",
        end: str = "",
        select: Sequence[str] = (),
        page: int = PAGE_ROWS,
    ) -> AsyncIterator[list[Row]]:
        """Pages of the rows of one partition with start <= key <= end (no bound when empty), in key order.

        `page` is the most rows that one request brings (1 to 1,000). Pages may be shorter than that, and are never empty.
        `select` names the properties wanted (all when empty); keys and ETag always come. Closing the iterator early leaves nothing behind.
        """
        ...

    def span(self, table: str, first: str, last: str, *, start: str = "", end: str = "", page: int = PAGE_ROWS) -> AsyncIterator[list[Row]]:
        """As `query`, of all partitions with first <= partition <= last, in the order of partition and key; `start` and `end` bound the
        keys in each of them. What lies outside these bounds is read all the same, so there should be little of it.
        """
        ...

    async def write(self, table: str, operation: Operation) -> str:
        """One operation. Returns the row's new ETag ("" after a delete)."""
        ...

    async def transact(self, table: str, operations: Sequence[Operation]) -> list[str]:
        """1 to 100 operations on different rows of one partition, at most 4 MiB: all or none. Returns the new ETags.

        Raises AlreadyExists, Stale or Missing with the index of the operation at fault, ValueError when a limit is broken. A reply lost
        after the service had applied the transaction shows as the conflict that the repetition meets, so callers treat "there already,
        and mine" as success.
        """
        ...
