"""Messages of the nightly work that are put off while the outside is busy."""

import logging

from sync_core.errors import Transient
from sync_core.retention.messages import Expire, Forget, Leftovers
from sync_core.storage.queues import Queues
from sync_core.trash.messages import Purge

log = logging.getLogger(__name__)

MOST_TRIES = 20
LONGEST_DELAY = 300.0
"""Seconds, unless the outside asks for more itself."""


async def send_later(queues: Queues, message: Forget | Expire | Leftovers | Purge, busy: Transient) -> None:
    """Raises `busy` when the message was put off too often."""
    if message.tries == MOST_TRIES:
        raise busy
    delay = max(busy.retry_after, min(2.0**message.tries, LONGEST_DELAY))
    log.info("%s: %s; again in %.1f s", message.queue, busy, delay)
    await queues.send(message.queue, message.model_copy(update={"tries": message.tries + 1}).model_dump_json(), delay=delay)
