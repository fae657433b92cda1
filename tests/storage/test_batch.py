"""Rows and transactions on the wire: what is encoded, and what is read of an answer."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.storage.batch import (
    Refusal,
    address,
    decode_page,
    decode_refusal,
    decode_transaction,
    encode_row,
    encode_transaction,
    in_ascii,
    payload_bytes,
    quoted,
)
from sync_core.storage.limits import row_bytes
from sync_core.storage.tables import ANY, MAX_ROW_BYTES, Delete, Insert, Replace, Row, Upsert, Value

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEY = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\#?"), max_size=40)
VALUE = st.one_of(
    TEXT,
    st.binary(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.datetimes(datetime(1601, 1, 1), timezones=st.timezones()).filter(lambda at: at.astimezone(UTC).year > 1600),  # noqa: DTZ001
)
VALUES = st.dictionaries(st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,20}\Z"), VALUE, max_size=20)


@given(partition=KEY, key=KEY, values=VALUES)
def test_a_row_is_read_as_it_was_encoded(partition: str, key: str, values: dict[str, Value]) -> None:
    data = encode_row(Row(partition, key, values))
    answer = b'{"odata.metadata":"m","value":[%b]}' % data[:-1].join([b"", b',"odata.etag":"e","Timestamp":"t"}'])
    (row,) = decode_page(answer, partition="")
    in_utc = {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in values.items()}
    assert row == Row(partition, key, in_utc, "e")
    assert [type(value) for value in row.values.values()] == [type(value) for value in values.values()]


def test_types_that_json_lacks_are_named_beside_the_values() -> None:
    values: dict[str, Value] = {
        "small": 1,
        "large": 2**31,
        "double": 1.0,
        "odd": -math.inf,
        "bytes": b"\xff",
        "at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    }
    assert json.loads(encode_row(Row("p", "k", values))) == {
        "PartitionKey": "p",
        "RowKey": "k",
        "small": 1,
        "large@odata.type": "Edm.Int64",
        "large": "2147483648",
        "double@odata.type": "Edm.Double",
        "double": 1.0,
        "odd@odata.type": "Edm.Double",
        "odd": "-Infinity",
        "bytes@odata.type": "Edm.Binary",
        "bytes": "/w==",
        "at@odata.type": "Edm.DateTime",
        "at": "2026-01-02T03:04:05.000006Z",
    }


def test_an_answer_of_the_service_is_read_with_its_seven_digits_and_nulls() -> None:
    page = b"""{"odata.metadata":"https://account.table.core.windows.net/$metadata#Rows","value":[{
        "odata.etag":"W/\\"datetime'2026'\\"","PartitionKey":"p","RowKey":"k","Timestamp":"2026-01-02T03:04:05.1234567Z",
        "at@odata.type":"Edm.DateTime","at":"2026-01-02T03:04:05.1234567Z","large@odata.type":"Edm.Int64","large":"-1",
        "id@odata.type":"Edm.Guid","id":"c9da6455-213d-42c9-9a79-3e9149a57833","whole@odata.type":"Edm.Double","whole":2,
        "absent":null,"gone@odata.type":"Edm.Int64","gone":null,"yes":true}]}"""
    values = {
        "at": datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC),
        "large": -1,
        "id": "c9da6455-213d-42c9-9a79-3e9149a57833",
        "whole": 2.0,
        "yes": True,
    }
    assert decode_page(page, partition="p") == [Row("p", "k", values, "W/\"datetime'2026'\"")]


def test_quotes_are_doubled_and_then_percent_encoded() -> None:
    assert quoted("it's 100%") == "it%27%27s%20100%25"
    assert address("Rows", "a'b", "plain") == "Rows(PartitionKey='a%27%27b',RowKey='plain')"


@given(text=TEXT)
def test_json_in_ascii_says_the_same(text: str) -> None:
    data = json.dumps(text, ensure_ascii=False).encode()
    assert in_ascii(data).isascii()
    assert json.loads(in_ascii(data)) == text


def test_a_transaction_is_one_change_set() -> None:
    operations = [Insert(Row("p", "a", {})), Upsert(Row("p", "b'", {})), Replace(Row("p", "c", {}, "W/x")), Delete("p", "d", ANY)]
    parts = encode_transaction("https://host", "Rows", operations).decode().split("--changeset_rows")
    assert parts[0] == "--batch_rows\r\nContent-Type: multipart/mixed; boundary=changeset_rows\r\n\r\n"
    assert [part.split("\r\n")[4] for part in parts[1:-1]] == [
        "POST https://host/Rows HTTP/1.1",
        "PUT https://host/Rows(PartitionKey='p',RowKey='b%27%27') HTTP/1.1",
        "PUT https://host/Rows(PartitionKey='p',RowKey='c') HTTP/1.1",
        "DELETE https://host/Rows(PartitionKey='p',RowKey='d') HTTP/1.1",
    ]
    assert ["If-Match: W/x\r\n" in part for part in parts[1:-1]] == [False, False, True, False]
    assert ["If-Match: *\r\n" in part for part in parts[1:-1]] == [False, False, False, True]
    assert parts[-1] == "--\r\n--batch_rows--\r\n"


@given(partition=KEY, key=KEY, values=VALUES)
def test_a_row_never_weighs_more_in_a_transaction_than_it_is_said_to(partition: str, key: str, values: dict[str, Value]) -> None:
    row = Row(partition, key, values, "W/\"datetime'2026-11-23T15%3A14%3A34.5925297Z'\"")
    base = "https://" + "a" * 60 + ".table.core.windows.net"
    for operation in (Insert(row), Upsert(row), Replace(row), Delete(partition, key, row.etag)):
        size = len(encode_transaction(base, "T" * 63, [operation]))
        assert size <= payload_bytes(operation, exact=True)
        assert size <= payload_bytes(operation)


@given(partition=KEY, key=KEY, values=VALUES)
def test_json_of_half_a_row_s_size_shows_that_a_row_is_small(partition: str, key: str, values: dict[str, Value]) -> None:
    assert row_bytes(partition, key, values) <= 2 * len(encode_row(Row(partition, key, values))) + 16 * len(values)


@pytest.mark.parametrize("value", ["x", "ü", "日", "😀", '"', "\x01"])
def test_a_row_is_refused_at_a_mebibyte_exactly(value: str) -> None:
    size = len(value.encode("utf-16-le"))

    def row(characters: int) -> Row:
        full: dict[str, Value] = {f"x{number}": value * (32768 * 2 // size) for number in range(10, 25)}
        return Row("p", "k", full | {"y": value * characters})

    most = (MAX_ROW_BYTES - row_bytes("p", "k", row(0).values)) // size
    encode_row(row(most))
    with pytest.raises(ValueError, match="1048576"):
        encode_row(row(most + 1))


PART = "--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"


def test_etags_of_an_answer_come_in_order_and_deletes_have_none() -> None:
    body = (
        f"--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
        f'{PART}HTTP/1.1 204 No Content\r\nX-Content-Type-Options: nosniff\r\nETag: W/"a"\r\n\r\n\r\n'
        f"{PART}HTTP/1.1 204 No Content\r\nDataServiceVersion: 1.0;\r\n\r\n\r\n"
        f'{PART}HTTP/1.1 201 Created\r\netag:W/"b"\r\n\r\n\r\n--changesetresponse_1--\r\n--batchresponse_1--\r\n'
    )
    assert decode_transaction(body.encode(), 3) == ['W/"a"', "", 'W/"b"']
    with pytest.raises(ValueError, match="3 answers to 4"):
        decode_transaction(body.encode(), 4)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (
            '{"odata.error":{"code":"EntityAlreadyExists","message":{"lang":"en-US","value":"42:It exists.\\nRequestId:1\\nTime:2"}}}',
            Refusal(409, "EntityAlreadyExists", "42:It exists.", 42),
        ),
        ('{"odata.error":{"code":"X","message":{"value":"No index."}}}\r\n--changesetresponse_1--', Refusal(409, "X", "No index.")),
        ("<error><code>TableNotFound</code><message>None.</message></error>", Refusal(409, "TableNotFound", "None.")),
        ("", Refusal(409, "FromHeader", "")),
        ("<html>nothing {of} the kind</html>", Refusal(409, "FromHeader", "")),
        ('{"odata.error":[]}', Refusal(409, "FromHeader", "")),
    ],
)
def test_a_refusal_is_read_in_each_form_it_takes(content: str, refusal: Refusal) -> None:
    assert decode_refusal(409, content.encode(), "FromHeader") == refusal


def test_a_value_of_a_subclass_is_kept_as_its_plain_type() -> None:
    from enum import IntEnum, StrEnum

    class Color(StrEnum):
        RED = "red"

    class Level(IntEnum):
        TOP = 7

    decoded: dict[str, Any] = json.loads(encode_row(Row("p", "k", {"color": Color.RED, "level": Level.TOP})))
    assert (decoded["color"], decoded["level"]) == ("red", 7)
