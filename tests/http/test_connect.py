"""The whole way of admin consent: an API caller, a browser, the simulated Entra's consent page, and a token over TLS (B-022..B-026)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from local.tenant.generation import generate
from local.tenant.serving import Running, serve
from sync_core.entra.directories import Directories
from sync_core.management.connections import make_connections
from sync_core.management.consents import Consents, Site
from sync_core.settings import Settings
from sync_core.storage.authorizations import AuthorizationRows
from tests.http.calls import Api, Signed
from tests.http.problem import problem
from tests.management.deployment import randbits

PUBLIC = "https://sync.corp.example"
APP = "11111111-2222-4333-8444-555555555555"
AUTHORIZATIONS = "/api/v1/authorizations"


@pytest.fixture
async def entra() -> AsyncIterator[Running]:
    async with serve(generate(30), tls=True, consent_required=True) as running:
        yield running


@dataclass
class Way:
    api: Api
    entra: Running
    caller: httpx.AsyncClient
    browser: httpx.AsyncClient
    """Keeps its cookies, and follows nothing by itself."""

    async def begun(self, **body: Any) -> dict[str, Any]:
        answer = await self.caller.post(AUTHORIZATIONS, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def to_entra(self, url: str, browser: httpx.AsyncClient | None = None) -> str:
        """Looks at the page, presses its button; the address that it leads to."""
        browser = browser or self.browser
        page = await browser.get(url)
        assert page.status_code == 200, page.text
        assert "Continue to Microsoft" in page.text
        pressed = await browser.post(url)
        assert pressed.status_code == 303, pressed.text
        return pressed.headers["location"]

    async def decided(self, to: str, decision: str) -> str:
        """The address that Entra sends the browser back to."""
        parts = urlsplit(to)
        async with httpx.AsyncClient(base_url=self.entra.url) as at_entra:
            answer = await at_entra.post(f"{parts.path}?{parts.query}", data={"decision": decision})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def back(self, url: str, browser: httpx.AsyncClient | None = None) -> httpx.Response:
        """What the browser shows in the end."""
        browser = browser or self.browser
        answer = await browser.get(url)
        return await browser.get(answer.headers["location"]) if answer.status_code == 303 else answer

    async def status(self, begun: dict[str, Any]) -> dict[str, Any]:
        return (await self.caller.get(f"{AUTHORIZATIONS}/{begun['authorization_id']}")).json()


def ask_as(api: Api, site: Site) -> None:
    rows = AuthorizationRows(api.deployment.tables)
    api.put(consents=Consents(rows, api.services.connections, site, api.deployment.clock))


@pytest.fixture
async def way(api: Api, owner: Signed, entra: Running) -> AsyncIterator[Way]:
    settings = Settings.model_validate(
        {
            "secret_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "graph_base_url": entra.graph_url,
            "authority_url": entra.login_url,
            "entra_authority_ca": str(entra.ca_file),
            "entra_client_id": APP,
            "entra_client_secret": "a secret",
        }
    )
    directories = Directories(settings)
    deployment = api.deployment
    api.put(connections=make_connections(deployment.tables, directories.of, deployment.clock, randbits))
    ask_as(api, Site(PUBLIC, settings.authority_url, settings.entra_client_id))
    api.client.auth = owner
    transport = api.client._transport
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as browser:
        yield Way(api, entra, api.client, browser)
    await directories.close()


async def test_consent_given_in_a_browser_makes_a_connection(way: Way):  # B-022, B-025
    begun = await way.begun()
    assert begun["stage"] == "waiting"
    to = await way.to_entra(begun["url"])
    asked = parse_qs(urlsplit(to).query)
    assert to.startswith(f"{way.entra.login_url}/organizations/v2.0/adminconsent?")
    assert asked["redirect_uri"] == [f"{PUBLIC}/connect/callback"]
    shown = await way.back(await way.decided(to, "allow"))
    assert shown.status_code == 200
    organization = way.entra.tenant.organization
    assert f"{organization.name} is connected" in shown.text
    status = await way.status(begun)
    assert (status["stage"], status["tenant_id"]) == ("connected", organization.id)
    connection = (await way.caller.get(f"/api/v1/connections/{status['connection_id']}")).json()
    assert (connection["tenant_id"], connection["name"]) == (organization.id, organization.name)


async def test_consent_denied_is_told_in_entras_words_and_connects_nothing(way: Way):
    begun = await way.begun()
    shown = await way.back(await way.decided(await way.to_entra(begun["url"]), "deny"))
    assert shown.status_code == 400
    assert "AADSTS65004" in shown.text
    assert (await way.status(begun))["stage"] == "refused"
    assert (await way.caller.get("/api/v1/connections")).json()["items"] == []


async def test_a_tenant_named_without_its_consent_is_not_connected(way: Way):
    """Somebody writes Entra's answer by hand: the tenant gives no token for it."""
    begun = await way.begun()
    state = parse_qs(urlsplit(await way.to_entra(begun["url"])).query)["state"][0]
    params = {"admin_consent": "True", "tenant": way.entra.tenant_id, "state": state}
    shown = await way.back(str(httpx.URL(f"{PUBLIC}/connect/callback", params=params)))
    assert shown.status_code == 503
    assert "Try again" in shown.text
    assert (await way.status(begun))["stage"] == "answered"
    assert (await way.caller.get("/api/v1/connections")).json()["items"] == []


async def test_an_answer_brought_by_another_browser_is_refused(way: Way):
    begun = await way.begun()
    back = await way.decided(await way.to_entra(begun["url"]), "allow")
    async with httpx.AsyncClient(transport=way.api.client._transport, base_url=PUBLIC) as other:
        shown = await way.back(back, other)
        assert (shown.status_code, "another browser" in shown.text) == (400, True)
        assert (await other.post(f"/connect/{begun['authorization_id']}/end")).status_code == 400
    assert (await way.back(back)).status_code == 200  # the true one's way is still open


async def test_an_answer_counts_once_and_its_end_may_be_looked_at_again(way: Way):
    begun = await way.begun()
    back = await way.decided(await way.to_entra(begun["url"]), "allow")
    assert (await way.back(back)).status_code == 200
    assert (await way.back(back)).status_code == 400
    assert (await way.browser.get(f"/connect/{begun['authorization_id']}/end")).status_code == 200
    assert len((await way.caller.get("/api/v1/connections")).json()["items"]) == 1


async def test_a_connection_is_authorized_again_by_its_own_tenant(way: Way):  # B-026, B-131
    first = await way.begun(name="Head office")
    await way.back(await way.decided(await way.to_entra(first["url"]), "allow"))
    connection_id = (await way.status(first))["connection_id"]
    again = await way.begun(connection_id=connection_id)
    shown = await way.back(await way.decided(await way.to_entra(again["url"]), "allow"))
    assert shown.status_code == 200
    assert (await way.status(again))["connection_id"] == connection_id
    assert [one["name"] for one in (await way.caller.get("/api/v1/connections")).json()["items"]] == ["Head office"]


async def test_the_pages_let_nothing_in_and_nothing_out(way: Way):
    begun = await way.begun(name="<b>Corp</b>")
    page = await way.browser.get(begun["url"])
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"  # the address is a secret
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    pressed = await way.browser.post(begun["url"])
    cookie = pressed.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "secure", "samesite=lax", "path=/connect"))


async def test_a_page_escapes_what_it_is_given(way: Way):
    begun = await way.begun()
    state = parse_qs(urlsplit(await way.to_entra(begun["url"])).query)["state"][0]
    shown = await way.back(str(httpx.URL(f"{PUBLIC}/connect/callback", params={"error": "<script>alert(1)</script>", "state": state})))
    assert "<script" not in shown.text
    assert "&lt;script&gt;" in shown.text


FOREIGN = ["evil.example", "sync.corp.example.evil.example:443", "", "["]


@pytest.mark.parametrize("host", FOREIGN)
async def test_no_page_is_served_under_the_name_of_another_site(way: Way, host: str):
    begun = await way.begun()
    foreign = {"Host": host}
    for method in ("GET", "POST"):
        answer = await way.browser.request(method, begun["url"], headers=foreign)
        assert (answer.status_code, "location" in answer.headers, answer.cookies) == (400, False, httpx.Cookies())
    assert (await way.status(begun))["stage"] == "waiting"

    back = await way.decided(await way.to_entra(begun["url"]), "allow")
    answer = await way.browser.get(back, headers=foreign)
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert (await way.status(begun))["stage"] == "asked"

    end = f"/connect/{begun['authorization_id']}/end"
    assert (await way.browser.get(back)).headers["location"] == end
    for method in ("GET", "POST"):
        assert (await way.browser.request(method, end, headers=foreign)).status_code == 400
    assert (await way.status(begun))["stage"] == "answered"
    assert (await way.browser.get(end)).status_code == 200


async def test_a_name_that_a_gateway_sends_is_ours_and_one_that_it_reports_is_nobodys(way: Way):
    ask_as(way.api, replace(way.api.services.consents.site, hosts=("app.azurewebsites.net",)))
    begun = await way.begun()
    assert (await way.browser.get(begun["url"], headers={"Host": "app.azurewebsites.net"})).status_code == 200
    reported = {"Host": "evil.example", "X-Forwarded-Host": "sync.corp.example", "Forwarded": "host=sync.corp.example"}
    assert (await way.browser.get(begun["url"], headers=reported)).status_code == 400
    pressed = await way.browser.post(begun["url"], headers={"X-Forwarded-Host": "evil.example", "X-Original-Host": "evil.example"})
    assert parse_qs(urlsplit(pressed.headers["location"]).query)["redirect_uri"] == [f"{PUBLIC}/connect/callback"]


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", f"{PUBLIC}.evil.example/connect/callback", f"{PUBLIC}/connect/callback"])
async def test_an_answer_that_names_where_to_go_on_is_refused(way: Way, elsewhere: str):
    begun = await way.begun()
    back = await way.decided(await way.to_entra(begun["url"]), "allow")
    answer = await way.browser.get(str(httpx.URL(back).copy_merge_params({"redirect_uri": elsewhere})))
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert (await way.status(begun))["stage"] == "asked"
    assert (await way.back(back)).status_code == 200


async def test_whatever_else_an_answer_says_the_browser_stays_here(way: Way):
    begun = await way.begun()
    back = await way.decided(await way.to_entra(begun["url"]), "allow")
    more = {"url": "https://evil.example", "next": "//evil.example", "returnUrl": "https://evil.example", "session_state": "x"}
    answer = await way.browser.get(str(httpx.URL(back).copy_merge_params(more)))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/connect/{begun['authorization_id']}/end")


@pytest.mark.parametrize("address", ["x", "DZ2A3B4C5D6E7F2G3H4I.x", "%3Cscript%3E", "a" * 2000, "callback"])
async def test_an_address_that_is_not_ours_shows_a_page_and_no_fault(way: Way, address: str):
    for method in ("GET", "POST"):
        answer = await way.browser.request(method, f"/connect/{address}")
        assert answer.status_code in {400, 405}
        assert "<script" not in answer.text


async def test_begin_says_what_to_set_where_browsers_cannot_come_back(api: Api, caller: httpx.AsyncClient):
    ask_as(api, Site("", "https://login.example", APP))
    answer = await caller.post(AUTHORIZATIONS, json={})
    assert problem(answer, 500, 50002)["detail"].endswith("set PUBLIC_URL to the https address of this deployment")


async def test_an_unknown_connection_or_authorization_is_not_found(caller: httpx.AsyncClient):
    assert (await caller.post(AUTHORIZATIONS, json={"connection_id": "DC2A3B4C5D6E7F2G3H4I"})).status_code == 404
    assert (await caller.get(f"{AUTHORIZATIONS}/DZ2A3B4C5D6E7F2G3H4I")).status_code == 404
