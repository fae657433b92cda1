"""Who writes to the log under which source: no two under the same, and nobody under one that is not on that page."""

import inspect
import re
from pathlib import Path

import sync_core
from sync_core.storage import log_sources
from sync_core.storage.log_sources import Source

CODE = "1f" * 16
KINDS = [kind for kind in vars(log_sources).values() if inspect.isfunction(kind)]
ROWS = 1000
LITERAL = re.compile(r"\b_?log\.(?:add|announce|retract|rewrite)\((?!\*)")


def sources(number: int) -> set[Source]:
    """One of each kind, for the same code and number."""
    given: dict[type, str | int] = {str: CODE, int: number}
    return {kind(*(given[parameter.annotation] for parameter in inspect.signature(kind).parameters.values())) for kind in KINDS}


def test_no_two_write_under_the_same_source_and_sequence() -> None:
    numbered = sum(int in inspect.get_annotations(kind).values() for kind in KINDS)
    assert len(KINDS) > numbered > 0
    assert len(set[Source]().union(*map(sources, range(ROWS)))) == len(KINDS) - numbered + numbered * ROWS


def test_whoever_writes_takes_source_and_sequence_from_that_page() -> None:
    modules = {path: path.read_text() for path in Path(*sync_core.__path__).rglob("*.py") if path.parts[-2:] != ("storage", "log.py")}
    assert sum("log.add(*" in text for text in modules.values()) > 5
    assert [path.name for path, text in modules.items() if LITERAL.search(text)] == []
