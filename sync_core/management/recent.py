"""What was read a moment ago, so that not every call reads it again."""

from datetime import datetime, timedelta

from sync_core.clock import Clock

LASTS = timedelta(seconds=30)
"""So old may be what another process has changed meanwhile."""
MOST = 10_000


class Recent[V]:
    """Values by key, each for 30 seconds. What this process changes it forgets itself."""

    def __init__(self, clock: Clock, *, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._values: dict[str, tuple[datetime, V]] = {}

    def get(self, key: str) -> V | None:
        read_at, value = self._values.get(key, (None, None))
        return value if read_at is not None and self._clock.now() - read_at < LASTS else None

    def put(self, key: str, value: V) -> None:
        if len(self._values) >= self._most:
            self._values.clear()
        self._values[key] = (self._clock.now(), value)

    def forget(self, key: str) -> None:
        self._values.pop(key, None)
