"""The demo's own path: the story that `make demo ONCE=1` tells, with its last run as JSON."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from local import demo
from local.system import Options


async def test_the_demo_syncs_a_tenant_changes_people_and_shows_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(demo, "Options", _Small(tmp_path))
    told = io.StringIO()

    await demo.demo(Console(file=told, width=200), once=True)

    run = json.loads(capsys.readouterr().out)
    assert run["state"] == "completed"
    assert run["reference_code"] in told.getvalue()
    actions = {name: number for name, number in run["counts"].items() if name.startswith("users ")}
    assert actions == {"users create": 1, "users rename": 1, "users update": 1, "users groups": 1, "users disable": 1, "users trash": 1}
    assert "Nova Lindqvist is hired" in told.getvalue()
    preview, _, rest = told.getvalue().partition("a preview, which writes nothing")[2].partition("The second full sync")
    assert "previewed  reference code" in preview
    assert "What changed: 5 users" in preview
    assert "unchanged: member of" in rest
    assert not (tmp_path / "state.json").exists()


class _Small:
    """Options for a tenant just large enough, in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, environment: object) -> Options:
        del environment
        return Options(users=150, port=0, folder=self._folder)
