"""Full syncs through the whole local system: the first, one that finds nothing changed, one with 1 % changed; and who waits meanwhile.

The tenant has 20 groups and puts each user into three; some groups are nested, so that five list it. Machine and load are the same for a
figure and its floor: one run, one Azurite, one tenant. What they share weighs on both: Azurite's part of the CPU is told beside them.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console

from bench import clients, floors, obvious
from bench.figures import Figure
from bench.site import Ran, Rows, Site, site
from bench.waiting import waits
from sync_core.settings import Settings
from sync_core.storage.limits import row_bytes

OBVIOUS_USERS = 2_000
ONE_PERCENT = 100
IDLE_SECONDS = 5.0
WRITTEN_TWICE = "Objects"
"""Claimed first, done last."""
PATHS = {"/healthz": "/healthz", "/api/v1/users?limit=1": "a user read"}


@dataclass(frozen=True, slots=True)
class Floor:
    seconds: float
    cpu: float
    """Of this process and of Azurite."""


async def measure(users: int, rounds: int, console: Console) -> list[Figure]:
    """Medians of so many rounds, each on a system of its own."""
    measured: list[list[Figure]] = []
    for number in range(rounds):
        with console.status(f"{users:,} users, round {number + 1} of {rounds}") as status:
            async with site(users) as here:
                found: list[Figure] = []
                for what in (_first, _unchanged, _changed):
                    status.update(f"{users:,} users, round {number + 1} of {rounds}: {what.__name__.strip('_')} sync and its floors")
                    found += await what(here, users)
                measured.append(found)
    return _medians(measured)


async def compare_with_sdks(rounds: int) -> list[Figure]:
    """Milliseconds a user of a first sync, beside the SDK's models and transactions; CPU of both ways. Medians of so many rounds."""
    return _medians([await _compare_with_sdks() for _ in range(rounds)])


async def _compare_with_sdks() -> list[Figure]:
    async with site(OBVIOUS_USERS) as here:
        await floors.pages(here.tenant.graph, here.tenant.token, here.groups)
        ran = await here.run()
        values = {"secret_key": "A" * 43 + "=", "graph_base_url": here.tenant.graph, "graph_static_token": here.tenant.token}
        settings = Settings.model_validate(values | {"azurewebjobsstorage": here.system.storage})
        slow = await obvious.seconds_a_user(settings, here.tenant.tenant_id, here.groups, await here.rows())
        cpu = await clients.measure(here, OBVIOUS_USERS, settings)
    name = "first full sync, a user (floor: the obvious way)"
    return [Figure(name=name, users=OBVIOUS_USERS, value=ran.seconds / OBVIOUS_USERS * 1000, unit="ms", floor=slow * 1000), *cpu]


def _medians(rounds: Sequence[Sequence[Figure]]) -> list[Figure]:
    by_name: dict[str, list[Figure]] = {}
    for figures in rounds:
        for figure in figures:
            by_name.setdefault(figure.name, []).append(figure)
    return [sorted(of, key=lambda figure: figure.ratio or figure.value)[len(of) // 2] for of in by_name.values()]


async def _first(here: Site, users: int) -> list[Figure]:
    await floors.pages(here.tenant.graph, here.tenant.token, here.groups)  # the tenant renders its pages once
    ran = await here.run()
    memory = Figure(name="host, peak memory after a first full sync", users=users, value=here.host_memory(), unit="MB")
    rows = await here.rows()
    written = sum(len(of) * (2 if table == WRITTEN_TWICE else 1) for table, of in rows.items())
    reading, writing = await _reading_floor(here, "FirstStaging"), await _writing_floor(here, rows)
    floor = Floor(reading.seconds + writing.seconds, reading.cpu + writing.cpu)
    counted = Figure(name="first full sync, rows written", users=users, value=written, unit="rows")
    megabytes = sum(row_bytes(row.partition, row.key, row.values) for of in rows.values() for row in of) / 2**20
    size = Figure(name="directory, size", users=users, value=megabytes, unit="MB")
    return [*_beside(ran, floor, "first full sync", users), memory, counted, size]


async def _unchanged(here: Site, users: int) -> list[Figure]:
    before = datetime.now(UTC)
    idle, busy = await _waits(here)
    ran = await here.run()
    written = await here.written_since(before)
    reading = await _reading_floor(here, "UnchangedStaging")
    index = await _timed(here, lambda: floors.rows(here.tables, "Objects", here.object_partitions))
    floor = Floor(reading.seconds + index.seconds, reading.cpu + index.cpu)
    figures = [
        *_beside(ran, floor, "no-change sync", users),
        Figure(name="no-change sync, rows written", users=users, value=written, unit="rows"),
    ]
    for path, what in PATHS.items():
        name = f"{what} during a sync, p99 (floor: idle)"
        figures.append(Figure(name=name, users=users, value=busy[path] * 1000, unit="ms", floor=idle[path] * 1000))
    return figures


async def _changed(here: Site, users: int) -> list[Figure]:
    changed = await here.change(ONE_PERCENT)
    before = datetime.now(UTC)
    ran = await here.run()
    written = await here.written_since(before)
    # Each change of a name shown is a record and the index's row of it.
    return [
        Figure(name="1 % changed sync", users=users, value=ran.seconds, unit="s", requests=ran.requests),
        Figure(name="1 % changed sync, rows written", users=users, value=written, unit="rows", floor=2 * changed),
    ]


def _beside(ran: Ran, floor: Floor, what: str, users: int) -> list[Figure]:
    cpu = ran.host + ran.azurite
    share = 100 * ran.azurite / cpu
    return [
        Figure(name=what, users=users, value=ran.seconds, unit="s", floor=floor.seconds, requests=ran.requests),
        Figure(name=f"{what}, CPU of host and Azurite", users=users, value=cpu, unit="s", floor=floor.cpu),
        Figure(name=f"{what}, Azurite's share of the CPU", users=users, value=share, unit="%"),
    ]


async def _waits(here: Site) -> tuple[dict[str, float], dict[str, float]]:
    """The p99 of each path, idle and during a run."""
    async with waits(here.http, *PATHS) as waited:
        await asyncio.sleep(IDLE_SECONDS)
    idle = {path: waited.p99(path) for path in PATHS}
    async with waits(here.http, *PATHS) as waited:
        await here.run()
    return idle, {path: waited.p99(path) for path in PATHS}


async def _timed(here: Site, work: floors.Work[object]) -> Floor:
    own, azurite = time.process_time(), here.cpu("azurite")
    _, seconds = await floors.timed(work)
    return Floor(seconds, time.process_time() - own + here.cpu("azurite") - azurite)


async def _reading_floor(here: Site, table: str) -> Floor:
    await here.tables.create([table])

    async def read_and_stage() -> None:
        await floors.staging(here.tables, table, await floors.pages(here.tenant.graph, here.tenant.token, here.groups))

    return await _timed(here, read_and_stage)


async def _writing_floor(here: Site, rows: Rows) -> Floor:
    await here.tables.create([f"Floor{table}" for table in rows])

    async def write() -> None:
        for table, written in rows.items():
            await floors.rewrite(here.tables, f"Floor{table}", written, twice=table == WRITTEN_TWICE)

    return await _timed(here, write)
