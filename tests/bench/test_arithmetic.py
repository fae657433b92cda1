"""What a sync takes on Azure is drawn from what was counted here, along a straight line."""

import pytest

from bench.arithmetic import FIRST, UNCHANGED, Line, Measured, page
from bench.figures import Kept


def kept(name: str, users: int, value: float, requests: dict[str, int] | None = None) -> Kept:
    return Kept(name=name, users=users, value=value, unit="", floor=None, ratio=None, requests=requests or {})


def counted(users: int) -> list[Kept]:
    requests = {"tables": 100 + users // 10, "queue": 40, "graph": 20 + users // 200}
    return [
        *(
            row
            for name in (FIRST, UNCHANGED)
            for row in (
                kept(name, users, 1.0, requests),
                kept(f"{name}, CPU of host and Azurite", users, users / 1000),
                kept(f"{name}, Azurite's share of the CPU", users, 50),
            )
        ),
        kept("first full sync, rows written", users, 5 * users),
        kept("directory, size", users, users / 400),
    ]


def test_a_line_goes_through_the_smallest_and_the_largest_tenant():
    line = Line.through({10: 120.0, 20: 999.0, 30: 160.0})
    assert line.at(0) == 100
    assert line.at(1000) == 2100


def test_one_tenant_makes_no_line():
    with pytest.raises(SystemExit, match="measure two tenants"):
        Line.through({10: 1.0})


def test_the_page_tells_requests_time_and_money_for_both_sizes():
    text = page(Measured([*counted(10_000), *counted(30_000)]))
    assert "| table requests | 10,100 | 100,100 |" in text
    assert "| Graph requests | 520 | 5,020 |" in text
    assert "| storage, by the account's rate | 25.0 s | 4.2 min |" in text
    assert "| our CPU, on one core of the machine that measured | 50.0 s | 8.3 min |" in text
    assert "| 100,000 | $0.00036 to $0.02 | " in text
