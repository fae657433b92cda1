"""What a process pays before its first request: importing function_app, beside what it cannot do without."""

import base64
import os
import subprocess
import sys
from pathlib import Path

from bench.figures import Figure, middle

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 9
APP = "function_app"
BARE = "azure.functions, fastapi, azure.data.tables.aio"
_MEASURE = (
    "import resource, time\n"
    "begin = time.process_time()\n"
    "import {modules}\n"
    "print(time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
)


def measure() -> list[Figure]:
    """CPU seconds and peak memory, interleaved rounds."""
    taken: dict[str, list[tuple[float, float]]] = {APP: [], BARE: []}
    for _ in range(ROUNDS):
        for modules, results in taken.items():
            results.append(_import(modules))
    seconds = {modules: middle([time for time, _ in results]) for modules, results in taken.items()}
    return [
        Figure(name="import function_app, CPU", value=seconds[APP], unit="s", floor=seconds[BARE]),
        Figure(name="import function_app, memory", value=middle([memory for _, memory in taken[APP]]), unit="MB"),
    ]


def _import(modules: str) -> tuple[float, float]:
    storage = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "SECRET_KEY": base64.b64encode(bytes(32)).decode()}
    command = [sys.executable, "-c", _MEASURE.format(modules=modules)]
    output = subprocess.run(command, cwd=ROOT, env=os.environ | storage, capture_output=True, text=True, check=True).stdout
    time, memory = output.split()
    return float(time), float(memory)
