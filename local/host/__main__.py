"""`python -m local.host --port N [--root DIR]` serves a function app; `--check` only indexes it.

Serving prints one JSON line `{"url": …}` when ready; all else, the app's own prints too, goes to stderr. A check prints the functions
and what was refused as JSON and exits 1 when there is anything refused.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from local.host.app import FunctionApp, load_app
from local.host.checks import Refusal, methods_of, queue_of, route_of
from local.host.options import HostOptions, load_options
from local.host.serve import serve
from local.host.settings import load_local_settings, resolve
from local.host.worker import Function, IndexingFailed, shut_down

_log = logging.getLogger("local.host")

LAST_WAIT = 2
"""Seconds that what is left of the app's tasks and threads is given after the last invocation."""


class CannotStart(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def main() -> int:
    arguments = _arguments()
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.basicConfig(level=logging.INFO, format="%(asctime)s.%(msecs)03d %(levelname).1s %(name)s: %(message)s", datefmt="%H:%M:%S")
    for noisy in ("azure", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

    def announce(line: str) -> None:
        print(line, file=answers, flush=True)

    root: Path = arguments.root.resolve()
    return asyncio.run(_check(root, announce) if arguments.check else _serve(root, arguments.port, announce))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.host", description="Serves a Python function app on this machine.")
    parser.add_argument("--root", type=Path, default=Path(), help="the folder of function_app.py and host.json (default: this one)")
    parser.add_argument("--port", type=int, default=7071, help="0 for any that is free (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="index only, print the functions as JSON, exit 1 when any is refused")
    return parser.parse_args()


async def _check(root: Path, announce: Callable[[str], None]) -> int:
    try:
        _, app = await _load(root)
    except CannotStart as error:
        app = FunctionApp((), (error.refusal,))
    functions = [_description(function) for function in app.functions]
    refused = [{"function": refusal.function, "reason": refusal.reason} for refusal in app.refused]
    announce(json.dumps({"functions": functions, "refused": refused}, indent=2))
    return 1 if refused else 0


async def _serve(root: Path, port: int, announce: Callable[[str], None]) -> int:
    try:
        options, app = await _load(root)
        for refusal in app.refused:
            _log.error("the function %s is in error and left out: %s", refusal.function, refusal.reason)
        _log.info("%d functions: %s", len(app.functions), ", ".join(function.name for function in app.functions))
        await serve(app, options, port, announce)
    except (CannotStart, OSError) as error:
        _log.error("the host cannot start: %s", error)
        return 1
    # An app's thread or task that will not end must not keep the process.
    guard = threading.Timer(LAST_WAIT, os._exit, [0])
    guard.daemon = True
    guard.start()
    await shut_down()
    return 0


async def _load(root: Path) -> tuple[HostOptions, FunctionApp]:
    """Raises CannotStart."""
    try:
        options = load_options(root)
        load_local_settings(root, os.environ)
        return options, await load_app(root, os.environ)
    except (OSError, ValidationError) as error:
        raise CannotStart(Refusal("", f"host.json or local.settings.json: {error}")) from error
    except IndexingFailed as error:
        _log.error("indexing failed\n%s", error.stack_trace)
        raise CannotStart(Refusal(error.function, str(error))) from error


def _description(function: Function) -> dict[str, object]:
    described: dict[str, object] = {"name": function.name, "trigger": function.trigger["type"]}
    match function.kind:
        case "httptrigger":
            described |= {"route": route_of(function), "methods": sorted(methods_of(function))}
        case "queuetrigger":
            described |= {"queue": queue_of(function, os.environ)}
        case _:
            described |= {"schedule": resolve(str(function.trigger["schedule"]), os.environ)}
    return described


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # As the real host ends its worker: threads and finalizers of the app are not waited for.
    os._exit(code)
