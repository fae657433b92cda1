"""`make bench`: measures, prints a table, keeps bench/results/latest.json. SIZES="10000 30000" for other tenants; SIZES= for none."""

import asyncio
import os

from rich.console import Console

from bench import cold_start, full_sync
from bench.figures import Figure, keep, show

SIZES = "10000 30000 100000"


async def main() -> None:
    console = Console(stderr=True)
    console.print("cold start")
    figures: list[Figure] = cold_start.measure()
    console.print(f"the obvious way, {full_sync.OBVIOUS_USERS:,} users")
    figures += await full_sync.compare_with_the_obvious_way()
    for size in map(int, os.environ.get("SIZES", SIZES).split()):
        console.print(f"full syncs of {size:,} users")
        figures += await full_sync.measure(size)
        keep(figures)
    keep(figures)
    show(figures)


if __name__ == "__main__":
    asyncio.run(main())
