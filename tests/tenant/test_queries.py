"""Groups, users, the organization: lists, single ones, `$filter` and `$search`."""

from typing import Any

import pytest

from local.tenant.serving import Running
from tests.tenant.conftest import ANN, BEA, CARL, EMPTY, FIELD, GUEST, OUTSIDER, SALES, STAFF, TENANT_ID, Caller


def ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["value"]]


async def test_the_organization_says_which_tenant_this_is(graph: Caller):
    (organization,) = (await graph.ask("/organization", select="id,displayName"))["value"]
    assert organization == {"id": TENANT_ID, "displayName": "Contoso Ltd"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("startswith(displayName,'sales')", [SALES]),
        ("startsWith(displayName, 'ALL ')", [STAFF]),
        ("startswith(displayName,'O''Neill \"')", [EMPTY]),
        ("startswith(displayName,'Staff')", []),
        ("displayName eq 'All Staff' or displayName eq 'sales emea'", [STAFF, SALES]),
        (f"id in ('{STAFF}','{SALES}') and securityEnabled eq true", [STAFF, SALES]),
        ("securityEnabled eq false", [FIELD]),
    ],
)
async def test_groups_are_filtered(graph: Caller, text: str, found: list[str]):  # B-030
    assert ids(await graph.ask("/groups", filter=text, select="id")) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"displayName:sal"', [SALES]),
        ('"displayName:emea sales"', [SALES]),
        ('"displayName:team"', [FIELD]),
        ('"displayName:7"', [FIELD]),
        ('"displayName:ales"', []),
        ('"displayName:O\'Neill"', [EMPTY]),
        (r'"displayName:\"next\""', [EMPTY]),
    ],
)
async def test_a_search_finds_beginnings_of_words(graph: Caller, text: str, found: list[str]):  # B-030
    page = await graph.ask("/groups", search=text, select="id", count="true")
    assert ids(page) == found
    assert page["@odata.count"] == len(found)


async def test_a_search_needs_the_consistency_level(graph: Caller):
    refused = await graph.refusal("/groups", search='"displayName:a"', headers={"consistencylevel": ""})
    assert refused == (400, "Request_UnsupportedQuery")


async def test_lists_are_paged(graph: Caller):
    first = await graph.ask("/groups", top=3, select="id", count="true")
    second = await graph.ask(first["@odata.nextLink"])
    assert (ids(first), ids(second)) == ([STAFF, SALES, FIELD], [EMPTY])
    assert (first["@odata.count"], second.get("@odata.count")) == (4, None)
    assert "@odata.nextLink" not in second


async def test_a_group_is_read_by_id_whatever_its_case(graph: Caller):
    assert (await graph.ask(f"/groups/{STAFF.upper()}", select="displayName"))["displayName"] == "All Staff"
    assert await graph.refusal(f"/groups/{ANN}") == (404, "Request_ResourceNotFound")
    assert await graph.refusal("/groups/no-guid") == (400, "Request_BadRequest")


@pytest.mark.parametrize(
    "name",
    [
        ANN,
        "ann.o'brien@contoso.example",
        "ANN.O%27Brien@contoso.example",
    ],
)
async def test_a_user_is_read_by_id_or_user_principal_name(graph: Caller, name: str):
    assert (await graph.ask(f"/users/{name}", select="id"))["id"] == ANN
    assert (await graph.ask(f"/users('{name.replace("'", "''").replace('%27', '%27%27')}')", select="id"))["id"] == ANN


async def test_a_guest_is_read_by_its_percent_encoded_name(graph: Caller):
    assert (await graph.ask("/users/gus_partner.example%23EXT%23@contoso.example", select="id"))["id"] == GUEST


async def test_an_unknown_user_is_not_found(graph: Caller):
    assert await graph.refusal("/users/nobody@contoso.example") == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("userPrincipalName eq 'Ann.O''Brien@contoso.example'", [ANN]),
        ("mail eq 'ANN@contoso.example'", [ANN]),
        ("mailNickname eq 'bea'", [BEA]),
        ("onPremisesSamAccountName eq 'blind'", [BEA]),
        ("onPremisesExtensionAttributes/extensionAttribute1 eq 'a-1'", [CARL]),
        ("otherMails/any(m:m eq 'gus@partner.example')", [GUEST]),
        ("accountEnabled eq false", [CARL]),
        ("(mail eq 'x' or startswith(displayName,'o')) and accountEnabled eq true", [OUTSIDER]),
        ("userPrincipalName in ('bea@contoso.example','carl@contoso.example')", [BEA, CARL]),
    ],
)
async def test_users_are_filtered_by_what_a_sync_may_use_as_username(graph: Caller, text: str, found: list[str]):  # B-040
    assert ids(await graph.ask("/users", filter=text, select="id", count="true")) == found


@pytest.mark.parametrize("name", ["onPremisesSamAccountName", "onPremisesExtensionAttributes/extensionAttribute1", "mobilePhone"])
async def test_some_properties_are_filtered_only_by_an_advanced_query(graph: Caller, name: str):
    assert await graph.refusal("/users", filter=f"{name} eq 'x'") == (400, "Request_UnsupportedQuery")
    assert "value" in await graph.ask("/users", filter=f"{name} eq 'x'", count="true")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("businessPhones eq '1'", "Request_UnsupportedQuery"),
        ("nickname eq 'x'", "Request_BadRequest"),
        ("mail eq", "Request_BadRequest"),
        ("mail eq 'x' and", "Request_BadRequest"),
        ("mail eq 'x') or (mail eq 'y'", "Request_BadRequest"),
        ("mail eq O'Brien", "Request_BadRequest"),
        ("mail like 'x'", "Request_BadRequest"),
    ],
)
async def test_a_filter_that_graph_would_refuse_is_refused(graph: Caller, text: str, code: str):
    assert await graph.refusal("/users", filter=text, count="true") == (400, code)


async def test_member_groups_are_transitive(graph: Caller):
    asked = {"securityEnabledOnly": False}
    assert (await graph.ask(f"/users/{GUEST}/getMemberGroups", body=asked))["value"] == [STAFF, SALES, FIELD]
    assert (await graph.ask(f"/users/{OUTSIDER}/getMemberGroups", body=asked))["value"] == []
    assert (await graph.ask(f"/users/{GUEST}/getMemberGroups", body={"securityEnabledOnly": True}))["value"] == [STAFF, SALES]


async def test_member_groups_of_nobody_are_not_found_and_need_their_parameter(graph: Caller):
    gone = await graph.refusal(f"/users/{STAFF}/getMemberGroups", body={"securityEnabledOnly": False})
    assert gone == (404, "Request_ResourceNotFound")
    assert await graph.refusal(f"/users/{ANN}/getMemberGroups", body={}) == (400, "Request_BadRequest")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic abc"])
async def test_nobody_gets_in_without_a_valid_token(graph: Caller, running: Running, authorization: str):
    answer = await graph.answer("/organization", headers={"authorization": authorization})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert running.requests.counts == {"organization": 1}


async def test_what_graph_does_not_have_is_refused(graph: Caller):
    assert await graph.refusal("/applications") == (400, "Request_BadRequest")
    assert await graph.refusal("/users", body={"displayName": "x"}) == (400, "Request_BadRequest")
    assert await graph.refusal("/users", orderby="displayName") == (400, "Request_UnsupportedQuery")


async def test_error_bodies_have_graphs_form(graph: Caller):
    error = (await graph.ask("/users/nobody"))["error"]
    assert set(error) == {"code", "message", "innerError"}
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
