"""Requests to the outside, counted where they are made and shown on the run they were made for.

A step opens a tally; the ports count into whichever is open in their context, retries included. asyncio tasks inherit it.
"""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_open: ContextVar[Counter[str] | None] = ContextVar("tally", default=None)

GRAPH, TABLES, QUEUE = "graph", "tables", "queue"


@contextmanager
def tally() -> Generator[Counter[str]]:
    """Counts requests by kind until the block ends."""
    counts: Counter[str] = Counter()
    token = _open.set(counts)
    try:
        yield counts
    finally:
        _open.reset(token)


def count(kind: str) -> None:
    counts = _open.get()
    if counts is not None:
        counts[kind] += 1
