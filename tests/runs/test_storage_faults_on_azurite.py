"""Whole runs on Azurite behind a way that is busy, breaks off, and loses replies after Azurite has written: the end is the same."""

import secrets
from dataclasses import dataclass, field
from random import Random

import pytest
from aiohttp import web

from sync_core.runs.record import State
from sync_core.storage.azure import Account, AzureTables
from sync_core.storage.retry import Retry
from tests.runs import story
from tests.runs.on_azurite import in_memory, on_azurite
from tests.runs.picture import check_sound, picture
from tests.storage.prefixed import PrefixedTables
from tests.storage.stub import Answer, Stub, reply, reset, stub_service, through

RETRY = Retry(attempts=3, first=0, later=7)


@dataclass
class BadWay(Stub):
    url: str = ""
    dice: Random = field(default_factory=Random)
    struck: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        luck = self.dice.random()
        faults: list[Answer] = [reply(503), reset, through(self.url, then=reset)]
        if luck >= 0.06:
            return await through(self.url)(request)
        self.struck += 1
        return await faults[int(luck * 50)](request)


@pytest.mark.parametrize("seed", range(2))
async def test_a_run_over_a_bad_way_to_storage_ends_as_over_a_good_one(azurite: str, seed: int):  # architecture: at least once
    before, key = await story.changing()
    calm = await before.fork()
    await calm.sync(key)
    way = BadWay(url=azurite.partition("TableEndpoint=")[2].rpartition("/")[0], dice=Random(seed))
    async with stub_service(way):
        tables = AzureTables(Account(way.connection_string), retry=RETRY)
        world = await on_azurite(before, PrefixedTables(tables, f"w{secrets.token_hex(4)}"))
        run = await world.start(key)

        await world.survive()

        after = await in_memory(world)
        await tables.close()
    assert way.struck > 5
    assert (await after.context.runs.get(run.run)).state is State.COMPLETED
    assert await picture(after) == await picture(calm)
    await after.context.staging.drop(run.run)
    await check_sound(after)
