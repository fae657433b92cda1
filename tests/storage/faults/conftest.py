"""The Azure ports before a service that does what a script says."""

from collections.abc import AsyncIterator

import pytest

from sync_core.storage.azure import Account, AzureQueues, AzureTables
from sync_core.storage.retry import Retry
from tests.storage.stub import Stub, stub_service

RETRY = Retry(attempts=4, first=0, later=7)


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with stub_service() as stub:
        yield stub


@pytest.fixture
async def tables(stub: Stub) -> AsyncIterator[AzureTables]:
    tables = AzureTables(Account(stub.connection_string), retry=RETRY)
    yield tables
    await tables.close()


@pytest.fixture
async def queues(stub: Stub) -> AsyncIterator[AzureQueues]:
    queues = AzureQueues(Account(stub.connection_string), retry=RETRY)
    yield queues
    await queues.close()
