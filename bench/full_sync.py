"""Full syncs through the whole local system: the first, one that finds nothing changed, one with 1 % changed; and who waits meanwhile."""

import asyncio
from collections.abc import Sequence

from bench import floors, obvious
from bench.figures import Figure
from bench.site import Rows, Site, site
from bench.waiting import waits
from sync_core.settings import Settings

ROUNDS = 3
OBVIOUS_USERS = 2_000
ONE_PERCENT = 100
IDLE_SECONDS = 5.0
WRITTEN_TWICE = "Objects"
"""Claimed first, done last."""


async def measure(users: int) -> list[Figure]:
    """Medians of three rounds, each on a system of its own."""
    rounds: list[list[Figure]] = []
    for _ in range(ROUNDS):
        async with site(users) as here:
            rounds.append([*await _first(here, users), *await _unchanged(here, users), *await _changed(here, users)])
    return _medians(rounds)


async def compare_with_the_obvious_way() -> list[Figure]:
    """Seconds a user of a first sync, beside the SDK's models and transactions as the floor that it should be far below."""
    async with site(OBVIOUS_USERS) as here:
        await floors.pages(here.tenant.graph, here.tenant.token, here.groups)
        _, took = await here.run()
        values = {"secret_key": "A" * 43 + "=", "graph_base_url": here.tenant.graph, "graph_static_token": here.tenant.token}
        settings = Settings.model_validate(values | {"azurewebjobsstorage": here.system.storage})
        slow = await obvious.seconds_a_user(here.system.storage, settings, here.tenant.tenant_id, here.groups)
    return [
        Figure(
            name="first full sync, a user (floor: the obvious way)",
            users=OBVIOUS_USERS,
            value=took / OBVIOUS_USERS * 1000,
            unit="ms",
            floor=slow * 1000,
        )
    ]


def _medians(rounds: Sequence[Sequence[Figure]]) -> list[Figure]:
    by_name: dict[str, list[Figure]] = {}
    for figures in rounds:
        for figure in figures:
            by_name.setdefault(figure.name, []).append(figure)
    return [sorted(of, key=lambda figure: figure.ratio or figure.value)[len(of) // 2] for of in by_name.values()]


async def _first(here: Site, users: int) -> list[Figure]:
    await floors.pages(here.tenant.graph, here.tenant.token, here.groups)  # the tenant renders its pages once
    run, took = await here.run()
    memory = Figure(name="host, peak memory after a first full sync", users=users, value=here.host_memory(), unit="MB")
    floor = await _reading_floor(here, "FirstStaging") + await _writing_floor(here, await here.rows())
    return [Figure(name="first full sync", users=users, value=took, unit="s", floor=floor, requests=run["requests"]), memory]


async def _unchanged(here: Site, users: int) -> list[Figure]:
    before = await here.rows()
    idle, busy, run, took = await _run_watched(here)
    written = _differ(before, await here.rows())
    reading = await _reading_floor(here, "UnchangedStaging")
    _, index = await floors.timed(lambda: floors.rows(here.tables, "Objects", here.object_partitions))
    figures = [
        Figure(name="no-change sync", users=users, value=took, unit="s", floor=reading + index, requests=run["requests"]),
        Figure(name="no-change sync, rows written", users=users, value=written, unit="rows"),
    ]
    for path, what in (("/healthz", "/healthz"), ("/api/v1/users?limit=1", "a user read")):
        figures.append(
            Figure(
                name=f"{what} during a sync, p99 (floor: idle)",
                users=users,
                value=busy[path] * 1000,
                unit="ms",
                floor=idle[path] * 1000,
            )
        )
    return figures


async def _run_watched(here: Site) -> tuple[dict[str, float], dict[str, float], dict[str, dict[str, int]], float]:
    paths = ("/healthz", "/api/v1/users?limit=1")
    async with waits(here.http, *paths) as waited:
        await asyncio.sleep(IDLE_SECONDS)
    idle = {path: waited.p99(path) for path in paths}
    async with waits(here.http, *paths) as waited:
        await here.run()
    busy = {path: waited.p99(path) for path in paths}
    run, took = await here.run()
    return idle, busy, run, took


async def _changed(here: Site, users: int) -> list[Figure]:
    changed = await here.change(ONE_PERCENT)
    before = await here.rows()
    run, took = await here.run()
    written = _differ(before, await here.rows())
    # Each change of a name shown is a record and the index's row of it.
    return [
        Figure(name="1 % changed sync", users=users, value=took, unit="s", requests=run["requests"]),
        Figure(name="1 % changed sync, rows written", users=users, value=written, unit="rows", floor=2 * changed),
    ]


async def _reading_floor(here: Site, table: str) -> float:
    fetched, fetching = await floors.timed(lambda: floors.pages(here.tenant.graph, here.tenant.token, here.groups))
    await here.tables.create([table])
    _, staging = await floors.timed(lambda: floors.staging(here.tables, table, fetched))
    return fetching + staging


async def _writing_floor(here: Site, rows: Rows) -> float:
    seconds = 0.0
    for table, written in rows.items():
        await here.tables.create([f"Floor{table}"])
        twice = table == WRITTEN_TWICE
        _, took = await floors.timed(lambda t=table, w=written, d=twice: floors.rewrite(here.tables, f"Floor{t}", w, twice=d))
        seconds += took
    return seconds


def _differ(before: Rows, after: Rows) -> int:
    """Rows written, by their ETags; `~meta` aside, which each transaction on users writes."""

    def etags(rows: Rows) -> set[tuple[str, str, str, str]]:
        return {(table, row.partition, row.key, row.etag) for table, of in rows.items() for row in of if row.key != "~meta"}

    return len(etags(after) - etags(before))
