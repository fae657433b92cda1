"""local/processes.py: children that are ready when they say so, noticed when they end, and never left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from local import processes
from local.processes import Child, ChildFailed, Program
from tests.setup.scratch import ROOT

READY = "print('hello', flush=True); print('{\"url\": \"here\"}', flush=True);"
FOREVER = "import time\nwhile True: time.sleep(60)"
SECONDS = 20

type Start = Callable[[str], Awaitable[Child]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncGenerator[Start]:
    """Starts a child that runs a line of Python; all are stopped at the end."""
    children: list[Child] = []

    async def starts(code: str) -> Child:
        child = await Child.start(program(code, tmp_path), tmp_path / "logs" / "child.log")
        children.append(child)
        return child

    yield starts
    for child in children:
        await child.stop()


def program(code: str, folder: Path) -> Program:
    return Program("child", (sys.executable, "-S", "-c", code), os.environ, folder)


async def gone(pid: int) -> bool:
    """Whether the process ends within 10 seconds."""
    for _ in range(200):
        if not runs(pid):
            return True
        await asyncio.sleep(0.05)
    return False


def runs(pid: int) -> bool:
    """Zombies, which nobody has collected yet, do not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_child_is_ready_when_it_has_announced_itself(start: Start, tmp_path: Path) -> None:
    child = await start(READY + FOREVER)
    assert await child.ready(seconds=SECONDS) == {"url": "here"}
    assert (tmp_path / "logs/child.log").read_text() == 'hello\n{"url": "here"}\n'


async def test_a_child_that_ends_before_it_is_ready_is_reported_with_the_end_of_its_log(start: Start) -> None:
    child = await start("import sys; print('port 1 is taken', file=sys.stderr); sys.exit(3)")
    with pytest.raises(ChildFailed, match=r"child ended with exit code 3 before it was ready(.|\n)*port 1 is taken"):
        await child.ready(seconds=SECONDS)


async def test_a_child_that_never_is_ready_is_given_up(start: Start) -> None:
    child = await start(FOREVER)
    with pytest.raises(ChildFailed, match=r"was not ready within 0.2 seconds"):
        await child.ready(seconds=0.2)


async def test_a_child_that_is_lost_is_reported_with_what_ended_it(start: Start) -> None:
    child = await start(f"{READY}import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})")
    await child.ready(seconds=SECONDS)
    assert "child ended with SIGSEGV" in str(await child.lost())


async def test_stopping_a_child_ends_what_it_started_too(start: Start) -> None:
    child = await start(
        "import json, subprocess, sys\n"
        f"grandchild = subprocess.Popen([sys.executable, '-S', '-c', {FOREVER!r}], stdout=subprocess.DEVNULL)\n"
        "print(json.dumps({'pid': grandchild.pid}), flush=True)\n" + FOREVER
    )
    pid = (await child.ready(seconds=SECONDS))["pid"]
    await child.stop()
    assert await gone(pid)


async def test_a_child_that_ignores_sigterm_is_killed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    child = await start(f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{READY}{FOREVER}")
    await child.ready(seconds=SECONDS)
    await child.stop()
    assert "SIGKILL" in str(await child.lost())


async def test_children_of_a_supervisor_that_is_killed_outright_end_too(tmp_path: Path) -> None:
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SUPERVISOR, str(tmp_path)), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert supervisor.stdout
    pid = int(await supervisor.stdout.readline())
    supervisor.kill()
    await supervisor.wait()
    assert await gone(pid)


SUPERVISOR = f"""
import asyncio, os, sys
from pathlib import Path
from local.processes import Child, Program

async def main():
    folder = Path(sys.argv[1])
    code = "import os, json; print(json.dumps({{'pid': os.getpid()}}), flush=True)\\n" + {FOREVER!r}
    child = await Child.start(Program("child", (sys.executable, "-S", "-c", code), os.environ, folder), folder / "child.log")
    print((await child.ready(seconds={SECONDS}))["pid"], flush=True)
    await child.lost()

asyncio.run(main())
"""
