"""The table port on Azure Table Storage and Azurite. The wire format is `batch.py`'s, the way there `azure_pipeline.py`'s."""

from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import quote, urlencode

import msgspec

from sync_core.errors import AlreadyExists, Missing, Transient
from sync_core.storage.account import Account
from sync_core.storage.azure_errors import of_refusal
from sync_core.storage.azure_pipeline import Pipeline, Reply, Request
from sync_core.storage.batch import (
    CONTENT_TYPE,
    Refusal,
    address,
    decode_page,
    decode_single,
    decode_transaction,
    encode_row,
    encode_transaction,
    in_ascii,
)
from sync_core.storage.limits import check_etag, check_key, check_names, check_page, check_table
from sync_core.storage.retry import Retry
from sync_core.storage.tables import PAGE_ROWS, Delete, Insert, Operation, Replace, Row, Upsert

_READ = {"Accept": "application/json;odata=minimalmetadata"}
_WRITE = {**_READ, "Content-Type": "application/json", "Prefer": "return-no-content"}
_BATCH = {"Accept": "application/json", "Content-Type": CONTENT_TYPE}
_CONTINUATION = "x-ms-continuation-"
_NEXT = ("NextPartitionKey", "NextRowKey")
_PIECE_BYTES = 16 * 1024

_DEFAULT_RETRY = Retry()


class AzureTables:
    """Safe for concurrent use on one event loop. Opened by its first request."""

    def __init__(self, account: Account, *, retry: Retry = _DEFAULT_RETRY) -> None:
        self._pipeline = Pipeline(account, retry)

    async def close(self) -> None:
        await self._pipeline.close()

    async def create(self, tables: Sequence[str]) -> None:
        for table in tables:
            check_table(table)
            content = msgspec.json.encode({"TableName": table})
            try:
                await self._pipeline.ask(Request("POST", "Tables", _WRITE, content), _etag)
            except AlreadyExists:
                continue

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        _check(table, partition, key)

        def read(reply: Reply) -> Row:
            return decode_single(reply.body, partition=partition, etag=_etag(reply))

        try:
            return await self._pipeline.ask(Request("GET", address(table, partition, key), _READ), read)
        except Missing:
            return None

    async def query(
        self,
        table: str,
        partition: str,
        *,
        start: str = "",
        end: str = "",
        select: Sequence[str] = (),
        page: int = PAGE_ROWS,
    ) -> AsyncIterator[list[Row]]:
        _check(table, partition, start, end)
        check_page(page)
        check_names(tuple(select))
        parameters = {"$filter": _filter([("PartitionKey eq", partition)], start, end), "$top": str(page)}
        if select:
            # Asked for by name, the key is all that tells rows apart; the ETag comes as metadata.
            parameters["$select"] = ",".join(("RowKey", *select))
        async for rows in self._pages(table, parameters, partition):
            yield rows

    async def span(
        self, table: str, first: str, last: str, *, start: str = "", end: str = "", page: int = PAGE_ROWS
    ) -> AsyncIterator[list[Row]]:
        _check(table, first, last, start, end)
        check_page(page)
        bounds = _filter([("PartitionKey ge", first), ("PartitionKey le", last)], start, end)
        async for rows in self._pages(table, {"$filter": bounds, "$top": str(page)}):
            yield rows

    async def _pages(self, table: str, parameters: Mapping[str, str], partition: str = "") -> AsyncIterator[list[Row]]:
        def read(reply: Reply) -> tuple[list[Row], dict[str, str]]:
            return decode_page(reply.body, partition=partition), _continuation(reply.headers)

        following: dict[str, str] = {}
        while True:
            path = f"{table}()?{urlencode({**parameters, **following}, quote_via=quote, safe='$')}"
            rows, following = await self._pipeline.ask(Request("GET", path, _READ), read)
            # The service may answer with no rows and a token at the boundary of a partition or after five seconds.
            if rows:
                yield rows
            if not following:
                return

    async def write(self, table: str, operation: Operation) -> str:
        check_table(table)
        return await self._pipeline.ask(_single(table, operation), _etag)

    async def transact(self, table: str, operations: Sequence[Operation]) -> list[str]:
        check_table(table)
        content = encode_transaction(self._pipeline.base, table, operations)

        def read(reply: Reply) -> list[str]:
            try:
                answer = decode_transaction(reply.body, len(operations))
            except ValueError as error:
                raise Transient(f"POST $batch {table}: {error}", retry_after=0) from error
            if isinstance(answer, Refusal):
                raise of_refusal(answer, f"POST $batch {table}")
            return answer

        return await self._pipeline.ask(Request("POST", "$batch", _BATCH, content), read)


def _single(table: str, operation: Operation) -> Request:
    check_etag(operation)
    match operation:
        case Insert(row):
            return Request("POST", table, _WRITE, _content(row))
        case Upsert(row):
            return Request("PUT", address(table, row.partition, row.key), _WRITE, _content(row))
        case Replace(row):
            return Request("PUT", address(table, row.partition, row.key), {**_WRITE, "If-Match": row.etag}, _content(row))
        case Delete(partition, key, etag):
            _check(table, partition, key)
            return Request("DELETE", address(table, partition, key), {**_READ, "If-Match": etag})


def _content(row: Row) -> bytes:
    data = encode_row(row)
    # Azurite decodes the body of a single write piece by piece and loses a character that two pieces share.
    return in_ascii(data) if len(data) > _PIECE_BYTES else data


def _check(table: str, *keys: str) -> None:
    check_table(table)
    for key in keys:
        check_key(key)


def _filter(partitions: Sequence[tuple[str, str]], start: str, end: str) -> str:
    terms = list(partitions)
    if start:
        terms.append(("RowKey ge", start))
    if end:
        terms.append(("RowKey le", end))
    return " and ".join(f"{term} '{key.replace("'", "''")}'" for term, key in terms)


def _continuation(headers: Mapping[str, str]) -> dict[str, str]:
    found = {name: headers.get(_CONTINUATION + name) for name in _NEXT}
    return {name: value for name, value in found.items() if value is not None}


def _etag(reply: Reply) -> str:
    """The row's ETag; "" where there is none, as after a delete."""
    return reply.headers.get("ETag") or ""
