"""Requests encoded by hand over azure-core's pipeline, with those of azure-data-tables' policies that they need: credentials, signatures,
request ids, tracing. The others cost as much CPU as all else in a request.

Repeating is ours (`retry.py`): the SDK repeats no POST after a lost connection, nothing that fails inside a transaction,
and knows no jitter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure.core import AsyncPipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import (
    AsyncRedirectPolicy,
    AsyncRetryPolicy,
    ContentDecodePolicy,
    CustomHookPolicy,
    HttpLoggingPolicy,
    NetworkTraceLoggingPolicy,
    ProxyPolicy,
)
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.data.tables._policies import StorageHosts
from azure.data.tables.aio import TableServiceClient

from sync_core.errors import Misconfigured
from sync_core.storage.account import Account, CountingTransport
from sync_core.storage.azure_errors import of_exception, of_refusal, seconds
from sync_core.storage.batch import decode_refusal
from sync_core.storage.retry import Retry, retrying
from sync_core.tally import TABLES

if TYPE_CHECKING:
    from azure.identity.aio import ManagedIdentityCredential

_NOT_NEEDED: tuple[type[Any], ...] = (
    AsyncRedirectPolicy, ContentDecodePolicy, CustomHookPolicy, HttpLoggingPolicy, NetworkTraceLoggingPolicy, ProxyPolicy, AsyncRetryPolicy,
    StorageHosts,
)  # fmt: skip
"""Storage sends nobody elsewhere; bodies are read, and requests sent again, by us; the transport knows the proxy."""

type _Client = AsyncPipelineClient[HttpRequest, AsyncHttpResponse]


@dataclass(frozen=True, slots=True)
class Request:
    """`path` comes after the account's URL, percent-encoded."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer below 300. `headers` are found in any case."""

    headers: Mapping[str, str]
    body: bytes


class Pipeline:
    def __init__(self, account: Account, retry: Retry) -> None:
        self._retry = retry
        self._credential = None if account.connection_string else account.credential()
        transport = CountingTransport(TABLES)
        self._service = _service(account, self._credential, transport)
        self.base = self._service.url.partition("?")[0].rstrip("/")
        """The account's URL."""
        self._client: _Client = AsyncPipelineClient(self.base, policies=_policies(self._service), transport=transport)

    async def ask[T](self, request: Request, read: Callable[[Reply], T]) -> T:
        """The answer as `read` understands it; sent again while that, or the service, or the network raises Transient."""
        return await retrying(lambda: self._once(request, read), self._retry)

    async def _once[T](self, request: Request, read: Callable[[Reply], T]) -> T:
        what = f"{request.method} {request.path.partition('(')[0].partition('?')[0]}"
        headers = {"x-ms-version": self._service.api_version, "DataServiceVersion": "3.0", **request.headers}
        message = HttpRequest(request.method, f"{self.base}/{request.path}", headers=headers, content=request.content)
        try:
            async with await self._client.send_request(message, stream=True) as response:
                body = await response.read()
        except AzureError as error:
            raise of_exception(error, what) from error
        if response.status_code >= 300:
            refusal = decode_refusal(response.status_code, body, response.headers.get("x-ms-error-code", ""))
            raise of_refusal(refusal, what, retry_after=seconds(response.headers.get("Retry-After")))
        return read(Reply(response.headers, body))

    async def close(self) -> None:
        await self._service.close()
        if self._credential is not None:
            await self._credential.close()


def _service(account: Account, credential: "ManagedIdentityCredential | None", transport: CountingTransport) -> TableServiceClient:
    """What understands connection strings and accounts' addresses."""
    try:
        if credential is None:
            return TableServiceClient.from_connection_string(account.connection_string, transport=transport, retry_total=0)
        return TableServiceClient(account.tables_url, credential=credential, transport=transport, retry_total=0)
    except ValueError as error:
        raise Misconfigured(f"AzureWebJobsStorage: {error}") from None


def _policies(service: TableServiceClient) -> list[Any]:
    """The SDK has no public way to send a body of one's own, nor to name its policies."""
    return [policy for policy in service._policies if not isinstance(policy, _NOT_NEEDED)]  # noqa: SLF001
