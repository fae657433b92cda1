"""Whether callers wait as long as they are told: counts requests that are repeated before their Retry-After has passed."""

import time
from collections.abc import Callable
from hashlib import blake2b

from local.tenant.wire import Answer, Request


class Patience:
    def __init__(self) -> None:
        self.now: Callable[[], float] = time.monotonic
        """In seconds; a test whose caller lives by another clock sets it."""
        self.early = 0
        self._until: dict[tuple[str, str, bytes], float] = {}

    def watch(self, request: Request, answer: Answer) -> None:
        """Of the same request, asked again, it is told whether it came too early."""
        key = request.method, request.url, blake2b(request.body, digest_size=8).digest()
        if self.now() < self._until.pop(key, 0.0):
            self.early += 1
        if "retry-after" in answer.headers:
            self._until[key] = self.now() + float(answer.headers["retry-after"])
