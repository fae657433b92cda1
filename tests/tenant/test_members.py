"""A group's transitive members, page by page. Source: learn.microsoft.com, "List group transitive members"."""

from collections.abc import Sequence

import pytest

from local.tenant import members as rendering
from local.tenant.model import Properties
from local.tenant.properties import row
from local.tenant.serving import Running
from tests.tenant.conftest import ANN, BEA, CARL, EMPTY, FIELD, GUEST, SALES, STAFF, Caller, members_path


async def test_nested_groups_are_flattened_and_a_circle_of_groups_ends(graph: Caller):  # B-033
    for group in (STAFF, SALES, FIELD):
        (page,) = await graph.members(group, top=999)
        assert [row["id"] for row in page["value"]] == [ANN, BEA, CARL, GUEST]


async def test_pages_are_chained_by_next_links_and_only_the_first_one_counts(graph: Caller):
    pages = await graph.members(STAFF, top=3)
    assert [[row["id"] for row in page["value"]] for page in pages] == [[ANN, BEA, CARL], [GUEST]]
    assert [page.get("@odata.count") for page in pages] == [4, None]


async def test_a_full_last_page_has_no_next_link(graph: Caller):
    assert [len(page["value"]) for page in await graph.members(STAFF, top=2)] == [2, 2]


async def test_an_empty_group_has_one_page_without_rows(graph: Caller):
    (page,) = await graph.members(EMPTY)
    assert page["@odata.count"] == 0
    assert page["value"] == []


async def test_both_names_of_the_cast_are_understood(graph: Caller):
    page = await graph.ask(f"/groups/{STAFF}/transitiveMembers/microsoft.graph.user", count="true")
    assert len(page["value"]) == 4


async def test_only_selected_properties_come_back_and_missing_ones_are_null(graph: Caller):
    (page,) = await graph.members(SALES, top=999, select="mail,businessPhones,onPremisesExtensionAttributes")
    assert page["value"][0] == {"mail": "ann@contoso.example", "businessPhones": ["+1 206 555 0100"], "onPremisesExtensionAttributes": None}
    assert page["value"][1] == {"mail": None, "businessPhones": [], "onPremisesExtensionAttributes": None}
    assert page["value"][2]["onPremisesExtensionAttributes"]["extensionAttribute1"] == "A-1"


async def test_without_select_the_default_properties_come_back(graph: Caller):
    page = await graph.ask(members_path(STAFF), count="true")
    assert "accountEnabled" not in page["value"][0]
    assert page["value"][0]["userPrincipalName"] == "ann.o'brien@contoso.example"


@pytest.mark.parametrize(
    ("headers", "options", "refusal"),
    [
        ({"consistencylevel": ""}, {"count": "true"}, (400, "Request_UnsupportedQuery")),
        ({}, {}, (400, "Request_UnsupportedQuery")),
        ({}, {"count": "true", "top": 1000}, (400, "Request_UnsupportedQuery")),
        ({}, {"count": "true", "top": 0}, (400, "Request_UnsupportedQuery")),
        ({}, {"count": "true", "top": "many"}, (400, "Request_BadRequest")),
        ({}, {"count": "true", "expand": "manager"}, (400, "Request_UnsupportedQuery")),
        ({}, {"count": "true", "select": "id,businessPhone"}, (400, "BadRequest")),
        ({}, {"count": "true", "skiptoken": "made-up"}, (400, "Directory_ExpiredPageToken")),
    ],
)
async def test_a_request_that_graph_would_refuse_is_refused(
    graph: Caller, headers: dict[str, str], options: dict[str, str], refusal: tuple[int, str]
):
    assert await graph.refusal(members_path(STAFF), headers=headers, **options) == refusal


async def test_a_page_token_of_another_group_is_refused(graph: Caller):
    (first, _) = await graph.members(STAFF, top=3)
    assert await graph.refusal(first["@odata.nextLink"].replace(STAFF, SALES)) == (400, "Directory_ExpiredPageToken")


async def test_an_unknown_group_is_not_found(graph: Caller):
    assert await graph.refusal(members_path(ANN), count="true") == (404, "Request_ResourceNotFound")


async def test_a_page_is_rendered_once_until_the_tenant_changes(graph: Caller, running: Running, monkeypatch: pytest.MonkeyPatch):
    rendered: list[object] = []

    def counted(user: Properties, names: Sequence[str]) -> Properties:
        rendered.append(user)
        return row(user, names)

    monkeypatch.setattr(rendering, "row", counted)
    for _ in range(3):
        await graph.members(SALES, top=999)
    assert len(rendered) == 4
    running.control.leave(CARL)
    (page,) = await graph.members(SALES, top=999)
    assert len(page["value"]) == 3


async def test_who_leaves_between_two_pages_hides_nobody_else(graph: Caller, running: Running):
    first = await graph.ask(members_path(STAFF), top=2, count="true", select="id")
    running.control.leave(ANN)
    second = await graph.ask(first["@odata.nextLink"])
    assert [row["id"] for row in second["value"]] == [CARL, GUEST]


async def test_compressed_and_plain_pages_hold_the_same(graph: Caller):
    plain = await graph.answer(members_path(STAFF), count="true", headers={"accept-encoding": "identity"})
    packed = await graph.answer(members_path(STAFF), count="true", headers={"accept-encoding": "gzip"})
    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert plain.json() == packed.json()
