"""One queue message, from its receipt to its end: deleted, sent back for another attempt, or moved to the poison queue.

Copying to the poison queue and deleting are two calls, so a poisoned message may be there twice, as on the real host.
Source: QueueProcessor.cs and QueueListener.cs of the storage queues extension.
"""

import asyncio
import base64
import binascii
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.host.invocations import Invocations
from local.host.options import QueueOptions
from local.host.protos import TypedData
from local.host.worker import Event, Function

_log = logging.getLogger("local.host")

RECEIPT = timedelta(minutes=10)
"""How long a received message stays invisible; renewed at half while its function runs. So long does a killed host keep a message away."""


class Lease:
    """The hold on one received message. Each renewal changes the receipt that deleting needs."""

    def __init__(self, client: QueueClient, message: QueueMessage, duration: timedelta = RECEIPT) -> None:
        self._client = client
        self._id = message.id
        self._receipt = message.pop_receipt
        self._duration = duration

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncGenerator[None]:
        """Renews at half of the duration as long as the block runs."""
        renewal = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewal.cancel()
            await asyncio.wait([renewal])
            if not renewal.cancelled():
                renewal.result()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._duration.total_seconds() / 2)
            try:
                await self.release(self._duration)
            except AzureError as error:
                _log.warning("message %s could not be renewed: %s", self._id, error.message)

    async def release(self, after: timedelta) -> None:
        """Makes the message visible again `after` a time, to the second."""
        renewed = await self._client.update_message(self._id, self._receipt, visibility_timeout=int(after.total_seconds()))
        self._receipt = renewed.pop_receipt

    async def delete(self) -> None:
        await self._client.delete_message(self._id, self._receipt)


class MessageRunner:
    def __init__(
        self,
        function: Function,
        queue: QueueClient,
        poison: QueueClient | None,
        options: QueueOptions,
        invocations: Invocations,
        poisoned: Callable[[str], None],
    ) -> None:
        """`poisoned` is told the name of a poison queue that got a message; `poison` is None where the queue can have none."""
        self._function = function
        self._queue = queue
        self._poison = poison
        self._options = options
        self._invocations = invocations
        self._poisoned = poisoned

    async def run(self, message: QueueMessage) -> None:
        lease = Lease(self._queue, message)
        try:
            await self._run(message, lease)
        except AzureError as error:
            # The message comes back when its time is up.
            _log.warning("message %s of %s is left as it is: %s", message.id, self._queue.queue_name, error.message)

    async def _run(self, message: QueueMessage, lease: Lease) -> None:
        body = self._decoded(message)
        attempt = message.dequeue_count or 1
        if body is None:
            _log.error("message %s of %s is not base64: it goes to poison without an attempt", message.id, self._queue.queue_name)
            await self._give_up(message, lease)
        elif attempt > self._options.max_dequeue_count:
            await self._give_up(message, lease)
        elif await self._attempt(message, body, attempt, lease):
            await lease.delete()
        elif attempt >= self._options.max_dequeue_count:
            await self._give_up(message, lease)
        else:
            await lease.release(self._options.visibility_timeout)

    def _decoded(self, message: QueueMessage) -> bytes | None:
        text: str = message.content
        if self._options.message_encoding == "none":
            return text.encode()
        try:
            # Whitespace is what .NET's decoder lets pass.
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            return None

    async def _attempt(self, message: QueueMessage, body: bytes, attempt: int, lease: Lease) -> bool:
        reason = f"message {message.id} of {self._queue.queue_name}, attempt {attempt}"
        try:
            async with lease.held():
                outcome = await self._invocations.run(self._function, _event(message, body, attempt), reason)
        except asyncio.CancelledError:
            # The host stops and could not wait: the next one need not wait for the receipt to run out.
            await lease.release(self._options.visibility_timeout)
            raise
        return outcome.succeeded

    async def _give_up(self, message: QueueMessage, lease: Lease) -> None:
        """Moves the message; one without a poison queue stays invisible until its receipt runs out."""
        if self._poison is None:
            return
        try:
            await self._poison.send_message(message.content)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):
                await self._poison.create_queue()
            await self._poison.send_message(message.content)
        await lease.delete()
        _log.error("message %s of %s is moved to %s", message.id, self._queue.queue_name, self._poison.queue_name)
        self._poisoned(self._poison.queue_name)


def _event(message: QueueMessage, body: bytes, attempt: int) -> Event:
    try:
        value = TypedData(string=body.decode())
    except UnicodeDecodeError:
        value = TypedData(bytes=body)
    metadata = {
        "Id": TypedData(string=message.id),
        "PopReceipt": TypedData(string=message.pop_receipt),
        "DequeueCount": TypedData(json=str(attempt)),
        "InsertionTime": _moment(message.inserted_on),
        "ExpirationTime": _moment(message.expires_on),
        "NextVisibleTime": _moment(message.next_visible_on),
    }
    return Event(value, metadata)


def _moment(value: datetime | None) -> TypedData:
    return TypedData(json=json.dumps(value.strftime("%Y-%m-%dT%H:%M:%S+00:00") if value else None))
