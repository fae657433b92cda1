"""A child process under supervision: in a group of its own, on a leash, its output in a log, ready when its output says so."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

LEASH = Path(__file__).with_name("leash.py")
GRACE = 10.0
"""Seconds that a child has to end by itself before it is killed."""
TAIL = 20


class ChildFailed(Exception):
    """A child did not start, or ended before it was told to; the text says which, how, and how its log ends."""


type Announcement = Callable[[str], dict[str, Any] | None]
"""Reads what a child has printed so far, in whole lines: what it announces once it is ready, None until then."""


def json_line(output: str) -> dict[str, Any] | None:
    """The first line that is a JSON object."""
    return next((json.loads(line) for line in output.splitlines() if line.startswith("{")), None)


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, from which folder, and how it says that it is ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    announcement: Announcement = json_line


class Child:
    """A running program. Made by `Child.start`."""

    def __init__(self, program: Program, log: Path, process: asyncio.subprocess.Process) -> None:
        self.name = program.name
        self._announcement = program.announcement
        self._log = log
        self._process = process
        self._announced: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._ended = asyncio.create_task(self._follow())

    @classmethod
    async def start(cls, program: Program, log: Path) -> "Child":
        """Starts `program`; `log` begins anew."""
        with _emptied(log) as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", str(LEASH), str(os.getpid()), *program.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env=program.environment,
                cwd=program.folder,
                start_new_session=True,
            )
        return cls(program, log, process)

    async def ready(self, *, seconds: float) -> dict[str, Any]:
        """What the child announces. Raises ChildFailed when it ends before that, or after `seconds`."""
        await asyncio.wait((self._announced, self._ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self._announced.done():
            return self._announced.result()
        if self._ended.done():
            raise self.failure(f"ended with {_outcome(self._ended.result())} before it was ready")
        raise self.failure(f"was not ready within {seconds:g} seconds")

    async def lost(self) -> ChildFailed:
        """Returns, once the child has ended, the error that says so."""
        return self.failure(f"ended with {_outcome(await asyncio.shield(self._ended))}")

    @property
    def pid(self) -> int:
        return self._process.pid

    async def stop(self) -> None:
        """Ends the child and everything in its group, politely first."""
        self._signal(signal.SIGTERM)
        await asyncio.wait((self._ended,), timeout=GRACE)
        self._signal(signal.SIGKILL)
        await self._ended

    def failure(self, what: str) -> ChildFailed:
        """The error that says `what` of this child, and how its log ends."""
        lines = self._log.read_text(errors="replace").splitlines()[-TAIL:]
        said = "\n".join(f"  {line}" for line in lines) or "  (nothing)"
        return ChildFailed(f"{self.name} {what}. Its log, {self._log}, ends:\n{said}")

    async def _follow(self) -> int:
        """Copies what the child prints to its log until it ends. Returns its exit code, or minus the signal."""
        assert self._process.stdout
        output = ""
        with self._log.open("ab", buffering=0) as log:
            async for line in self._process.stdout:
                log.write(line)
                if not self._announced.done():
                    output += line.decode(errors="replace")
                    if (announced := self._announcement(output)) is not None:
                        self._announced.set_result(announced)
        return await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


class Children:
    """Children that live and end together."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []

    async def start(self, program: Program, *, seconds: float) -> tuple[Child, dict[str, Any]]:
        """Starts a child and waits until it is ready: the child and what it announced. Raises ChildFailed."""
        child = await Child.start(program, self._logs / f"{program.name}.log")
        self._children.append(child)
        return child, await child.ready(seconds=seconds)

    def pid(self, name: str) -> int:
        """Of the child of this name."""
        return next(child.pid for child in self._children if child.name == name)

    async def until_lost(self) -> None:
        """Returns never; raises ChildFailed as soon as any child ends."""
        watches = [asyncio.create_task(child.lost()) for child in self._children]
        try:
            done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for watch in watches:
                watch.cancel()
        raise done.pop().result()

    async def stop(self) -> None:
        """Stops them all, the last one first: nobody loses what it stands on."""
        for child in reversed(self._children):
            await child.stop()


def _emptied(log: Path) -> BinaryIO:
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("wb")


def _outcome(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
