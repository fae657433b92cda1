"""`make bench`: measures, prints a table, keeps bench/results/latest.json, figures of other sizes measured before included.

SIZES="10000 30000" for other tenants, SIZES= for none; ROUNDS=3 for as many rounds of large tenants too.
"""

import asyncio
import os

from rich.console import Console

from bench import admin_api, cold_start, full_sync, individual
from bench.figures import Figure, grown, keep, show

SIZES = "10000 30000"
"""100,000 users take about eight minutes a round, 300,000 about half an hour: for those who ask."""
LARGE = 50_000
ROUNDS = 3


async def main() -> None:
    console = Console(stderr=True)
    with console.status("cold start"):
        figures: list[Figure] = cold_start.measure()
    with console.status(f"the obvious way, {full_sync.OBVIOUS_USERS:,} users"):
        figures += await full_sync.compare_with_sdks(ROUNDS)
    keep(figures)
    console.print(f"individual syncs, {individual.USERS:,} users")
    figures += await individual.measure()
    for size in map(int, os.environ.get("SIZES", SIZES).split()):
        rounds = int(os.environ.get("ROUNDS") or (1 if size > LARGE else ROUNDS))
        figures += await full_sync.measure(size, rounds, console)
        console.print(f"Admin API, {size:,} users")
        figures += await admin_api.measure(size)
        keep(figures)
    figures += grown()
    keep(figures)
    show(figures)


if __name__ == "__main__":
    asyncio.run(main())
