"""What the purge and the nightly sweep send. Delivered at least once, in any order; each message is a bounded piece of work."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict


class Forget(BaseModel):
    """The values of deleted users, in what one sync's runs left; or, without a sync, in the events whose objects they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    queue: ClassVar[str] = "retention-forget"

    user_ids: tuple[str, ...]
    object_ids: tuple[str, ...] = ()
    """Theirs in Entra: by these others' skips mention them."""
    directory_key: str = ""
    of: Literal["slices", "skips"] = "slices"
    after: str = ""
    """Behind which key to go on."""
    tries: int = 0


class Expire(BaseModel):
    """Rows that are past their time: a partition of the log, or the changes of a sync's old runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    queue: ClassVar[str] = "retention-expire"

    of: Literal["log", "changes"]
    name: str
    """The log's partition, or the directory key."""
    start: str = ""
    """The newest of the runs that are old enough, as the list of runs names its place."""
    after: str = ""
    tries: int = 0


class Leftovers(BaseModel):
    """What the next dead run of a deleted sync left."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    queue: ClassVar[str] = "retention-leftovers"

    directory_key: str
    run: str = ""
    of: Literal["transfers", "rows"] = "transfers"
    """First names that two records list are given to one of them, as often as that leads to others; then the rows follow the records."""
    again: bool = False
    """Whether a transfer was finished since the first slice."""
    after: str = ""
    """Behind which slice of this run's changes to go on."""
    tries: int = 0
