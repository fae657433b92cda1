"""What every folder of tests may ask for: Azurite, storage of one's own on it, hypothesis' profiles."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from local.azurite import Azurite
from sync_core.storage.azure import Account, AzureQueues, AzureTables
from tests.storage.prefixed import PrefixedQueues, PrefixedTables

settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("long", settings.get_profile("ci"), derandomize=False, max_examples=2000)
settings.register_profile("short", settings.get_profile("ci"), max_examples=8)  # for every one of thousands of mutants
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The connection string of an Azurite in memory: one for the whole session, or for each xdist worker."""
    with Azurite(heap_mb=2048) as server:
        yield server.connection_string


@pytest.fixture
async def azure_tables(azurite: str) -> AsyncIterator[PrefixedTables[AzureTables]]:
    """The table port on Azurite, with tables that no other test sees."""
    tables = AzureTables(Account(azurite))
    yield PrefixedTables(tables, f"t{secrets.token_hex(4)}")
    await tables.close()


@pytest.fixture
async def azure_queues(azurite: str) -> AsyncIterator[PrefixedQueues]:
    """The queue port on Azurite, with queues that no other test sees."""
    queues = AzureQueues(Account(azurite))
    yield PrefixedQueues(queues, f"q{secrets.token_hex(4)}-")
    await queues.close()
