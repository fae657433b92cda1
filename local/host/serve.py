"""The running host: uvicorn and the listeners, from the ready line to the last invocation."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
from collections.abc import Callable, Generator
from typing import override

import uvicorn

from local.host.app import FunctionApp, Listeners
from local.host.gateway import behind_gateway
from local.host.options import HostOptions
from local.host.targets import well_addressed

_log = logging.getLogger("local.host")

GRACE = 5
"""Seconds that running invocations are given when the host is told to stop."""


class _Server(uvicorn.Server):
    """uvicorn, which says when it serves and leaves the signals to the host (it would raise them again, and the host exits 0)."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


async def serve(app: FunctionApp, options: HostOptions, port: int, announce: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT; `announce` gets the ready line, `{"url": …}`.

    Port 0 is any that is free. Raises OSError for one in use.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with socket.create_server(("127.0.0.1", port)) as listening:
        os.environ["WEBSITE_HOSTNAME"] = f"127.0.0.1:{listening.getsockname()[1]}"  # as the platform tells an app where it is
        url = f"http://{os.environ['WEBSITE_HOSTNAME']}"
        listeners = Listeners(app, options, os.environ)
        config = uvicorn.Config(
            well_addressed(behind_gateway(listeners.http)),
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE,
            server_header=False,
        )
        server = _Server(config, lambda: announce(json.dumps({"url": url})))
        try:
            await _run(server, listening, listeners, stop)
        finally:
            await listeners.close()


async def _run(server: _Server, listening: socket.socket, listeners: Listeners, stop: asyncio.Event) -> None:
    """Until `stop`, or until one part ends before: it raises what that part raised."""
    parts = [asyncio.create_task(server.serve([listening]))]
    parts += [asyncio.create_task(listener.run()) for listener in (*listeners.queues, *listeners.timers)]
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([stopped, *parts[:1]], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    _log.info("stopping: no more work is taken")
    server.should_exit = True
    for listener in (*listeners.queues, *listeners.timers):
        listener.stop()
    _, unfinished = await asyncio.wait(parts, timeout=GRACE)
    for part in unfinished:
        part.cancel()
    for result in await asyncio.gather(*parts, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result
