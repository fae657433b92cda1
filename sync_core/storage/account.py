"""The storage account, and the transport to it: connections, and a count of every request that leaves."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.request import getproxies_environment

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport

from sync_core.errors import Misconfigured
from sync_core.settings import Settings
from sync_core.tally import count

if TYPE_CHECKING:
    from azure.identity.aio import ManagedIdentityCredential

CONNECTIONS = 64
CONNECT_SECONDS = 5
LONG_BODY_BYTES = 1024 * 1024
READ_SECONDS = 10
"""Without a byte. Table Storage answers a query with what it has after 5; a write that takes longer is written twice, as after any lost
reply. Source: learn.microsoft.com, "Query timeout and pagination".
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A connection string, or two service addresses and a managed identity (the system-assigned one without a client id)."""

    connection_string: str = field(default="", repr=False)
    tables_url: str = ""
    queues_url: str = ""
    client_id: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        account = cls(
            settings.azurewebjobsstorage.get_secret_value(),
            settings.azurewebjobsstorage__tableserviceuri,
            settings.azurewebjobsstorage__queueserviceuri,
            settings.azurewebjobsstorage__clientid,
        )
        if not account.connection_string and not (account.tables_url and account.queues_url):
            raise Misconfigured(
                "No storage account: set AzureWebJobsStorage, or AzureWebJobsStorage__tableServiceUri and …__queueServiceUri"
            )
        return account

    def credential(self) -> "ManagedIdentityCredential":
        """A new credential, for its caller to close."""
        from azure.identity.aio import ManagedIdentityCredential

        return ManagedIdentityCredential(client_id=self.client_id) if self.client_id else ManagedIdentityCredential()


class CountingTransport(AioHttpTransport):
    """azure-core's transport, which also counts what it sends, repetitions by any policy above it included.

    It is opened by its first request, so that it can be made before an event loop runs.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
        self._kind = kind

    async def open(self) -> None:
        if not self.session and not self._has_been_opened:
            self.session = aiohttp.ClientSession(
                # Azurite closes idle connections after 5 seconds; a request on one that is just closing fails.
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=2),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                # Looking for a proxy or a .netrc costs two threads a request, so only where a proxy is set.
                trust_env=bool(getproxies_environment()),
            )
        await super().open()

    def _get_request_data(self, request: Any) -> Any:
        # aiohttp writes a long body piece by piece when it comes as a file, and warns when it does not.
        data = cast("object", super()._get_request_data(request))
        return BytesIO(data) if isinstance(data, bytes) and len(data) > LONG_BODY_BYTES else data

    async def send(self, request: Any, **config: Any) -> Any:
        count(self._kind)
        return cast("object", await super().send(request, **config))
