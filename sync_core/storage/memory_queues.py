"""The queue port in memory, for tests: messages become visible as an injected clock moves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count as numbers

from sync_core.clock import Clock
from sync_core.errors import Misconfigured, Missing
from sync_core.storage.cuts import Call, Interrupt, Wire
from sync_core.storage.limits import check_message, check_queue


@dataclass(slots=True)
class _Stored:
    body: str
    visible_at: datetime
    dequeues: int = 0
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was received. `receipt` is dead once the message has been received again."""

    queue: str
    id: int
    body: str
    dequeues: int
    receipt: str


class MemoryQueues:
    """The port, and what the Functions host does with a queue."""

    def __init__(self, clock: Clock, *, interrupt: Interrupt | None = None) -> None:
        self._clock = clock
        self._wire = Wire("queue", interrupt)
        self._queues: dict[str, dict[int, _Stored]] = {}
        self._numbers = numbers(1)

    async def create(self, queues: Sequence[str]) -> None:
        for queue in queues:
            check_queue(queue)
            await self._wire.before("create", Call(queue))
            self._queues.setdefault(queue, {})
            await self._wire.after("create", Call(queue))

    async def send(self, queue: str, body: str, *, delay: float = 0) -> None:
        check_queue(queue)
        check_message(body, delay)
        call = Call(queue, body=body)
        await self._wire.before("send", call)
        visible_at = self._clock.now() + timedelta(seconds=math.ceil(delay))
        self._queue(queue)[next(self._numbers)] = _Stored(body, visible_at)
        await self._wire.after("send", call)

    def receive(self, queue: str, *, limit: int = 1, visibility: float = 600) -> list[Message]:
        """Up to `limit` visible messages, longest visible first; each is hidden for `visibility` seconds. Not counted as requests."""
        now = self._clock.now()
        stored = self._queue(queue)
        ready = sorted((message.visible_at, number) for number, message in stored.items() if message.visible_at <= now)
        received: list[Message] = []
        for _, number in ready[:limit]:
            message = stored[number]
            message.visible_at = now + timedelta(seconds=visibility)
            message.dequeues += 1
            message.receipt = f"{number}.{message.dequeues}"
            received.append(Message(queue, number, message.body, message.dequeues, message.receipt))
        return received

    def delete(self, message: Message) -> None:
        """Missing when the message is gone or was received again meanwhile."""
        self._held(message)
        del self._queue(message.queue)[message.id]

    def release(self, message: Message, *, delay: float = 0) -> None:
        """Makes a received message visible again after `delay` seconds, as the host does after a failure. Missing as for delete."""
        self._held(message).visible_at = self._clock.now() + timedelta(seconds=delay)

    def bodies(self, queue: str) -> list[str]:
        """Every message of the queue, hidden ones too, in the order sent."""
        return [message.body for message in self._queue(queue).values()]

    def due(self) -> datetime | None:
        """When the next message of any queue becomes (or became) visible; None when all are empty."""
        return min((message.visible_at for stored in self._queues.values() for message in stored.values()), default=None)

    def _held(self, message: Message) -> _Stored:
        stored = self._queue(message.queue).get(message.id)
        if stored is None or stored.receipt != message.receipt:
            raise Missing(f"message {message.id} of {message.queue} is no longer held by this receipt")
        return stored

    def _queue(self, queue: str) -> dict[int, _Stored]:
        try:
            return self._queues[queue]
        except KeyError:
            raise Misconfigured(f"there is no queue {queue}: create it first") from None
