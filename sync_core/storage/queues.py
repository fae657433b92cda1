"""The queue port: messages to the next step, at once or after a delay. Implementations: `azure_queues.py`, `memory_queues.py`."""

from collections.abc import Sequence
from typing import Protocol

MAX_BODY_BYTES = 48 * 1024
"""What base64 leaves of Queue Storage's 64 KiB."""


class Queues(Protocol):
    async def create(self, queues: Sequence[str]) -> None:
        """Creates the queues that are not there yet."""
        ...

    async def send(self, queue: str, body: str, *, delay: float = 0) -> None:
        """Sends a text of at most 48 KiB as UTF-8, base64 on the wire as the Functions host expects it; invisible for `delay` seconds
        (rounded up, at most 7 days). ValueError past the limit, Transient when storage is busy or away.
        """
        ...
