"""One rule for repeating requests to storage: a few times with growing, jittered pauses, then Transient for the step to be sent again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import SystemRandom

from sync_core.errors import Transient

_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class Retry:
    """Pauses double from `first` seconds; each is drawn between half and one and a half of that. About 6 seconds in all."""

    attempts: int = 6
    first: float = 0.2
    longest: float = 5
    """A service that asks for more than this is not waited for."""
    patience: float = 25
    """Seconds that all of it may take. A storage that hangs without refusing keeps nobody longer: whoever called over HTTP gets a 503
    before its own client gives up (many do after 30 seconds), and a step comes again. What was being written may be written, as after any
    lost reply.
    """
    later: float = 10
    """Seconds to name to the caller at least, once the attempts are spent."""


async def retrying[T](attempt: Callable[[], Awaitable[T]], retry: Retry) -> T:
    """Repeats `attempt` while it raises Transient; its `retry_after` is the pause that the service asked for, 0 for none."""
    try:
        async with asyncio.timeout(retry.patience):
            return await _repeated(attempt, retry)
    except TimeoutError as hung:
        raise Transient(f"storage gave no answer within {retry.patience:g} seconds", retry_after=retry.later) from hung


async def _repeated[T](attempt: Callable[[], Awaitable[T]], retry: Retry) -> T:
    for number in range(1, retry.attempts + 1):
        try:
            return await attempt()
        except Transient as error:
            if number == retry.attempts or error.retry_after > retry.longest:
                raise Transient(str(error), retry_after=max(error.retry_after, retry.later)) from error
            pause = min(retry.longest, retry.first * 2 ** (number - 1) * _random.uniform(0.5, 1.5))
            await asyncio.sleep(max(pause, error.retry_after))
    raise AssertionError("a retry has at least one attempt")
