"""Users decoded from JSON: the same values as a plain reading of it."""

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.entra.port import SourceUser
from sync_core.entra.rows import UserReader, reader
from sync_core.errors import IncompleteRead

PROPERTIES = [
    "displayName",
    "mail",
    "businessPhones",
    "employeeId",
    "onPremisesSyncEnabled",
    "extension_0a1b_badge",
    "id",
    "accountEnabled",
]
NESTED = "onPremisesExtensionAttributes"
ATTRIBUTES = [*PROPERTIES, f"{NESTED}.extensionAttribute1", f"{NESTED}.extensionAttribute2"]

plain = st.one_of(
    st.none(), st.text(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False, allow_infinity=False, width=32)
)
values = st.one_of(plain, st.lists(plain, max_size=3))
rows = st.fixed_dictionaries(
    {"id": st.uuids().map(str), "accountEnabled": st.booleans()},
    optional=dict.fromkeys(PROPERTIES[:-2], values)
    | {NESTED: st.none() | st.fixed_dictionaries({}, optional={"extensionAttribute1": plain, "extensionAttribute2": plain})}
    | {"@odata.type": st.just("#microsoft.graph.user"), "unasked": values},
)


def first(value: Any) -> Any:
    return (cast("list[Any]", value) or [None])[0] if isinstance(value, list) else value


def told(row: dict[str, Any], attribute: str) -> str:
    """What an attribute is as a text, the slow way."""
    name, _, key = attribute.partition(".")
    inner: dict[str, Any] = row.get(name) or {} if key else row
    value = first(inner.get(key or name))
    if value is None:
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


@given(st.lists(rows, max_size=5), st.lists(st.sampled_from(ATTRIBUTES), max_size=6), st.integers(0, 10**6) | st.none())
def test_a_page_decodes_to_what_its_json_says(people: list[dict[str, Any]], attributes: list[str], total: int | None):
    body = json.dumps({"@odata.context": "x", **({} if total is None else {"@odata.count": total}), "value": people}).encode()

    page = reader(tuple(attributes)).page(body)

    assert page.users == tuple(
        SourceUser(row["id"], row["accountEnabled"], tuple(told(row, attribute) for attribute in attributes)) for row in people
    )
    assert (page.rows, page.total, page.next) == (len(people), total, "")


@given(st.lists(rows, min_size=1, max_size=3), st.data())
def test_a_page_that_is_cut_anywhere_is_never_data(people: list[dict[str, Any]], data: st.DataObject):  # D-10
    body = json.dumps({"value": people}).encode()

    with pytest.raises(IncompleteRead):
        reader(("mail",)).page(body[: data.draw(st.integers(0, len(body) - 1))])


def test_an_object_is_asked_for_once_as_a_whole():
    attributes = ("mail", f"{NESTED}.extensionAttribute1", f"{NESTED}.extensionAttribute9", "mail", "id")

    assert UserReader(attributes).select == ("id", "accountEnabled", "mail", NESTED)


@pytest.mark.parametrize(
    "body", ['{"value":[{"id":null}]}', '{"value":[{"mail":"x"}]}', '{"users":[]}', "[]", "null", "<html>", b"\xff\xfe"]
)
def test_what_is_no_page_of_users_is_never_data(body: str | bytes):  # D-10
    with pytest.raises(IncompleteRead):
        reader(("mail",)).page(body if isinstance(body, bytes) else body.encode())


def test_one_set_of_attributes_has_one_reader():
    assert reader(("mail", "department")) is reader(("mail", "department"))
