"""What one step sends to the next: a queue a step, a message a piece of work. Delivered at least once, in any order."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from sync_core.errors import Transient


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    queue: ClassVar[str]

    directory_key: str
    run: str
    preview: bool = False
    """Whether the run is a preview, which has a lock of its own."""
    diagnostics: bool = False
    """Whether what is asked of Entra is to be kept (B-180)."""
    tries: int = 0
    """How often it was put off because the outside was busy."""
    refusals: int = 0
    """How often of these because Entra refused the application."""

    @property
    def part(self) -> str:
        """Which part of its step it is: what gets a mark."""
        return "all"

    @property
    def piece(self) -> str:
        """Which message of that part it is."""
        return self.part


class Begin(Message):
    queue: ClassVar[str] = "sync-begin"


class Read(Message):
    queue: ClassVar[str] = "sync-read"
    group: int
    """Its place among the run's selected groups."""
    attempt: int = 1
    page: int = 1
    """The first page that this message is sent for."""

    @property
    def part(self) -> str:
        return f"{self.group:03d}"

    @property
    def piece(self) -> str:
        return f"{self.group:03d}-{self.attempt}-{self.page:05d}"


class Plan(Message):
    queue: ClassVar[str] = "sync-plan"
    attempt: int

    @property
    def part(self) -> str:
        return f"{self.attempt:02d}"


class Claim(Message):
    queue: ClassVar[str] = "sync-claim"
    attempt: int
    share: str
    """A slice of changes, as "chain-number", or "groups"."""

    @property
    def part(self) -> str:
        return f"{self.attempt:02d}-{self.share}"


class Apply(Message):
    queue: ClassVar[str] = "sync-apply"
    attempt: int
    chain: str
    number: int

    @property
    def part(self) -> str:
        return f"{self.attempt:02d}-{self.chain}-{self.number:05d}"


class Finish(Message):
    queue: ClassVar[str] = "sync-finish"


class Further(Transient):
    """The outside grew busy when a part of the message's work was done: `rest` is what is left of it, its tries counted anew."""

    def __init__(self, busy: Transient, rest: Message) -> None:
        super().__init__(str(busy), retry_after=busy.retry_after)
        self.rest = rest


STEPS: tuple[type[Message], ...] = (Begin, Read, Plan, Claim, Apply, Finish)
GROUPS_SHARE = "groups"


def slice_share(chain: str, number: int) -> str:
    return f"{chain}-{number:05d}"
