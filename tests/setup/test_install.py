"""local/install.py: each stage done once, done whole or not at all."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.setup.scratch import ROOT, Scratch, checkout

INSTALL_UV = "uv pip install"
NPM = 'mkdir -p "$3/node_modules/azurite"'


@pytest.fixture
def machine(tmp_path: Path) -> Scratch:
    scratch = checkout(tmp_path)
    (tmp_path / "requirements-dev.txt").write_text("uv==0.0\n")
    scratch.recorder(tmp_path / ".venv/bin/python")
    scratch.recorder(tmp_path / ".venv/bin/npm", NPM)
    scratch.recorder(scratch.bin / "uv", '[ "$1" != --version ] || exit 0')
    return scratch


def stages(machine: Scratch) -> list[str]:
    outcome = machine.install()
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout == ""
    return [line.removeprefix("setup: ").split()[0] for line in outcome.stderr.splitlines()]


def test_a_first_start_names_each_stage_in_a_line_and_a_second_does_nothing(machine: Scratch) -> None:
    assert stages(machine) == ["packages", "Azurite"]
    before = [call for call in machine.calls() if "--version" not in call]
    assert stages(machine) == []
    assert [call for call in machine.calls() if "--version" not in call] == before


def test_changed_requirements_are_installed_and_a_mere_touch_is_not(machine: Scratch) -> None:
    stages(machine)
    requirements = machine.root / "requirements-dev.txt"
    os.utime(requirements, (1, 1))
    assert stages(machine) == []
    requirements.write_text("uv==0.1\n")
    assert stages(machine) == ["packages"]


def test_another_azurite_version_replaces_the_old_tree(machine: Scratch) -> None:
    stages(machine)
    (machine.root / ".node/.azurite").write_text("1.0.0")
    (machine.root / ".node/old").touch()
    assert stages(machine) == ["Azurite"]
    assert not (machine.root / ".node/old").exists()
    assert (machine.root / ".node/node_modules/azurite").is_dir()


def test_an_npm_that_fails_half_way_leaves_the_old_tree_and_shows_its_log(machine: Scratch) -> None:
    stages(machine)
    (machine.root / ".node/.azurite").write_text("1.0.0")
    machine.recorder(machine.root / ".venv/bin/npm", f"{NPM}; echo 'network: unreachable'; exit 1")
    outcome = machine.install()
    assert outcome.returncode == 1
    assert "network: unreachable" in outcome.stderr
    assert (machine.root / ".node/.azurite").read_text() == "1.0.0"


def test_pip_installs_where_uv_fails(machine: Scratch) -> None:
    machine.recorder(machine.bin / "uv", '[ "$1" = --version ]')
    assert stages(machine) == ["packages", "Azurite"]
    assert any(call.startswith("python -m pip install") for call in machine.calls())


def test_without_uv_the_pinned_one_is_installed_first_and_used(machine: Scratch) -> None:
    (machine.bin / "uv").unlink()
    fetched = machine.recorder(machine.root / "uv-to-fetch")
    machine.recorder(machine.root / ".venv/bin/python", f'case "$*" in *uv==0.0) mv {fetched} {machine.root}/.venv/bin/uv ;; esac')
    stages(machine)
    installs = [call.split(" --python")[0] for call in machine.calls() if "pip install" in call]
    assert installs == ["python -m pip install --disable-pip-version-check uv==0.0", INSTALL_UV]


def test_packages_cut_off_half_way_are_installed_into_a_new_environment(machine: Scratch) -> None:
    (machine.root / ".venv/.installing").touch()
    (machine.root / ".venv/half-a-package").touch()
    outcome = machine.install()
    assert "setup: virtual environment" in outcome.stderr
    assert not (machine.root / ".venv/half-a-package").exists()


def test_of_two_at_once_one_installs_and_the_other_finds_it_done(machine: Scratch) -> None:
    command = (sys.executable, "-P", str(machine.root / "local/install.py"))
    (machine.root / ".local").mkdir()
    with (machine.root / ".local/setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        setups = [machine.start(*command), machine.start(*command)]
        first_lines = [setup.stderr.readline() for setup in setups if setup.stderr]
        with pytest.raises(subprocess.TimeoutExpired):
            setups[0].wait(timeout=0.5)
    outcomes = [setup.communicate()[1] for setup in setups]
    assert ["waiting" in line for line in first_lines] == [True, True]
    assert sorted(outcome.count("setup:") for outcome in outcomes) == [0, 2]
    assert sum(call.startswith(INSTALL_UV) for call in machine.calls()) == 1


def test_no_file_of_setup_names_an_index_or_this_machine() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml", "local/bootstrap.sh", "local/install.py", "Makefile"):
        text = (ROOT / name).read_text()
        assert "--index-url" not in text
        assert "--find-links" not in text
        assert str(ROOT) not in text
