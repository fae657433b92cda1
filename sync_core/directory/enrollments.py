"""Users who are asked to enroll: an address, and how long the link that goes there is good (E-16, B-083)."""

from datetime import datetime

import msgspec

DEFAULT_SECONDS = 30 * 86_400
MAX_SECONDS = 10 * 365 * 86_400


class Enrollment(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a user who has not enrolled. Its link's token is made of id and generation, and is kept nowhere (D-29)."""

    user_id: str
    generation: int
    email: str
    """Where the link went, whatever became of the user's address since (B-092)."""
    username: str
    created_at: datetime
    expires_at: datetime | None = None
    """None: never."""

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now
