"""Transactions by azure-data-tables' own submit_transaction: what the transactions encoded by hand are compared with."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient, TableServiceClient

from sync_core.storage.tables import ANY, Delete, Insert, Operation, Replace, Row, Upsert

CONFLICTS = {409: "AlreadyExists", 412: "Stale", 404: "Missing"}


@dataclass(frozen=True)
class SdkTable:
    client: TableClient

    async def transact(self, operations: Sequence[Operation]) -> str:
        """ "done", or the conflict's name and index."""
        try:
            await self.client.submit_transaction([_sdk_operation(operation) for operation in operations])
        except TableTransactionError as error:
            return f"{CONFLICTS[error.status_code or 0]} {error.index}"
        return "done"

    async def rows(self, partition: str) -> list[tuple[str, dict[str, Any]]]:
        entities = self.client.query_entities("PartitionKey eq @p", parameters={"p": partition})
        return [_keyed(entity) async for entity in entities]


def _keyed(entity: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    return entity["RowKey"], {name: value for name, value in entity.items() if name not in {"PartitionKey", "RowKey"}}


@asynccontextmanager
async def sdk_table(connection_string: str, table: str) -> AsyncGenerator[SdkTable]:
    async with TableServiceClient.from_connection_string(connection_string) as service:
        yield SdkTable(service.get_table_client(table))


def _entity(row: Row) -> dict[str, Any]:
    return {"PartitionKey": row.partition, "RowKey": row.key, **row.values}


def _condition(etag: str) -> dict[str, Any]:
    return {} if etag == ANY else {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def _sdk_operation(operation: Operation) -> Any:
    match operation:
        case Insert(row):
            return ("create", _entity(row))
        case Upsert(row):
            return ("upsert", _entity(row), {"mode": UpdateMode.REPLACE})
        case Replace(row):
            return ("update", _entity(row), {"mode": UpdateMode.REPLACE, **_condition(row.etag)})
        case Delete(partition, key, etag):
            return ("delete", {"PartitionKey": partition, "RowKey": key}, _condition(etag))
