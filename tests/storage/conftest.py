"""The table port in each of its implementations: one contract for all."""

import secrets
from collections.abc import AsyncIterator
from itertools import cycle

import pytest

from sync_core.storage.azure import Account, AzureTables
from sync_core.storage.memory import MemoryTables
from sync_core.storage.tables import Row, Tables
from tests.storage.prefixed import PrefixedTables

TABLE = "Rows"


@pytest.fixture(params=["memory", "memory-short-pages", "azurite"])
async def tables(request: pytest.FixtureRequest) -> AsyncIterator[Tables]:
    """A table port with the table Rows."""
    match request.param:
        case "azurite":
            # A fixture that is asked for by name here is not started for the other two.
            connection_string: str = request.getfixturevalue("azurite")
            azure = azure_on(connection_string)
            port: Tables = azure
        case "memory":
            azure, port = None, MemoryTables()
        case _:
            lengths = cycle((1, 3, 2))
            azure, port = None, MemoryTables(page_rows=lambda: next(lengths))
    await port.create([TABLE])
    yield port
    if azure is not None:
        await azure.tables.close()


def azure_on(connection_string: str) -> PrefixedTables[AzureTables]:
    return PrefixedTables(AzureTables(Account(connection_string)), f"t{secrets.token_hex(4)}")


async def rows_of(tables: Tables, partition: str) -> list[Row]:
    return [row async for page in tables.query(TABLE, partition) for row in page]
