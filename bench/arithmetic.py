"""`python -m bench.arithmetic` writes docs/arithmetic.md: what was counted here, at Azure's and Graph's published limits and prices.

Requests of a run grow with its users along a straight line, which the smallest and the largest tenant measured give.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from bench.figures import Kept, kept
from sync_core.runs.course import PARALLEL_GROUPS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "arithmetic.md"
SIZES = (100_000, 1_000_000)
FIRST, UNCHANGED = "first full sync", "no-change sync"
KINDS = ("tables", "queue", "graph")

TABLE_ENTITIES_A_SECOND = 20_000
GRAPH_UNITS_A_SECOND = 800
GRAPH_UNITS_A_PAGE = 4
GRAPH_SECONDS_A_REQUEST = 0.29
PAGE_USERS = 999
POLL_SECONDS = 2
ARROWS = 6
TABLE_DOLLARS_A_REQUEST = 0.00036 / 10_000
DOLLARS_A_GIGABYTE = 0.045
RUNS_A_MONTH = 60

_LEARN = "https://learn.microsoft.com"
_REST = f"{_LEARN}/rest/api/storageservices"
_PARTITIONING = f"{_REST}/designing-a-scalable-partitioning-strategy-for-azure-table-storage"
_NSERVICEBUS = "https://docs.particular.net/persistence/azure-table/capacity-planning"
_PRICES = "https://azure.microsoft.com/pricing/details/storage/tables/"
SOURCES = (
    (
        f"{TABLE_ENTITIES_A_SECOND:,} entities a second and account, 2,000 a partition (of 1 KiB)",
        f"[Scalability targets for Table storage]({_LEARN}/azure/storage/tables/scalability-targets)",
    ),
    (
        (
            f"{GRAPH_UNITS_A_SECOND * 10:,} resource units in 10 s for an application in a tenant of more than 500 users; a page of "
            f"transitiveMembers with $select takes {GRAPH_UNITS_A_PAGE}"
        ),
        f"[Microsoft Graph throttling limits]({_LEARN}/graph/throttling-limits), identity and access",
    ),
    (
        f"{GRAPH_SECONDS_A_REQUEST} s a Graph request",
        (
            "techcommunity.microsoft.com, post 4439497: 7,500 reads of groups' members on 16 threads in 135 s. One administrator's report; "
            "Microsoft promises none"
        ),
    ),
    (f"{POLL_SECONDS} s at most until an idle queue is asked again", "`maxPollingInterval` in host.json"),
    (
        f"${TABLE_DOLLARS_A_REQUEST * 10_000:.5f} for 10,000 table requests, ${DOLLARS_A_GIGABYTE} a GB and month (LRS)",
        f"second-hand copies of [Azure Table Storage pricing]({_PRICES}): look there before you rely on them",
    ),
    (
        "a transaction of up to 100 rows is billed once, or once a row",
        (
            f'[Microsoft]({_PARTITIONING}) says "a single storage operation regardless of how many storage operations it contains", '
            f"[NServiceBus]({_NSERVICEBUS}) says once an entity. Both are shown"
        ),
    ),
)
TENANT = (
    "The tenant has 20 groups; each user is in three, and nesting puts it into five lists. "
    "These are lower bounds by published limits: nothing of this was measured on Azure."
)
LEFT_OUT = (
    "Left out: queue requests (a few for a hundred table requests), what Functions charges for compute (the CPU above is what it takes), "
    "and traffic that leaves the region. Runs, logs, and changes kept for 90 days come on top of the rows."
)


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity that grows with the users: `base` for none of them, `each` for one more."""

    base: float
    each: float

    def at(self, users: int) -> float:
        return self.base + self.each * users

    @classmethod
    def through(cls, points: Mapping[int, float]) -> "Line":
        least, most = min(points), max(points)
        if least == most:
            raise SystemExit("measure two tenants first: make bench")
        each = (points[most] - points[least]) / (most - least)
        return cls(points[least] - each * least, each)


class Measured:
    def __init__(self, rows: list[Kept]) -> None:
        self._rows = rows

    def value(self, name: str) -> Line:
        return Line.through({row.users: row.value for row in self._rows if row.name == name})

    def requests(self, name: str, kind: str) -> Line:
        return Line.through({row.users: row.requests[kind] for row in self._rows if row.name == name})

    def host_cpu(self, name: str) -> Line:
        """Seconds on one core of this machine, Azurite's aside."""
        shares = {row.users: row.value / 100 for row in self._rows if row.name == f"{name}, Azurite's share of the CPU"}
        taken = {row.users: row.value for row in self._rows if row.name == f"{name}, CPU of host and Azurite"}
        return Line.through({users: seconds * (1 - shares[users]) for users, seconds in taken.items()})

    def sizes(self) -> list[int]:
        return sorted({row.users for row in self._rows if row.name == FIRST})


def page(measured: Measured) -> str:
    sizes = measured.sizes()
    counted = f"Counted at {sizes[0]:,} and {sizes[-1]:,} users (`make bench`, bench/results/latest.json) and drawn on as a straight line."
    parts = [
        "# What a sync takes on Azure",
        f"Made by `python -m bench.arithmetic`; do not edit. {counted} {TENANT}",
        *(_sync(measured, name) for name in (FIRST, UNCHANGED)),
        _money(measured),
        "## Where the figures come from",
        _table(("figure", "source"), SOURCES),
    ]
    return "\n\n".join(parts) + "\n"


def _sync(measured: Measured, name: str) -> str:
    rows = {kind: [measured.requests(name, kind).at(users) for users in SIZES] for kind in KINDS}
    entities = [_entities(measured, name, users) for users in SIZES]
    graph = rows["graph"]
    table = {
        "table requests": [f"{n:,.0f}" for n in rows["tables"]],
        "queue messages sent": [f"{n:,.0f}" for n in rows["queue"]],
        "Graph requests": [f"{n:,.0f}" for n in graph],
        "rows written and read in the directory": [f"{n:,.0f}" for n in entities],
        "Graph, by its quota": [_seconds(n * GRAPH_UNITS_A_PAGE / GRAPH_UNITS_A_SECOND) for n in graph],
        f"Graph, {PARALLEL_GROUPS} chains at {GRAPH_SECONDS_A_REQUEST} s a page": [
            _seconds(n * GRAPH_SECONDS_A_REQUEST / PARALLEL_GROUPS) for n in graph
        ],
        "Graph, everybody in one group: one chain": [_seconds(ceil(users / PAGE_USERS) * GRAPH_SECONDS_A_REQUEST) for users in SIZES],
        "storage, by the account's rate": [_seconds(n / TABLE_ENTITIES_A_SECOND) for n in entities],
        "our CPU, on one core of the machine that measured": [_seconds(measured.host_cpu(name).at(users)) for users in SIZES],
        f"waiting for {ARROWS} queues that were idle, at most": [_seconds(ARROWS * POLL_SECONDS)] * len(SIZES),
        "**at least, one after the other**": [f"**{_seconds(_least(measured, name, users))}**" for users in SIZES],
    }
    columns = ("", *(f"{users:,} users" for users in SIZES))
    return f"## {name.capitalize()}\n\n{_table(columns, [(what, *values) for what, values in table.items()])}"


def _least(measured: Measured, name: str, users: int) -> float:
    """The slower of Graph's two bounds, then the slower of storage and CPU, which overlap; and half of the longest waiting."""
    graph = measured.requests(name, "graph").at(users)
    reading = max(graph * GRAPH_UNITS_A_PAGE / GRAPH_UNITS_A_SECOND, graph * GRAPH_SECONDS_A_REQUEST / PARALLEL_GROUPS)
    work = max(_entities(measured, name, users) / TABLE_ENTITIES_A_SECOND, measured.host_cpu(name).at(users))
    return reading + work + ARROWS * POLL_SECONDS / 2


def _entities(measured: Measured, name: str, users: int) -> float:
    """A first sync writes its rows; one without changes reads the index: a row a user."""
    return measured.value("first full sync, rows written").at(users) if name == FIRST else float(users)


def _money(measured: Measured) -> str:
    columns = (
        "users",
        "first sync, table requests",
        f"{RUNS_A_MONTH} syncs without changes (a month, every 12 hours)",
        "rows kept, a month",
    )
    rows = _table(columns, [_cost(measured, users) for users in SIZES])
    return f"## Money\n\n{rows}\n\n{LEFT_OUT}"


def _cost(measured: Measured, users: int) -> tuple[str, ...]:
    first, again = (measured.requests(name, "tables").at(users) * TABLE_DOLLARS_A_REQUEST for name in (FIRST, UNCHANGED))
    each_row = first + _entities(measured, FIRST, users) * TABLE_DOLLARS_A_REQUEST
    gigabytes = measured.value("directory, size").at(users) / 1024
    kept = f"{gigabytes:.2f} GB, {_dollars(gigabytes * DOLLARS_A_GIGABYTE)}"
    return f"{users:,}", f"{_dollars(first)} to {_dollars(each_row)}", _dollars(RUNS_A_MONTH * again), kept


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def _dollars(dollars: float) -> str:
    return f"${dollars:.5f}" if dollars < 0.01 else f"${dollars:.2f}"


def main() -> None:
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(Measured(kept())))


if __name__ == "__main__":
    main()
