"""How long callers wait: `/healthz` and a user's record, asked one after the other, idle and while a sync runs."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

PAUSE_SECONDS = 0.02


class Waits:
    """Seconds that each call took, by path."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def p99(self, path: str) -> float:
        taken = sorted(self.seconds[path])
        return taken[min(len(taken) - 1, len(taken) * 99 // 100)]


@asynccontextmanager
async def waits(http: httpx.AsyncClient, *paths: str) -> AsyncGenerator[Waits]:
    """Asks for the paths until the block ends."""
    found = Waits()
    asking = asyncio.create_task(_ask(http, paths, found))
    try:
        yield found
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def _ask(http: httpx.AsyncClient, paths: tuple[str, ...], found: Waits) -> None:
    while True:
        for path in paths:
            begin = time.perf_counter()
            (await http.get(path)).raise_for_status()
            found.seconds.setdefault(path, []).append(time.perf_counter() - begin)
            await asyncio.sleep(PAUSE_SECONDS)
