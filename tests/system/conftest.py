"""The whole local system, once for a file of tests: Azurite, the simulated tenant, the function host on the worker library."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from local.system import Options, local_system
from tests.system.driver import Driver

USERS = 1500


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def driver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Driver]:
    said: list[str] = []
    folder: Path = tmp_path_factory.mktemp("system")
    async with local_system(Options(users=USERS, port=0, folder=folder), say=said.append) as system, Driver.of(system) as driver:
        yield driver
