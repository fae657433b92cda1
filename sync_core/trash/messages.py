"""What the daily sweep, or an admin, sends to the purge. Delivered at least once, in any order."""

from datetime import date, datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Purge(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    queue: ClassVar[str] = "trash-purge"

    day: date
    """The day whose pointers these are."""
    user_ids: tuple[str, ...]
    taken_at: datetime | None = None
    """By when all of them that shall go were purging: only runs queued later know."""
    tries: int = 0
    """How often it was put off because the outside was busy."""
