"""The queue port on Azure Queue Storage and Azurite, with azure-storage-queue, which is imported by the first request."""

import math
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from sync_core.errors import AlreadyExists, Misconfigured
from sync_core.storage.account import Account, CountingTransport
from sync_core.storage.azure_errors import of_exception
from sync_core.storage.limits import check_message, check_queue
from sync_core.storage.retry import Retry, retrying
from sync_core.tally import QUEUE

if TYPE_CHECKING:
    from azure.identity.aio import ManagedIdentityCredential
    from azure.storage.queue.aio import QueueServiceClient

_NEVER = -1
_DEFAULT_RETRY = Retry()


class AzureQueues:
    """Safe for concurrent use on one event loop. Opened by its first request."""

    def __init__(self, account: Account, *, retry: Retry = _DEFAULT_RETRY) -> None:
        self._account = account
        self._retry = retry
        self._credential: ManagedIdentityCredential | None = None
        self._opened: QueueServiceClient | None = None

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
        if self._credential is not None:
            await self._credential.close()

    async def create(self, queues: Sequence[str]) -> None:
        for queue in queues:
            check_queue(queue)
            client = self._service().get_queue_client(queue)
            try:
                await self._ask(client.create_queue, f"create queue {queue}")
            except AlreadyExists:
                continue

    async def send(self, queue: str, body: str, *, delay: float = 0) -> None:
        check_queue(queue)
        check_message(body, delay)
        client = self._service().get_queue_client(queue)
        text = b64encode(body.encode()).decode()

        async def once() -> None:
            # Without an end of its own a message would be dropped after seven days, unread.
            await client.send_message(text, visibility_timeout=math.ceil(delay), time_to_live=_NEVER)

        await self._ask(once, f"send to queue {queue}")

    async def _ask(self, call: Callable[[], Awaitable[Any]], what: str) -> None:
        async def once() -> None:
            try:
                await call()
            except AzureError as error:
                raise of_exception(error, what) from error

        await retrying(once, self._retry)

    def _service(self) -> "QueueServiceClient":
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> "QueueServiceClient":
        from azure.storage.queue.aio import QueueServiceClient

        options: dict[str, Any] = {"transport": CountingTransport(QUEUE), "retry_total": 0}
        try:
            if self._account.connection_string:
                return QueueServiceClient.from_connection_string(self._account.connection_string, **options)
            self._credential = self._account.credential()
            return QueueServiceClient(self._account.queues_url, credential=self._credential, **options)
        except ValueError as error:
            raise Misconfigured(f"AzureWebJobsStorage: {error}") from None
