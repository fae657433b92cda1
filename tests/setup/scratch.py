"""A checkout in a scratch folder with stand-ins for the programs that setup calls: what they were called with is in `calls`."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "mkdir", "mv", "rm", "cat", "chmod")

PYTHON = """#!/bin/sh
case "$*" in
    *version_info*) echo {version} ;;
    -P*) echo "handed over to $0" ;;
    *--target*) echo "$0 $*" >>"{calls}"; mkdir -p "$6/bin" && cat "{uv}" >"$6/bin/uv" && chmod +x "$6/bin/uv" ;;
    *) echo "$0 $*" >>"{calls}" ;;
esac
"""
BROKEN = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"


@dataclass(frozen=True)
class Scratch:
    root: Path

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def uv_to_fetch(self) -> Path:
        """What the stand-in for pip installs as uv."""
        return self.root / "uv-to-fetch"

    def calls(self) -> list[str]:
        log = self.root / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def program(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def python(self, path: Path, version: str = "3.13") -> Path:
        return self.program(path, PYTHON.format(version=version, calls=self.root / "calls", uv=self.uv_to_fetch))

    def recorder(self, path: Path, then: str = "") -> Path:
        """A program that notes how it was called, then does `then`."""
        return self.program(path, f'#!/bin/sh\necho "${{0##*/}} $*" >>"{self.root / "calls"}"\n{then}\n')

    def environment(self) -> dict[str, str]:
        return {"PATH": str(self.bin), "HOME": str(self.root / "home"), "PYTHONDONTWRITEBYTECODE": "1"}

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(command, env=self.environment(), cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def bootstrap(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(self.root / "local" / "bootstrap.sh")], env=self.environment(), cwd="/", capture_output=True, text=True, check=False
        )

    def install(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", str(self.root / "local" / "install.py")]
        return subprocess.run(command, env=self.environment(), cwd="/", capture_output=True, text=True, check=False)


def checkout(root: Path) -> Scratch:
    scratch = Scratch(root)
    (root / "local").mkdir()
    (root / "home").mkdir()
    for name in ("bootstrap.sh", "install.py"):
        shutil.copy(ROOT / "local" / name, root / "local" / name)
    scratch.bin.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (scratch.bin / tool).symlink_to(found)
    return scratch
