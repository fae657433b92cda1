"""Runs a command in the foreground: ends it properly on Ctrl-C, SIGTERM or a closed terminal, and says plainly why it failed."""

import asyncio
import signal
import sys
from collections.abc import Coroutine

from local.azurite import AzuriteNotInstalled
from local.processes import ChildFailed

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def foreground(command: Coroutine[None, None, None]) -> int:
    """The exit code: 0 when it ended or was told to stop, 1 when it failed, the reason on stderr."""
    try:
        asyncio.run(_until_stopped(command))
    except (ChildFailed, CommandFailed, AzuriteNotInstalled) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


class CommandFailed(Exception):
    """A command cannot do what it is for; the text says why, to a person."""


async def _until_stopped(command: Coroutine[None, None, None]) -> None:
    running = asyncio.ensure_future(command)
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        running.cancel()

    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await running
    except asyncio.CancelledError:
        if not stopped:
            raise
