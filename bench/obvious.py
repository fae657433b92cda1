"""The obvious way: groups read with the SDK's models, the same rows written with the SDK's submit_transaction. Imports are warm."""

import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from azure.data.tables.aio import TableClient, TableServiceClient

from bench.site import Rows
from sync_core.settings import Settings
from sync_core.storage.tables import Row


async def seconds_a_user(settings: Settings, tenant_id: str, groups: Sequence[str], rows: Rows) -> float:
    """Reads one group to warm the models, then reads all and writes the rows of the directory as they stand, each once."""
    async with models(settings, tenant_id) as read, TableServiceClient.from_connection_string(connection_string(settings)) as service:
        await read(groups[0])
        begin = time.perf_counter()
        users = {user.id for group in groups for user in await read(group)}
        for table, written in rows.items():
            await submit(await service.create_table_if_not_exists(f"Obvious{table}"), written)
        return (time.perf_counter() - begin) / len(users)


def connection_string(settings: Settings) -> str:
    return settings.azurewebjobsstorage.get_secret_value()


@asynccontextmanager
async def models(settings: Settings, tenant_id: str) -> AsyncGenerator[Callable[[str], Awaitable[list[Any]]]]:
    """What reads the users of a group, page after page, as the SDK's documentation shows it."""
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.groups.item.transitive_members.graph_user.graph_user_request_builder import GraphUserRequestBuilder

    from sync_core.entra.client import GraphClient, open_http
    from sync_core.entra.credentials import credential_for

    http = open_http(settings.graph_base_url)
    client = GraphClient(http, credential_for(settings, tenant_id), settings.graph_base_url)
    query = GraphUserRequestBuilder.GraphUserRequestBuilderGetQueryParameters(
        select=["id", "accountEnabled", "userPrincipalName", "displayName", "mail"], top=999, count=True
    )

    async def read(group: str) -> list[Any]:
        configuration = RequestConfiguration(query_parameters=query)
        configuration.headers.add("ConsistencyLevel", "eventual")
        builder = client.service.groups.by_group_id(group).transitive_members.graph_user
        page = await builder.get(request_configuration=configuration)
        found: list[Any] = []
        while page is not None:
            found += page.value or []
            if not page.odata_next_link:
                break
            page = await builder.with_url(page.odata_next_link).get(request_configuration=configuration)
        return found

    try:
        yield read
    finally:
        await client.close()
        await http.aclose()


async def submit(table: TableClient, rows: Sequence[Row]) -> None:
    """The rows in transactions of a hundred, one after the other."""
    by_partition: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_partition[row.partition].append({"PartitionKey": row.partition, "RowKey": row.key, **row.values})
    for entities in by_partition.values():
        for start in range(0, len(entities), 100):
            await table.submit_transaction([("upsert", entity) for entity in entities[start : start + 100]])
