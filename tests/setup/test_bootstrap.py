"""local/bootstrap.sh finds a Python 3.13 that runs, wherever a machine has one."""

from pathlib import Path

import pytest

from tests.setup.scratch import BROKEN, Scratch, checkout

UV = """
case "$*" in
    --version) ;;
    "python install 3.13") [ -z "{fails}" ] ;;
    "python find 3.13") echo "{found}" ;;
esac"""


@pytest.fixture
def machine(tmp_path: Path) -> Scratch:
    return checkout(tmp_path)


def uv(machine: Scratch, path: Path, *, fails: str = "") -> Path:
    fetched = machine.python(machine.root / "fetched" / "python3.13")
    machine.recorder(path, UV.format(found=fetched, fails=fails))
    return fetched


def handed_over_to(machine: Scratch) -> str:
    outcome = machine.bootstrap()
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.strip().removeprefix("handed over to ")


def test_a_python_on_the_path_is_taken(machine: Scratch) -> None:
    python = machine.python(machine.bin / "python3.13")
    assert handed_over_to(machine) == str(python)


def test_a_shim_that_does_not_run_is_passed_over(machine: Scratch) -> None:
    machine.program(machine.bin / "python3.13", BROKEN)
    machine.python(machine.bin / "python3", "3.11")
    python = machine.python(machine.bin / "python")
    assert handed_over_to(machine) == str(python)


def test_a_version_of_pyenv_is_found_behind_its_failing_shim(machine: Scratch) -> None:
    machine.program(machine.bin / "python3.13", BROKEN)
    python = machine.python(machine.root / "home/.pyenv/versions/3.13.0/bin/python")
    machine.python(machine.root / "home/.pyenv/versions/3.12.1/bin/python", "3.12")
    assert handed_over_to(machine) == str(python)


def test_the_virtual_environment_of_last_time_comes_first(machine: Scratch) -> None:
    machine.python(machine.bin / "python3.13")
    machine.python(machine.root / ".venv/bin/python")
    assert handed_over_to(machine) == ".venv/bin/python"


def test_a_virtual_environment_whose_python_is_gone_is_not_used(machine: Scratch) -> None:
    machine.program(machine.root / ".venv/bin/python", BROKEN)
    python = machine.python(machine.bin / "python3.13")
    assert handed_over_to(machine) == str(python)


def test_uv_fetches_a_python_where_there_is_none(machine: Scratch) -> None:
    machine.python(machine.bin / "python3", "3.11")
    fetched = uv(machine, machine.bin / "uv")
    assert handed_over_to(machine) == str(fetched)
    assert "uv python install 3.13" in machine.calls()


def test_uv_itself_is_fetched_once_with_the_pip_of_any_python(machine: Scratch) -> None:
    python = machine.python(machine.bin / "python3", "3.9")
    fetched = uv(machine, machine.uv_to_fetch)
    assert handed_over_to(machine) == str(fetched)
    assert handed_over_to(machine) == str(fetched)
    assert sum(call.startswith(f"{python} -m pip install") for call in machine.calls()) == 1
    assert [path.name for path in (machine.root / ".local").iterdir() if path.name.startswith("uv")] == ["uv"]


def test_without_any_python_it_says_what_is_missing_and_what_to_do(machine: Scratch) -> None:
    outcome = machine.bootstrap()
    assert outcome.returncode == 1
    assert "No Python 3.13 was found" in outcome.stderr
    assert "pyenv install 3.13" in outcome.stderr
    assert outcome.stdout == ""


def test_a_uv_that_cannot_fetch_ends_in_the_same_advice(machine: Scratch) -> None:
    uv(machine, machine.bin / "uv", fails="yes")
    outcome = machine.bootstrap()
    assert outcome.returncode == 1
    assert "No Python 3.13 was found" in outcome.stderr
