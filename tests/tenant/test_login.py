"""The token endpoint. Source: RFC 6749 section 5.2, RFC 7523; learn.microsoft.com, "Microsoft Entra error codes"."""

import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import ClientAssertionCredential, ClientSecretCredential

from local.tenant.faults import DropConnection, TokenError
from local.tenant.login import ASSERTION, ERRORS
from local.tenant.model import Organization, Tenant
from local.tenant.serving import Running, serve
from tests.tenant.conftest import NO_TLS, TENANT_ID

SCOPE = "https://graph.microsoft.com/.default"
CLIENT = "11111111-2222-4333-8444-555555555555"
FORM = {"grant_type": "client_credentials", "client_id": CLIENT, "scope": SCOPE, "client_secret": "s3cret"}


@pytest.fixture
async def client(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running.url, verify=NO_TLS) as made:
        yield made


async def post(client: httpx.AsyncClient, form: dict[str, str], tenant: str = TENANT_ID) -> tuple[int, dict[str, Any]]:
    answer = await client.post(f"/{tenant}/oauth2/v2.0/token", data={name: value for name, value in form.items() if value})
    return answer.status_code, answer.json()


A_DAY = 86_400
"""Assertions are made when tests are collected, and used by a run of all tests many minutes later."""


def assertion(head: dict[str, Any] | None = None, **claims: Any) -> dict[str, str]:
    parts = [
        {"alg": "RS256", "x5t": "abc", **(head or {})},
        {"iss": CLIENT, "sub": CLIENT, "aud": "x", "exp": time.time() + A_DAY, **claims},
    ]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return {**FORM, "client_secret": "", "client_assertion": f"{text}.c2lnbmVk", "client_assertion_type": ASSERTION}


async def test_a_token_opens_graph_and_names_the_tenant(client: httpx.AsyncClient):
    status, body = await post(client, FORM)
    assert (status, body["token_type"], body["expires_in"]) == (200, "Bearer", 3599)
    claims = body["access_token"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["tid"] == TENANT_ID
    answer = await client.get("/v1.0/organization", headers={"authorization": f"Bearer {body['access_token']}"})
    assert answer.status_code == 200


async def test_a_revoked_token_opens_nothing(client: httpx.AsyncClient, running: Running):
    _, body = await post(client, FORM)
    running.simulation.tokens.revoke_all()
    answer = await client.get("/v1.0/organization", headers={"authorization": f"Bearer {body['access_token']}"})
    assert answer.status_code == 401


async def test_the_tenant_is_known_by_its_domain_too(client: httpx.AsyncClient):
    assert (await post(client, FORM, "contoso.example"))[0] == 200


@pytest.mark.parametrize(
    ("changes", "code", "error"),
    [
        ({"client_secret": ""}, 7000218, "invalid_client"),
        ({"client_id": ""}, 900144, "invalid_request"),
        ({"grant_type": "password"}, 70003, "unsupported_grant_type"),
        ({"scope": "User.Read.All"}, 70011, "invalid_scope"),
        ({"scope": "https://vault.azure.net/.default"}, 500011, "invalid_resource"),
    ],
)
async def test_a_malformed_request_is_refused_as_entra_refuses_it(
    client: httpx.AsyncClient, changes: dict[str, str], code: int, error: str
):
    status, body = await post(client, {**FORM, **changes})
    assert (status, body["error"], body["error_codes"]) == (ERRORS[code][0], error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")


async def test_another_tenant_is_not_found(client: httpx.AsyncClient):
    status, body = await post(client, FORM, "fabrikam.example")
    assert (status, body["error_codes"]) == (400, [90002])


@pytest.mark.parametrize(
    ("form", "status", "codes"),
    [
        (assertion(), 200, None),
        (assertion({"x5t": None, "x5t#S256": "abc"}), 200, None),
        (assertion({"x5t": None}, iss="https://login.example/other", sub="a managed identity"), 200, None),
        (assertion({"x5t": None}), 401, [700027]),
        (assertion(sub="somebody else"), 401, [700027]),
        (assertion(exp=time.time() - 60), 401, [50013]),
        (assertion(aud=""), 401, [50013]),
        (assertion({"alg": "none"}), 401, [50013]),
        ({**assertion(), "client_assertion": "two.parts"}, 401, [50013]),
        ({**assertion(), "client_assertion": "not*base64.e30.e30"}, 401, [50013]),
        ({**assertion(), "client_assertion_type": "jwt"}, 400, [900144]),
    ],
)
async def test_an_assertion_is_checked_for_its_shape(client: httpx.AsyncClient, form: dict[str, str], status: int, codes: list[int] | None):
    got, body = await post(client, form)
    assert (got, body.get("error_codes")) == (status, codes)


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        (7000215, 401, "invalid_client"),
        (7000222, 401, "invalid_client"),
        (700016, 400, "unauthorized_client"),
        (65001, 400, "invalid_grant"),
        (90002, 400, "invalid_request"),
        (0, 503, "temporarily_unavailable"),
    ],
)
async def test_the_endpoint_refuses_when_told_to(client: httpx.AsyncClient, running: Running, code: int, status: int, error: str):  # B-130
    running.faults.add(TokenError(code=code, times=1))
    got, body = await post(client, FORM)
    assert (got, body["error"], body["error_codes"]) == (status, error, [code] if code else [])
    assert (await post(client, FORM))[0] == 200


async def test_the_connection_to_the_endpoint_drops(client: httpx.AsyncClient, running: Running):
    running.faults.add(DropConnection(kind="token", times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        await post(client, FORM)


async def test_microsofts_client_gets_tokens_over_tls(tenant: Tenant):
    async with serve(tenant, tls=True) as running:
        where = {"authority": running.login_url, "disable_instance_discovery": True, "connection_verify": str(running.ca_file)}
        async with ClientSecretCredential(TENANT_ID, CLIENT, "s3cret", **where) as credential:
            assert running.simulation.tokens.accepts((await credential.get_token(SCOPE)).token)
        given = assertion()["client_assertion"]
        async with ClientAssertionCredential(TENANT_ID, CLIENT, lambda: given, **where) as credential:
            assert running.simulation.tokens.accepts((await credential.get_token(SCOPE)).token)
        running.simulation.consents.revoke(CLIENT)
        async with ClientSecretCredential(TENANT_ID, CLIENT, "s3cret", **where) as credential:
            with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
                await credential.get_token(SCOPE)
        assert running.requests.counts["token"] == 3


@pytest.mark.parametrize("scope", ["", "GCC", "DODCON", "DOD"])
async def test_the_openid_configuration_tells_government_tenants(scope: str):  # D-31
    async with (
        serve(Tenant(Organization(TENANT_ID, "Agency", "agency.example", scope))) as running,
        httpx.AsyncClient(base_url=running.url, verify=NO_TLS) as client,
    ):
        shown = (await client.get("/agency.example/v2.0/.well-known/openid-configuration")).json()
        assert shown.get("tenant_region_sub_scope", "") == scope
        assert shown["token_endpoint"] == f"{running.url}/{TENANT_ID}/oauth2/v2.0/token"
        assert (await client.get("/other.example/v2.0/.well-known/openid-configuration")).status_code == 400
