"""CPU of our two hot paths beside the SDKs': a row written in bulk, a user read. Of this process alone, so other work does not show."""

import time
from collections.abc import Awaitable, Callable

from azure.data.tables.aio import TableServiceClient

from bench import obvious
from bench.figures import Figure, middle
from bench.site import Site
from sync_core.directory.attributes import Mapping
from sync_core.entra.directories import Directories
from sync_core.entra.port import Directory
from sync_core.settings import Settings
from sync_core.storage.bulk import write_all
from sync_core.storage.tables import Upsert

ROUNDS = 3


async def measure(here: Site, users: int, settings: Settings) -> list[Figure]:
    """The records of users written, and all groups read, both ways, interleaved."""
    rows = [row for row in (await here.rows())["Users"] if row.key != "~meta"]
    await here.tables.create(["ClientRows"])
    directories = Directories(settings)
    source = await directories.of(here.tenant.tenant_id)
    storage = obvious.connection_string(settings)
    async with (
        obvious.models(settings, here.tenant.tenant_id) as read,
        TableServiceClient.from_connection_string(storage) as service,
    ):
        table = await service.create_table_if_not_exists("SdkRows")
        group = max([(await _size(source, group), group) for group in here.groups])[1]
        members = await _size(source, group)
        await read(group)  # imports the models
        writing = await _both(
            lambda: write_all(here.tables, "ClientRows", [Upsert(row) for row in rows]), lambda: obvious.submit(table, rows)
        )
        reading = await _both(lambda: _size(source, group), lambda: read(group))
    await directories.close()
    return [
        _figure("batch writer, CPU a row (floor: SDK)", users, writing, len(rows)),
        _figure("reader, CPU a user (floor: SDK)", users, reading, members),
    ]


async def _size(source: Directory, group: str) -> int:
    """Reads the whole group; how many users it has."""
    found, link = 0, ""
    while True:
        page = await source.members(group, Mapping().sources, next_link=link)
        found += len(page.users)
        if not (link := page.next):
            return found


async def _both(ours: Callable[[], Awaitable[object]], sdk: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    taken = [(await _cpu(ours), await _cpu(sdk)) for _ in range(ROUNDS)]
    return middle([mine for mine, _ in taken]), middle([theirs for _, theirs in taken])


async def _cpu(work: Callable[[], Awaitable[object]]) -> float:
    begin = time.process_time()
    await work()
    return time.process_time() - begin


def _figure(name: str, users: int, seconds: tuple[float, float], number: int) -> Figure:
    ours, sdk = (1e6 * taken / number for taken in seconds)
    return Figure(name=name, users=users, value=ours, unit="µs", floor=sdk)
