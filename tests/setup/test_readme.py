"""What the README says is so."""

import re

from sync_core.settings import Settings
from tests.setup.scratch import ROOT

README = (ROOT / "README.md").read_text()


def python_examples() -> list[str]:
    """The README's signed call, and its call of the Admin API."""
    found: list[str] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(found) == 2
    return found


def test_every_make_target_that_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"demo", "test", "run", "check", "requirements"} <= named <= targets


def test_its_table_of_settings_is_complete() -> None:
    table = README.partition("## Settings")[2].partition("\n## ")[0]
    named = {name.lower() for row in table.splitlines() if row.startswith("| `") for name in re.findall(r"`([\w]+)`", row.split("|")[1])}
    assert named == set(Settings.model_fields)


def test_its_defaults_are_the_settings_defaults() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `?([^`|\s]+)`? \|", README, re.MULTILINE))
    assert {name: str(Settings.model_fields[name.lower()].default) for name in rows if name != "SECRET_KEY"} == {
        name: default for name, default in rows.items() if name != "SECRET_KEY"
    }
    assert Settings.model_fields["secret_key"].is_required()


def test_the_parts_that_it_lists_are_there() -> None:
    layout = README.partition("## Where things are")[2].partition("\n## ")[0]
    listed = re.findall(r"^    (  )?([\w.]+/?)  ", layout, re.MULTILINE)
    for inside, name in listed:
        assert (ROOT / ("sync_core" if inside else "") / name).exists(), name
