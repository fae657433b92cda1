"""Runs functions for all triggers: the time limit, one line of log each, and who is told when one has ended."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import timedelta

from local.host.worker import Event, Function, Outcome, invoke

_log = logging.getLogger("local.host")

type Listener = Callable[[Function, bool], None]


class Invocations:
    def __init__(self, timeout: timedelta | None) -> None:
        self._timeout = timeout
        self._sending = 0
        """Invocations under way that may send messages: somebody who only looks makes nobody busy."""
        self._listeners: list[Listener] = []

    def tell(self, listener: Listener) -> None:
        """`listener` is called after each invocation that may have sent messages, with its function and whether no other is under way."""
        self._listeners.append(listener)

    async def run(self, function: Function, event: Event, reason: str, *, may_send: bool = True) -> Outcome:
        """Runs `function` once. It fails when it raises, or runs past the time limit.

        On timeout an async function is cancelled; one in a thread cannot be and runs on (the real host restarts the worker's process, which
        ends its other invocations too).
        """
        began = time.perf_counter()
        self._sending += may_send
        try:
            outcome = await self._limited(function, event)
        finally:
            self._sending -= may_send
        _report(function, outcome, reason, time.perf_counter() - began)
        if may_send:
            for listener in self._listeners:
                listener(function, self._sending == 0)
        return outcome

    async def _limited(self, function: Function, event: Event) -> Outcome:
        task = asyncio.current_task()
        try:
            async with asyncio.timeout(self._timeout.total_seconds() if self._timeout else None):
                return await invoke(function, event)
        except TimeoutError:
            return Outcome(succeeded=False, error=f"Timeout value of {self._timeout} was exceeded by function: Functions.{function.name}")
        except asyncio.CancelledError:
            if task is None or task.cancelling():
                raise
            return Outcome(succeeded=False, error="CancelledError: the function cancelled itself")


def _report(function: Function, outcome: Outcome, reason: str, seconds: float) -> None:
    if not outcome.succeeded:
        detail = outcome.stack_trace.rstrip() or outcome.error
        _log.error("%s failed in %.0f ms: %s\n%s", function.name, seconds * 1000, reason, detail)
        return
    answer = f" {outcome.returned.http.status_code}" if outcome.returned is not None and outcome.returned.kind == "http" else ""
    _log.info("%s succeeded in %.0f ms: %s%s", function.name, seconds * 1000, reason, answer)
