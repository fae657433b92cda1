"""Reads of the Admin API beside azure-data-tables' own get_entity, on one Azurite, interleaved; and what paging costs."""

import itertools
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from azure.data.tables.aio import TableClient, TableServiceClient

from bench.figures import Figure, middle
from local.azurite import Azurite
from sync_core import ids
from sync_core.clock import SystemClock
from sync_core.directory.lookups import pointers
from sync_core.directory.names import digest
from sync_core.directory.users import User
from sync_core.management.admin_api import AdminApi, make_admin_api
from sync_core.management.journal import Journal
from sync_core.management.listing import Asked
from sync_core.secrets import SecretBox
from sync_core.storage import names, schema, users
from sync_core.storage.account import Account
from sync_core.storage.azure_tables import AzureTables
from sync_core.storage.bulk import write_all
from sync_core.storage.log import LogRows
from sync_core.storage.lookups import Lookups
from sync_core.storage.names import Claim, to_row
from sync_core.storage.tables import Insert
from sync_core.storage.users import Edit, UserRows
from sync_core.tally import TABLES, tally
from triggers.http.admin.objects import Object, user_object

ROUNDS = 400
WARM_UP = 50
PAGE = 100
OFFSETS = 40
SLICE = 10_000
"""Users that are written at a time."""

type Read = Callable[[User], Awaitable[object]]


async def measure(size: int) -> list[Figure]:
    with Azurite() as azurite:  # whose heap is enough for 500,000: it holds a user's rows here in about 6.5 KB
        tables = AzureTables(Account(azurite.connection_string))
        try:
            await tables.create(schema.TABLES)
            everybody = await _populate(tables, size)
            clock = SystemClock()
            journal = Journal(LogRows(tables, clock), clock, secrets.randbits)
            box = SecretBox(bytes(32))
            api = make_admin_api(tables, box, journal, clock, secrets.randbits, trash_days=7, public_url="")
            async with TableServiceClient.from_connection_string(azurite.connection_string) as service:
                table = service.get_table_client(users.TABLE)
                return [*await _reads(api, table, everybody), *await _pages(api, everybody)]
        finally:
            await tables.close()


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311, the same choices in every run


async def _populate(tables: AzureTables, size: int) -> list[User]:
    """So many users, each found by its id, its name and its address, in the order of their ids."""
    bits = _chance(1).getrandbits
    made = [
        User(
            user_id=ids.new_user_id(bits),
            username=f"user{number}@corp.example",
            realname=f"User {number}",
            email=f"user{number}@mail.example",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for number in range(size)
    ]
    for slice_of in itertools.batched(made, SLICE, strict=False):
        await _store(tables, slice_of)
    return sorted(made, key=lambda user: user.user_id)


async def _store(tables: AzureTables, made: Sequence[User]) -> None:
    rows = UserRows(tables)
    await write_all(tables, names.TABLE, [Insert(to_row(digest(u.username), Claim(u.username, u.user_id, "", ""))) for u in made])
    await rows.amend([Edit(None, user) for user in made])
    await Lookups(tables, rows).follow(dict.fromkeys((pointer for user in made for pointer in pointers(user)), True))


async def _reads(api: AdminApi, table: TableClient, everybody: Sequence[User]) -> list[Figure]:
    showing = api.showing

    async def by_id(user: User) -> Object:
        return user_object(await showing.user(user.user_id))

    async def by_name(user: User) -> list[Object]:
        return [user_object(shown) for shown in await showing.named(user.username)]

    async def by_email(user: User) -> list[Object]:
        return [user_object(shown) for shown in await showing.with_email(user.email)]

    async def entity(user: User) -> object:
        return await table.get_entity(ids.user_partition(user.user_id), user.user_id)

    kinds: dict[str, Read] = {"id": by_id, "name": by_name, "email address": by_email}
    taken = await _interleaved({"floor": entity, **kinds}, everybody)
    figures: list[Figure] = []
    for kind, read in kinds.items():
        with tally() as requests:
            await read(everybody[0])
        reads = requests[TABLES]
        name = f"Admin API, user by {kind} (floor: get_entity, as many reads)"
        floor = 1e3 * taken["floor"] * reads
        figures.append(Figure(name=name, users=len(everybody), value=1e3 * taken[kind], unit="ms", floor=floor, requests={TABLES: reads}))
    return figures


async def _interleaved(reads: Mapping[str, Read], everybody: Sequence[User]) -> dict[str, float]:
    """Seconds that each of them takes, the middle of many."""
    choice = _chance(2)
    taken: dict[str, list[float]] = {name: [] for name in reads}
    for number in range(WARM_UP + ROUNDS):
        user = choice.choice(everybody)
        for name, read in reads.items():
            began = time.perf_counter()
            if not await read(user):
                raise RuntimeError(f"nobody found by {name}")
            if number >= WARM_UP:
                taken[name].append(time.perf_counter() - began)
    return {name: middle(values) for name, values in taken.items()}


async def _pages(api: AdminApi, everybody: Sequence[User]) -> list[Figure]:
    """Requests to storage: of the dearest page anywhere, and of a walk through all."""
    size, listing, chance = len(everybody), api.listing, _chance(3)
    offsets = [0, size - 1, *(chance.randrange(size) for _ in range(OFFSETS))]
    most = 0
    for number, offset in enumerate(offsets):
        with tally() as requests:
            listed = await listing.users(Asked(f"reader{number}", offset, PAGE))
        if [user.user_id for user in listed.items] != [user.user_id for user in everybody[offset : offset + PAGE]]:
            raise RuntimeError(f"the page at {offset} is not what was stored")
        most = max(most, requests[TABLES])
    began = time.perf_counter()
    with tally() as requests:
        offset: int | None = 0
        while offset is not None:
            listed = await listing.users(Asked("walker", offset, PAGE))
            await api.showing.users(listed.items)
            offset = offset + PAGE if listed.more else None
    seconds = time.perf_counter() - began
    each = requests[TABLES] / (size / PAGE)
    return [
        Figure(name=f"Admin API, page of {PAGE} at any offset, storage requests at most", users=size, value=most, unit="requests"),
        Figure(name="Admin API, all users read page by page, storage requests a page", users=size, value=each, unit="requests"),
        Figure(name="Admin API, all users read page by page", users=size, value=seconds, unit="s", requests=dict(requests)),
    ]
