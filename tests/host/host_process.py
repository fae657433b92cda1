"""Function apps in a folder of their own, indexed or served by `python -m local.host` in its own process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
"""Seconds; only a broken host gets near."""
PRELUDE = "import asyncio, json, logging, time\nimport azure.functions as func\n"

type Settings = Mapping[str, str]


def write_app(folder: Path, source: str, *, queues: Mapping[str, Any] | None = None, **host: Any) -> Path:
    """A function app without a route prefix; `queues` and `host` are host.json's."""
    options = {"version": "2.0", "extensions": {"http": {"routePrefix": ""}, "queues": dict(queues or {})}, **host}
    (folder / "host.json").write_text(json.dumps(options))
    (folder / "function_app.py").write_text(PRELUDE + source)
    return folder


def _environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AzureWebJobs")}
    return {**kept, "PYTHONPATH": str(ROOT), **settings}


def check(folder: Path, settings: Settings) -> tuple[int, dict[str, Any]]:
    """The exit code and the printed JSON of `--check`."""
    command = [sys.executable, "-m", "local.host", "--check", "--root", str(folder)]
    done = subprocess.run(command, env=_environment(settings), cwd=folder, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout)


class HostDidNotStart(Exception):
    def __init__(self, code: int, log: str) -> None:
        super().__init__(f"exit code {code}:\n{log}")
        self.code = code


class HostProcess:
    """A host that serves `folder`; killed at the end of the block if it still runs."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._log = folder / "host.log"
        command = [sys.executable, "-m", "local.host", "--port", "0", "--root", str(folder)]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command, env=_environment(settings), cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)
        self.client = httpx.Client(timeout=PATIENCE)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def get(self, path: str) -> Any:
        return self.client.get(path).raise_for_status().json()

    def wait_for[Value](self, seen: Callable[[], Value], until: Callable[[Value], bool]) -> Value:
        """Asks `seen` again and again until it satisfies `until`."""
        deadline = time.monotonic() + PATIENCE
        while not until(value := seen()):
            assert time.monotonic() < deadline, f"still {value!r}\n{self.log}"
            time.sleep(0.03)
        return value

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Self:
        assert self.process.stdout
        ready = self.process.stdout.readline()
        if not ready:
            code = self.process.wait(PATIENCE)
            self.__exit__(None, None, None)
            raise HostDidNotStart(code, self.log)
        self.client.base_url = json.loads(ready)["url"]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()
        self.client.close()
