"""The obvious way: groups read with the SDK's models, rows written with the SDK's submit_transaction. Imports are warm."""

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from azure.data.tables.aio import TableServiceClient

from sync_core import ids
from sync_core.settings import Settings


async def seconds_a_user(storage: str, settings: Settings, tenant_id: str, groups: Sequence[str]) -> float:
    """Reads the groups once to warm the models, then reads them again and writes one row a user."""
    import httpx
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.groups.item.transitive_members.graph_user.graph_user_request_builder import GraphUserRequestBuilder

    from sync_core.entra.client import GraphClient, open_http
    from sync_core.entra.credentials import credential_for

    http: httpx.AsyncClient = open_http(settings.graph_base_url)
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
        await read(groups[0])
        begin = time.perf_counter()
        users: dict[str, Any] = {}
        for group in groups:
            users |= {user.id: user for user in await read(group)}
        await _write(storage, users)
        return (time.perf_counter() - begin) / len(users)
    finally:
        await client.close()
        await http.aclose()


async def _write(storage: str, users: dict[str, Any]) -> None:
    by_partition: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for object_id, user in users.items():
        user_id = ids.new_user_id()
        by_partition[user_id[2]].append(
            {
                "PartitionKey": user_id[2],
                "RowKey": user_id,
                "object_id": object_id,
                "username": user.user_principal_name,
                "realname": user.display_name or "",
                "email": user.mail or "",
                "status": "active" if user.account_enabled else "disabled",
            }
        )
    async with TableServiceClient.from_connection_string(storage) as service:
        table = await service.create_table_if_not_exists("Obvious")
        for entities in by_partition.values():
            for start in range(0, len(entities), 100):
                await table.submit_transaction([("create", entity) for entity in entities[start : start + 100]])
