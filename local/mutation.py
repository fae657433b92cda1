"""The score of a mutation run: how many of the mutants the tests noticed. `make mutate` prints it at its end.

Mutants without a test count as survivors: nobody noticed them either. Which those are: `.venv/bin/mutmut results`, and one as a
difference: `.venv/bin/mutmut show NAME`.
"""

import json
import sys
from pathlib import Path
from typing import Any

STATS = Path("mutants/mutmut-cicd-stats.json")
ENOUGH = 85
"""Percent."""


def score(stats: dict[str, Any]) -> tuple[int, int]:
    """Mutants that were noticed, by a failing test or one that did not come to its end; and all that were tried."""
    noticed = stats["killed"] + stats["timeout"] + stats["segfault"]
    return noticed, noticed + stats["survived"] + stats["no_tests"] + stats["suspicious"]


def main() -> int:
    stats = json.loads(STATS.read_text())
    noticed, tried = score(stats)
    percent = 100 * noticed / tried
    print(f"{noticed} of {tried} mutants were noticed: {percent:.1f} %, and {ENOUGH} % are asked for")
    print(f"{stats['survived']} survived, {stats['no_tests']} have no test")
    if untried := stats["total"] - stats["skipped"] - tried:
        print(f"{untried} were not tried: the run did not come to its end")
    return 0 if percent >= ENOUGH and not untried else 1


if __name__ == "__main__":
    sys.exit(main())
