"""What a process imports before its first request: cold starts are paid by callers."""

import subprocess
import sys

import pytest

HEAVY = ["httpx", "msgraph", "azure.identity", "cryptography", "azure.storage.queue", "phonenumbers", "fastapi"]
SHOW = "import sys, {module}; print(*(name for name in {heavy} if name in sys.modules))"


@pytest.mark.parametrize(("module", "heavy"), [("triggers.http.app", HEAVY), ("triggers.http.routes", HEAVY[:-1]), ("function_app", HEAVY)])
def test_nothing_heavy_is_imported_before_it_is_used(module: str, heavy: list[str]) -> None:
    shown = subprocess.run([sys.executable, "-c", SHOW.format(module=module, heavy=heavy)], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == []
