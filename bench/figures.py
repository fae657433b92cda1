"""A figure, with the floor that it is compared to; how figures are shown and kept."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "latest.json"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    users: int = 0
    value: float
    unit: str
    floor: float | None = None
    """The same work with nothing around it, measured in the same run."""
    requests: dict[str, int] = msgspec.field(default_factory=dict[str, int])

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as it is written to the results."""

    name: str
    users: int
    value: float
    unit: str
    floor: float | None
    ratio: float | None
    requests: dict[str, int]


def middle(values: Sequence[float]) -> float:
    return float(median(values))


def show(figures: Sequence[Figure]) -> None:
    table = Table(title="Measured here, medians; floors from the same run")
    for column in ("figure", "users", "value", "floor", "ratio", "requests"):
        table.add_column(column, justify="left" if column in ("figure", "requests") else "right")
    for figure in figures:
        floor = f"{figure.floor:,.3g} {figure.unit}" if figure.floor is not None else ""
        ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
        requests = ", ".join(f"{kind} {number:,}" for kind, number in figure.requests.items())
        value = f"{figure.value:,.4g} {figure.unit}"
        table.add_row(figure.name, f"{figure.users:,}" if figure.users else "", value, floor, ratio, requests)
    Console(width=140).print(table)


def kept() -> list[Kept]:
    """All figures that were kept, of whatever run."""
    return msgspec.json.decode(RESULTS.read_bytes(), type=list[Kept]) if RESULTS.exists() else []


def grown() -> list[Figure]:
    """How the host's memory grows with each user, from the smallest tenant measured to the largest."""
    sizes = {row.users: row.value for row in kept() if row.name == "host, peak memory after a first full sync"}
    if len(sizes) < 2:
        return []
    least, most = min(sizes), max(sizes)
    growth = (sizes[most] - sizes[least]) * 1024 / (most - least)
    return [Figure(name="host, memory a user", users=most, value=growth, unit="KB")]


def keep(figures: Sequence[Figure]) -> None:
    """Writes the results, those of other figures and sizes that were measured before too."""
    RESULTS.parent.mkdir(exist_ok=True)
    rows = {(row.name, row.users): row for row in kept()}
    for figure in figures:
        rows[figure.name, figure.users] = Kept(
            name=figure.name,
            users=figure.users,
            value=round(figure.value, 4),
            unit=figure.unit,
            floor=None if figure.floor is None else round(figure.floor, 4),
            ratio=None if figure.ratio is None else round(figure.ratio, 3),
            requests=figure.requests,
        )
    ordered = [rows[key] for key in sorted(rows)]
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n")
