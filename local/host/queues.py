"""Queue triggers: batches from Queue Storage, run concurrently within host.json's limits."""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from urllib.request import getproxies_environment

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.host.messages import RECEIPT, MessageRunner
from local.host.options import QueueOptions
from local.host.polling import Pace
from local.host.worker import Function

_log = logging.getLogger("local.host")

POISON = "-poison"
_LONGEST_NAME = 63


def poison_queue(queue: str) -> str | None:
    """None for a queue that is a poison queue itself, or whose name would become too long."""
    name = queue + POISON
    return None if queue.endswith(POISON) or len(name) > _LONGEST_NAME else name


def queue_service(connection: str) -> QueueServiceClient:
    # Polling is a retry of its own: the SDK's default, which starts with 15 seconds, would hold a queue up long after storage is back.
    return QueueServiceClient.from_connection_string(
        connection,
        retry_total=2,
        initial_backoff=1,
        increment_base=2,
        random_jitter_range=1,
        # Looking for a proxy or a .netrc costs two threads a poll, so only where a proxy is set.
        transport=AioHttpTransport(use_env_settings=bool(getproxies_environment())),
    )


class QueueListener:
    """Polls one function's queue. So many run at once at most as batchSize + newBatchThreshold."""

    def __init__(self, function: Function, queue: QueueClient, runner: MessageRunner, options: QueueOptions) -> None:
        self.function = function
        self._queue = queue
        self._runner = runner
        self._options = options
        self._pace = Pace(options.max_polling_interval.total_seconds(), time.monotonic, random.Random())
        self._running = 0
        self._stopping = False
        self._changed = asyncio.Event()
        self._unreachable = False

    @property
    def queue_name(self) -> str:
        return self._queue.queue_name

    def stop(self) -> None:
        """Takes no more messages; `run` returns when those taken have ended."""
        self._stopping = True
        self._changed.set()

    def hint(self, *, strong: bool) -> None:
        """A message may be there."""
        self._pace.hint(strong=strong)
        self._changed.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while not self._stopping:
                self._pace.polling()
                messages = await self._receive()
                for message in messages:
                    self._running += 1
                    group.create_task(self._one(message))
                self._pace.polled(found=bool(messages))
                await self._rest()

    async def _one(self, message: QueueMessage) -> None:
        try:
            await self._runner.run(message)
        finally:
            self._running -= 1
            self._changed.set()

    async def _rest(self) -> None:
        """Until the next poll is due and few enough invocations run."""
        while not self._stopping:
            room = self._running <= self._options.new_batch_threshold
            if room and not self._pace.wait:
                return
            self._changed.clear()
            try:
                async with asyncio.timeout(self._pace.wait if room else None):
                    await self._changed.wait()
            except TimeoutError:
                return

    async def _receive(self) -> Sequence[QueueMessage]:
        """The next batch. A queue that is not there is empty: the host does not create it."""
        try:
            batch = await self._first_page()
        except ResourceNotFoundError:
            batch = ()
        except AzureError as error:
            if not self._unreachable:
                _log.warning("queue %s cannot be read, trying on: %s", self.queue_name, error.message)
            self._unreachable = True
            return ()
        self._unreachable = False
        return batch

    async def _first_page(self) -> Sequence[QueueMessage]:
        """One request: the SDK's pager would ask on until an answer is empty."""
        wanted = self._options.batch_size
        pages = self._queue.receive_messages(messages_per_page=wanted, visibility_timeout=int(RECEIPT.total_seconds())).by_page()
        async for page in pages:
            return [message async for message in page]
        return ()
