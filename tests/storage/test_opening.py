"""How storage is opened: from which settings, with which credential, and what a cold start has to import for it."""

import os
import subprocess
import sys
from typing import Any, NoReturn

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.transport import AioHttpTransport

from local.azurite import ROOT
from sync_core.errors import Misconfigured, Transient
from sync_core.settings import Settings
from sync_core.storage.azure import Account, AzureQueues, AzureTables, open_storage
from sync_core.storage.retry import Retry

SECRET = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IDEyMzQ="
IMPORTS = """
import sys
import sync_core.storage.azure, sync_core.storage.bulk
print(*sys.modules.keys() & {"azure.data.tables.aio", "azure.storage.queue", "azure.identity", "msal"})
"""


async def test_importing_the_ports_imports_neither_queues_nor_identity() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", IMPORTS], env=environment, capture_output=True, text=True, check=True)  # noqa: ASYNC221
    assert done.stdout.split() == ["azure.data.tables.aio"]


async def test_a_connection_string_opens_both(azurite: str) -> None:
    tables, queues = open_storage(Settings.model_validate({"secret_key": SECRET, "azurewebjobsstorage": azurite}))
    await tables.create(["Opened"])
    await queues.create(["opened"])
    assert await tables.get("Opened", "p", "k") is None
    await tables.close()
    await queues.close()


def test_ports_can_be_made_before_a_loop_runs(azurite: str) -> None:
    import asyncio

    tables = AzureTables(Account(azurite))

    async def use() -> None:
        await tables.create(["Early"])
        await tables.close()

    asyncio.run(use())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"azurewebjobsstorage__tableserviceuri": "https://account.table.core.windows.net"},
        {"azurewebjobsstorage": "no connection string"},
    ],
    ids=["nothing", "half", "nonsense"],
)
async def test_an_account_that_is_not_set_says_what_to_set(settings: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match="AzureWebJobsStorage"):
        open_storage(Settings.model_validate({"secret_key": SECRET, "azurewebjobsstorage": "", **settings}))


async def test_a_connection_string_is_never_shown(azurite: str) -> None:
    assert "AccountKey" not in repr(Account(azurite))


class Token:
    """Stands in for the managed identity, which exists only inside Azure."""

    closed = 0

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("of-the-identity", 2**33)

    async def close(self) -> None:
        Token.closed += 1


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Requests as (URL, Authorization), none of which reaches anybody."""
    seen: list[tuple[str, str]] = []

    async def send(_transport: AioHttpTransport, request: Any, **_config: Any) -> NoReturn:
        seen.append((request.url.partition("?")[0], request.headers["Authorization"]))
        raise ServiceRequestError("nobody is there")

    monkeypatch.setattr(AioHttpTransport, "send", send)
    monkeypatch.setattr(Account, "credential", lambda _account: Token())  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    return seen


async def test_addresses_without_a_connection_string_use_the_managed_identity(sent: list[tuple[str, str]]) -> None:
    account = Account("", "https://account.table.core.windows.net/", "https://account.queue.core.windows.net")
    tables, queues = (AzureTables(account, retry=Retry(attempts=1)), AzureQueues(account, retry=Retry(attempts=1)))
    with pytest.raises(Transient):
        await tables.create(["Rows"])
    with pytest.raises(Transient):
        await queues.send("steps", "x")
    assert sent == [
        ("https://account.table.core.windows.net/Tables", "Bearer of-the-identity"),
        ("https://account.queue.core.windows.net/steps/messages", "Bearer of-the-identity"),
    ]
    closed = Token.closed
    await tables.close()
    await queues.close()
    assert Token.closed == closed + 2
