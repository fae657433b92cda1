""".local/state.json: how to reach the local system that runs here, for whoever wants to call it. It holds secrets: mode 0600."""

import json
import os
from pathlib import Path
from typing import Any


class StateFile:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.json"

    def write(self, state: dict[str, Any]) -> None:
        """Replaces the file in one step; it never is readable by others, nor half-written."""
        fresh = self.path.with_name(f"state.{os.getpid()}.json")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({**state, "pid": os.getpid()}, file, indent=2)
        fresh.replace(self.path)

    def remove(self) -> None:
        """Removes the file unless another system has written its own since."""
        if self.path.exists() and json.loads(self.path.read_bytes())["pid"] == os.getpid():
            self.path.unlink()
