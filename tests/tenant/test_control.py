"""Control: what it changes shows in Graph at once. Over HTTP; the methods behind it are those of `running.control`."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from local.tenant.serving import Running
from tests.tenant.conftest import ANN, BEA, CARL, EMPTY, GUEST, NO_TLS, OUTSIDER, SALES, STAFF, Caller
from tests.tenant.test_login import CLIENT, post
from tests.tenant.test_login import FORM as TOKEN_FORM


class Remote:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def __call__(self, method: str, path: str, body: object = None, *, status: int = 200, **query: str) -> Any:
        answer = await self.client.request(method, f"/control{path}", json=body, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
async def control(running: Running) -> AsyncIterator[Remote]:
    async with httpx.AsyncClient(base_url=running.url, verify=NO_TLS) as client:
        yield Remote(client)


async def users_of(graph: Caller, group: str) -> set[str]:
    return {row["id"] for page in await graph.members(group) for row in page["value"]}


async def test_somebody_is_hired_into_groups(control: Remote, graph: Caller):
    new = await control(
        "POST", "/users", {"name": "Zoë Nuñez", "groups": ["Sales EMEA", EMPTY], "properties": {"mail": None, "city": "Lima"}}
    )
    assert new["id"] in await users_of(graph, EMPTY) & await users_of(graph, STAFF)
    shown = await graph.ask(f"/users/{new['userPrincipalName']}", select="displayName,mail,city,accountEnabled")
    assert shown | {"@odata.context": ""} == {
        "@odata.context": "", "displayName": "Zoë Nuñez", "mail": None, "city": "Lima", "accountEnabled": True,
    }  # fmt: skip


async def test_the_hired_have_names_of_their_own(control: Remote):
    names = [(await control("POST", "/users", {"name": "Ann Lee"}))["userPrincipalName"] for _ in range(3)]
    assert len(set(names)) == 3


async def test_somebody_leaves(control: Remote, graph: Caller):
    await control("DELETE", f"/users/{BEA}")
    assert await users_of(graph, SALES) == {ANN, CARL, GUEST}
    assert await graph.refusal(f"/users/{BEA}") == (404, "Request_ResourceNotFound")


async def test_an_account_is_disabled_and_enabled(control: Remote, graph: Caller):
    name = quote("gus_partner.example#EXT#@contoso.example")
    for action, enabled in (("disable", False), ("enable", True)):
        await control("POST", f"/users/{name}/{action}")
        assert (await graph.ask(f"/users/{GUEST}", select="accountEnabled"))["accountEnabled"] is enabled


async def test_a_renamed_user_keeps_the_id_and_the_old_mail_as_proxy_address(control: Remote, graph: Caller):
    await control("POST", f"/users/{ANN}/rename", {"name": "Ann Lind", "upn": "Ann.Lind@contoso.example"})
    shown = await graph.ask("/users/ann.lind@contoso.example", select="id,displayName,surname,mail,proxyAddresses")
    assert (shown["id"], shown["displayName"], shown["surname"], shown["mail"]) == (ANN, "Ann Lind", "Lind", "ann.lind@contoso.example")
    assert "smtp:ann@contoso.example" in shown["proxyAddresses"]
    assert await graph.refusal("/users/ann.o'brien@contoso.example") == (404, "Request_ResourceNotFound")


async def test_any_property_is_changed(control: Remote, graph: Caller):
    await control("PATCH", f"/users/{BEA}", {"businessPhones": ["+49 30 1"], "mailNickname": None})
    shown = await graph.ask(f"/users/{BEA}", select="businessPhones,mailNickname")
    assert (shown["businessPhones"], shown["mailNickname"]) == (["+49 30 1"], None)


async def test_somebody_moves_between_groups(control: Remote, graph: Caller):
    await control("POST", f"/users/{BEA}/move", {"leaving": "Sales EMEA", "joining": EMPTY})
    assert BEA not in await users_of(graph, STAFF)
    assert await users_of(graph, EMPTY) == {BEA}


async def test_members_are_added_and_taken_away_nested_groups_too(control: Remote, graph: Caller):
    await control("POST", f"/groups/{EMPTY}/members", {"members": [OUTSIDER, "Sales EMEA"]})
    assert await users_of(graph, EMPTY) == {ANN, BEA, CARL, GUEST, OUTSIDER}
    await control("DELETE", f"/groups/{EMPTY}/members/{SALES}")
    assert await users_of(graph, EMPTY) == {OUTSIDER}


async def test_groups_are_created_renamed_and_deleted(control: Remote, graph: Caller):
    new = await control("POST", "/groups", {"name": "Pilots", "members": [ANN]})
    assert await users_of(graph, new["id"]) == {ANN}
    await control("PATCH", "/groups/Pilots", {"displayName": "Crew"})
    assert (await graph.ask(f"/groups/{new['id']}"))["displayName"] == "Crew"
    await control("DELETE", "/groups/Crew")
    assert await graph.refusal(f"/groups/{new['id']}") == (404, "Request_ResourceNotFound")


async def test_groups_and_users_are_listed_to_choose_from(control: Remote):
    groups = await control("GET", "/groups")
    assert [(group["displayName"], group["members"]) for group in groups] == [
        ("All Staff", 4), ("FieldTeam 7", 4), ("O'Neill \"Next\"", 0), ("Sales EMEA", 4),
    ]  # fmt: skip
    assert [group["id"] for group in await control("GET", "/groups", prefix="all")] == [STAFF]
    assert len(await control("GET", "/users", limit="2")) == 2
    assert {user["id"] for user in await control("GET", "/users", group=SALES)} == {ANN, BEA, CARL, GUEST}
    assert (await control("GET", f"/users/{BEA}"))["groups"] == [SALES]
    assert (await control("GET", f"/groups/{STAFF}"))["members"] == [ANN, SALES]
    assert (await control("GET", ""))["users"] == 5


async def test_what_nobody_is_called_is_not_found_and_what_is_taken_conflicts(control: Remote, running: Running):
    before = running.tenant.version
    await control("POST", "/users/nobody/disable", status=404)
    await control("POST", "/users", {"name": "A B", "groups": ["no such group"]}, status=404)
    await control("POST", "/groups", {"name": "New", "members": ["nobody"]}, status=404)
    await control("PATCH", f"/users/{BEA}", {"userPrincipalName": "carl@contoso.example"}, status=409)
    await control("POST", "/users", {"nome": "A B"}, status=400)
    await control("DELETE", "/faults/9", status=404)
    assert running.tenant.version == before


async def test_faults_are_switched_on_and_off(control: Remote, graph: Caller):
    added = await control("POST", "/faults", {"fault": "throttle", "retry_after": "2.5", "kind": "organization", "times": 3})
    assert (await graph.answer("/organization")).headers["retry-after"] == "2.5"
    (shown,) = await control("GET", "/faults")
    assert (shown["left"], shown["struck"], shown["fault"]["fault"]) == (2, 1, "throttle")
    await control("DELETE", f"/faults/{added['number']}")
    assert (await graph.answer("/organization")).status_code == 200
    await control("POST", "/faults", {"fault": "denied"})
    await control("DELETE", "/faults")
    assert (await graph.answer("/organization")).status_code == 200


@pytest.mark.parametrize("fault", [{"fault": "earthquake"}, {"fault": "throttle", "retry": 1}, {"fault": "server_error", "status": 418}])
async def test_a_fault_that_does_not_exist_is_refused(control: Remote, fault: dict[str, Any]):
    await control("POST", "/faults", fault, status=400)


async def test_requests_are_counted_and_the_count_begins_anew(control: Remote, graph: Caller):
    await graph.members(STAFF, top=2)
    assert await control("GET", "/requests") == {"members": 2}
    await control("DELETE", "/requests")
    assert await control("GET", "/requests") == {}


async def test_consent_and_tokens_are_revoked(control: Remote):  # B-130
    await control("DELETE", f"/consents/{CLIENT}")
    assert (await post(control.client, TOKEN_FORM))[1]["error_codes"] == [700016]
    await control("PUT", f"/consents/{CLIENT}")
    _, body = await post(control.client, TOKEN_FORM)
    await control("DELETE", "/tokens")
    answer = await control.client.get("/v1.0/organization", headers={"authorization": f"Bearer {body['access_token']}"})
    assert answer.status_code == 401
