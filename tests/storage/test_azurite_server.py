"""The emulator as the project starts it: on ports of its own, gone without a trace, and clear about what it misses."""

import os
from pathlib import Path

import pytest

from local import azurite
from local.azurite import Azurite, AzuriteNotInstalled


def processes() -> set[int]:
    """Azurites that this process started."""
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid():
            found.add(int(status.parent.name))
    return found


def test_nothing_is_left_when_it_stops() -> None:
    before = processes()
    with Azurite() as server:
        assert len(processes() - before) == 1
        assert "TableEndpoint=http://127.0.0.1:" in server.connection_string
    assert processes() == before


async def test_it_is_an_asynchronous_context_too() -> None:
    before = processes()
    async with Azurite() as server:
        assert len(processes() - before) == 1
        assert server.connection_string.count("Endpoint=http://127.0.0.1:") == 3
    assert processes() == before


def test_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(azurite, "SCRIPT", tmp_path / "azurite.js")
    with pytest.raises(AzuriteNotInstalled, match="make setup"):
        Azurite().start()


def test_it_shows_why_it_did_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "azurite.js"
    script.write_text("console.error('the disk is full'); process.exit(3)")
    monkeypatch.setattr(azurite, "SCRIPT", script)
    before = processes()
    with pytest.raises(RuntimeError, match="the disk is full"):
        Azurite().start()
    assert processes() == before
