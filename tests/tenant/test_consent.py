"""The admin-consent page. Source: learn.microsoft.com, "Admin consent on the Microsoft identity platform"."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from local.tenant.model import Tenant
from local.tenant.serving import Running, serve
from tests.tenant.conftest import NO_TLS, TENANT_ID
from tests.tenant.test_login import CLIENT, FORM, SCOPE

BACK = "https://sync.example/consent?from=entra"
ASKED = {"client_id": CLIENT, "scope": SCOPE, "redirect_uri": BACK, "state": "one use & only"}


@pytest.fixture
async def running(tenant: Tenant) -> AsyncIterator[Running]:
    async with serve(tenant, consent_required=True) as started:
        yield started


@pytest.fixture
async def browser(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running.url, verify=NO_TLS) as client:
        yield client


async def decide(browser: httpx.AsyncClient, decision: str, asked: dict[str, str] = ASKED) -> dict[str, Any]:
    answer = await browser.post("/organizations/v2.0/adminconsent", params=asked, data={"decision": decision})
    assert answer.status_code == 303
    back = urlsplit(answer.headers["location"])
    assert (back.netloc, back.path) == ("sync.example", "/consent")
    return {name: values[0] for name, values in parse_qs(back.query).items()}


async def token_error(browser: httpx.AsyncClient) -> list[int]:
    return (await browser.post(f"/{TENANT_ID}/oauth2/v2.0/token", data=FORM)).json().get("error_codes", [])


async def test_the_page_asks_and_escapes_what_it_was_given(browser: httpx.AsyncClient):
    page = await browser.get(f"/{TENANT_ID}/v2.0/adminconsent", params={**ASKED, "client_id": "<script>"})
    assert page.status_code == 200
    assert "Contoso Ltd" in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text


async def test_allowing_sends_the_browser_back_and_lets_the_application_in(browser: httpx.AsyncClient):  # B-022
    assert await token_error(browser) == [700016]
    assert await decide(browser, "allow") == {
        "from": "entra", "admin_consent": "True", "tenant": TENANT_ID, "scope": SCOPE, "state": "one use & only",
    }  # fmt: skip
    assert await token_error(browser) == []


async def test_denying_says_so_and_lets_nobody_in(browser: httpx.AsyncClient):
    said = await decide(browser, "deny")
    assert (said["error"], said["admin_consent"], said["state"]) == ("access_denied", "True", "one use & only")
    assert await token_error(browser) == [700016]


async def test_consent_given_again_restores_what_was_revoked(browser: httpx.AsyncClient, running: Running):  # B-131
    await decide(browser, "allow")
    running.simulation.consents.revoke(CLIENT)
    assert await token_error(browser) == [700016]
    await decide(browser, "allow")
    assert await token_error(browser) == []


async def test_an_answer_has_a_state_only_where_the_question_had_one(browser: httpx.AsyncClient):
    assert "state" not in await decide(browser, "allow", {name: value for name, value in ASKED.items() if name != "state"})


@pytest.mark.parametrize(
    ("name", "changes"),
    [("common", {}), ("fabrikam.example", {}), (TENANT_ID, {"redirect_uri": "javascript:alert(1)"}), (TENANT_ID, {"scope": ""})],
)
async def test_a_wrong_question_is_answered_by_no_redirect(browser: httpx.AsyncClient, name: str, changes: dict[str, str]):
    for method in ("GET", "POST"):
        answer = await browser.request(method, f"/{name}/v2.0/adminconsent", params={**ASKED, **changes})
        assert (answer.status_code, "location" in answer.headers) == (400, False)
