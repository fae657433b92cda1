"""The hold on a message whose function runs longer than the first ten minutes."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from local.host.messages import Lease


class FakeQueue:
    """Queue Storage's rule: each update of a message changes the receipt, and only the last one is good."""

    def __init__(self) -> None:
        self.receipt = 0
        self.visibility: list[int] = []
        self.renewed = asyncio.Event()
        self.deleted = False

    async def update_message(self, _id: str, receipt: int, *, visibility_timeout: int) -> SimpleNamespace:
        assert receipt == self.receipt
        self.receipt += 1
        self.visibility.append(visibility_timeout)
        if len(self.visibility) == 3:
            self.renewed.set()
        return SimpleNamespace(pop_receipt=self.receipt)

    async def delete_message(self, _id: str, receipt: int) -> None:
        assert receipt == self.receipt
        self.deleted = True


async def test_a_held_message_is_renewed_again_and_again_and_deleted_with_the_last_receipt():
    queue = FakeQueue()
    message = SimpleNamespace(id="m", pop_receipt=0)
    lease = Lease(cast("QueueClient", queue), cast("QueueMessage", message), timedelta(milliseconds=10))

    async with lease.held(), asyncio.timeout(10):
        await queue.renewed.wait()
    await lease.delete()

    assert queue.deleted
