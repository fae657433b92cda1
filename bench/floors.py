"""The least that a sync can cost: its pages fetched and decoded, staged and read once, its rows written; nothing decided, nothing safe."""

import time
from collections.abc import Awaitable, Callable, Sequence

import httpx
import msgspec

from sync_core.storage.azure_tables import AzureTables
from sync_core.storage.bulk import each, write_all
from sync_core.storage.packed import pack, unpack
from sync_core.storage.tables import Insert, Replace, Row, Upsert

SELECT = "id,accountEnabled,userPrincipalName,displayName,mail"
PARALLEL = 16
WARM_UP_ROWS = 5_000


class _User(msgspec.Struct, array_like=False, gc=False):
    id: str
    accountEnabled: bool  # noqa: N815, as Graph spells it
    userPrincipalName: str  # noqa: N815
    displayName: str | None = None  # noqa: N815
    mail: str | None = None


class _Page(msgspec.Struct, rename={"next": "@odata.nextLink"}):
    value: list[_User]
    next: str = ""


_PAGE = msgspec.json.Decoder(_Page)
type Work[T] = Callable[[], Awaitable[T]]
type Staged = list[tuple[str, bool, tuple[str, ...]]]


async def timed[T](work: Work[T]) -> tuple[T, float]:
    """The result, and how many seconds it took."""
    begin = time.perf_counter()
    result = await work()
    return result, time.perf_counter() - begin


async def pages(graph: str, token: str, groups: Sequence[str]) -> list[list[_User]]:
    """Every page of every group, as many chains at a time as a sync reads."""
    headers = {"Authorization": f"Bearer {token}", "ConsistencyLevel": "eventual"}
    async with httpx.AsyncClient(headers=headers, timeout=300, trust_env=False) as http:

        async def chain(group: str) -> list[list[_User]]:
            found: list[list[_User]] = []
            url = f"{graph}/groups/{group}/transitiveMembers/microsoft.graph.user?$select={SELECT}&$top=999&$count=true"
            while url:
                page = _PAGE.decode((await http.get(url)).raise_for_status().content)
                found.append(page.value)
                url = page.next
            return found

        return [page for chain_ in await each(list(groups), chain, PARALLEL) for page in chain_]


async def staging(tables: AzureTables, table: str, read: Sequence[list[_User]]) -> int:
    """Every page written as one row, and all read back once. Returns how many users came back."""
    decoder = msgspec.msgpack.Decoder(Staged)

    async def stage(numbered: tuple[int, list[_User]]) -> None:
        number, page = numbered
        content = [(user.id, user.accountEnabled, (user.userPrincipalName, user.displayName or "", user.mail or "")) for user in page]
        await tables.write(table, Insert(Row("floor", f"{number:06d}", pack(content))))

    await each(list(enumerate(read)), stage, PARALLEL)
    return sum([len(unpack(row.values, decoder)) async for rows in tables.query(table, "floor", page=20) for row in rows])


async def rows(tables: AzureTables, table: str, partitions: Sequence[str]) -> list[Row]:
    """All rows of these partitions, as they stand."""

    async def read(partition: str) -> list[Row]:
        return [row async for page in tables.query(table, partition) for row in page]

    return [row for part in await each(list(partitions), read, PARALLEL) for row in part]


async def rewrite(tables: AzureTables, table: str, written: Sequence[Row], *, twice: bool) -> None:
    """The same rows written by the batch writer alone; `twice` for rows that a run inserts and then replaces."""
    if not twice:
        await write_all(tables, table, [Upsert(row) for row in written])
        return
    etags = await write_all(tables, table, [Insert(row) for row in written])
    replaced = [Row(row.partition, row.key, row.values, etag) for row, etag in zip(written, etags, strict=True)]
    await write_all(tables, table, [Replace(row) for row in replaced])


async def warm_up(tables: AzureTables) -> None:
    """Writes, rewrites and reads rows that nobody needs: Azurite is slow at first, and what is measured first would pay for it."""
    await tables.create(["WarmUp"])
    some = [Row(f"{n % 16:x}", f"{n:06d}", {"text": f"row {n}" * 20, "blob": bytes(200)}) for n in range(WARM_UP_ROWS)]
    await rewrite(tables, "WarmUp", some, twice=True)
    await rows(tables, "WarmUp", [f"{n:x}" for n in range(16)])
