"""Pages fetched one ahead: storage looks for the next while the one before is being dealt with."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator


async def ahead[T](pages: AsyncIterator[T]) -> AsyncGenerator[T]:
    """The same pages. For who reads them to the end: one who stops early has asked for one too many."""
    following = _next(pages)
    try:
        while (page := await following) is not None:
            following = _next(pages)
            await asyncio.sleep(0)  # lets it ask before the caller keeps the loop busy
            yield page
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _next[T](pages: AsyncIterator[T]) -> asyncio.Task[T | None]:
    async def fetch() -> T | None:
        return await anext(pages, None)

    return asyncio.create_task(fetch())
