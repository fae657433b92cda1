"""Pages are fetched one ahead of who reads them."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from sync_core.errors import Transient
from sync_core.storage.ahead import ahead


class Pages:
    """Three pages; says what was asked for, and whether it was closed."""

    def __init__(self, broken: int = 0) -> None:
        self.asked, self.closed, self._broken = 0, False, broken

    async def __call__(self) -> AsyncGenerator[int]:
        try:
            for number in range(1, 4):
                self.asked = number
                await asyncio.sleep(0)
                if number == self._broken:
                    raise Transient("storage is busy", retry_after=1)
                yield number
        finally:
            self.closed = True


async def test_all_pages_come_in_order_and_each_is_asked_for_while_the_one_before_is_dealt_with():
    pages = Pages()
    seen = [(page, pages.asked) async for page in ahead(pages())]
    assert seen == [(1, 2), (2, 3), (3, 3)]


async def test_a_page_that_cannot_be_read_is_told_when_its_turn_comes():
    reading = ahead(Pages(broken=2)())
    assert await anext(reading) == 1
    with pytest.raises(Transient):
        await anext(reading)


@pytest.mark.parametrize("broken", [0, 2])
async def test_who_stops_early_leaves_nothing_under_way(broken: int):
    pages = Pages(broken)
    reading = ahead(pages())
    assert await anext(reading) == 1

    await reading.aclose()

    assert len(asyncio.all_tasks()) == 1  # this one
    assert pages.closed
