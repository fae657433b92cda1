"""Whole runs on Azurite behind a way that is busy, breaks off, loses replies after Azurite has written, cuts pages short: the same end."""

import re
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
EMPTY_PAGE = reply(200, '{"value":[]}', {"x-ms-continuation-NextPartitionKey": "again"})
AGAIN = "&NextPartitionKey=again"


@dataclass
class BadWay(Stub):
    url: str = ""
    dice: Random = field(default_factory=Random)
    struck: int = 0
    bad: bool = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        fault = self.fault(request.raw_path) if self.bad else None
        self.struck += fault is not None
        return await (fault or through(self.url))(request)

    def fault(self, path: str) -> Answer | None:
        """What befalls a request of this path and options; None for nothing."""
        raise NotImplementedError


class BreaksOff(BadWay):
    """Each request may be refused, or lost before Azurite sees it, or its reply lost after that."""

    def fault(self, path: str) -> Answer | None:
        del path
        luck = self.dice.random()
        faults: list[Answer] = [reply(503), reset, through(self.url, then=reset)]
        return faults[int(luck * 50)] if luck < 0.06 else None


@dataclass
class BusyInBursts(BadWay):
    """Longer ones than a port repeats its request, so that steps come again."""

    left: int = 0

    def fault(self, path: str) -> Answer | None:
        del path
        if self.left == 0 and self.dice.random() < 0.02:
            self.left = self.dice.randint(2, 9)
        if self.left == 0:
            return None
        self.left -= 1
        return reply(503)


class CutsPagesShort(BadWay):
    """Azurite gives a few rows at a time, and its own tokens: at the end of a partition, too."""

    def fault(self, path: str) -> Answer | None:
        shorter = re.sub(r"\$top=\d+", f"$top={self.dice.randint(1, 3)}", path)
        return through(self.url, path=shorter) if shorter != path else None


class GivesEmptyPages(BadWay):
    """The first page of every other query has no rows, only a token for what follows."""

    def fault(self, path: str) -> Answer | None:
        if AGAIN in path:
            return through(self.url, path=path.replace(AGAIN, ""))
        first = "$top=" in path and "&Next" not in path
        return EMPTY_PAGE if first and self.dice.random() < 0.5 else None


@pytest.mark.parametrize("kind", [BreaksOff, BusyInBursts, CutsPagesShort, GivesEmptyPages])
async def test_a_run_over_a_bad_way_to_storage_ends_as_over_a_good_one(azurite: str, kind: type[BadWay]):  # architecture: at least once
    before, key = await story.changing()
    calm = await before.fork()
    await calm.sync(key)
    way = kind(url=azurite.partition("TableEndpoint=")[2].rpartition("/")[0], dice=Random(1))
    async with stub_service(way):
        tables = AzureTables(Account(way.connection_string), retry=RETRY)
        world = await on_azurite(before, PrefixedTables(tables, f"w{secrets.token_hex(4)}"))
        run = await world.start(key)
        way.bad = True

        await world.survive()

        way.bad = False
        after = await in_memory(world)
        await tables.close()
    assert way.struck > 5
    assert (await after.context.runs.get(run.run)).state is State.COMPLETED
    assert await picture(after) == await picture(calm)
    await after.context.staging.drop(run.run)
    await check_sound(after)
