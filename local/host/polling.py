"""When a queue is asked again for messages."""

import math
import random
from collections.abc import Callable

SHORTEST = 0.1
"""Seconds between two polls of a queue that answers with nothing; the real host's minimum too."""
WHILE_BUSY = 1.0


class Pace:
    """Randomised exponential backoff from 100 ms to `longest` seconds while a queue is empty.

    The real host backs off per queue alone. Here the end of any invocation is a hint that another queue may have got a message,
    so that a chain of steps is not held up by a queue that was idle for long; it costs one poll of every queue, for what the invocation
    sent is there by then.
    """

    def __init__(self, longest: float, now: Callable[[], float], rng: random.Random) -> None:
        self._longest = longest
        self._now = now
        self._rng = rng
        self._empty = 0
        self._polled = self._due = now()
        self._hinted = math.inf
        """Seconds from the poll that is under way to the next, because of hints that came meanwhile."""

    @property
    def wait(self) -> float:
        """Seconds until the next poll."""
        return max(0.0, self._due - self._now())

    def polling(self) -> None:
        """A poll begins: it may miss what is hinted from now on."""
        self._hinted = math.inf

    def polled(self, *, found: bool) -> None:
        self._polled = self._due = self._now()
        self._empty = 0 if found else self._empty + 1
        if not found:
            # The exponent is bounded because a float is not.
            backoff = min(self._longest, SHORTEST * 2 ** min(self._empty - 1, 30) * self._rng.uniform(0.8, 1.2))
            self._due += min(backoff, self._hinted)

    def hint(self, *, strong: bool) -> None:
        """A message may have come. After a weak hint the queue is asked once a second at most, so that a long stream of invocations is no
        stream of polls of all queues.
        """
        wait = SHORTEST if strong else WHILE_BUSY
        self._hinted = min(self._hinted, wait)
        self._due = min(self._due, self._polled + wait)
