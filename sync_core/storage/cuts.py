"""Where a test cuts a port: a callback around each request that the Azure ports would send.

What it raises reaches the caller: before the request nothing has happened, after it everything has (a reply that was lost).
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from sync_core.storage.tables import Operation
from sync_core.tally import count

type Point = Literal["before", "after"]
type Port = Literal["tables", "queue", "graph"]
type Method = Literal["create", "get", "query", "write", "transact", "send", "ask"]


@dataclass(frozen=True, slots=True)
class Call:
    """What a request is about: its table or queue, the partition and (for get and query, the first) key, the operations, the message."""

    name: str
    partition: str = ""
    key: str = ""
    operations: tuple[Operation, ...] = ()
    body: str = ""


type Interrupt = Callable[[Point, Port, Method, Call], Awaitable[None] | None]


@dataclass(slots=True)
class Wire:
    """The way to one port: counts each request, and lets `interrupt` cut it."""

    port: Port
    interrupt: Interrupt | None = None

    async def before(self, method: Method, call: Call) -> None:
        count(self.port)
        await self._at("before", method, call)

    async def after(self, method: Method, call: Call) -> None:
        await self._at("after", method, call)

    async def _at(self, point: Point, method: Method, call: Call) -> None:
        if self.interrupt is None:
            return
        waiting = self.interrupt(point, self.port, method, call)
        if inspect.isawaitable(waiting):
            await waiting
