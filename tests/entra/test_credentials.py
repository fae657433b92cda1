"""Tokens for a customer's tenant, from azure.identity's own credentials against a token endpoint over TLS."""

import asyncio
import base64
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import ClientAssertionCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from local.tenant.faults import DropConnection, TokenError
from local.tenant.generation import generate
from local.tenant.serving import Running, serve
from sync_core.entra.client import scope
from sync_core.entra.credentials import EXCHANGE, FederatedIdentity, StaticToken, TenantCredential, credential_for
from sync_core.entra.directories import Directories
from sync_core.entra.port import Directory
from sync_core.errors import Misconfigured, Reauthorize, SyncError, Transient
from sync_core.settings import Settings
from tests.entra.conftest import settings

APP = "11111111-2222-4333-8444-555555555555"
OWN_APP = "22222222-2222-4333-8444-555555555555"
SECRET = {"entra_client_id": APP, "entra_client_secret": "a secret"}


@pytest.fixture
async def entra() -> AsyncGenerator[Running]:
    async with serve(generate(30), tls=True) as running:
        yield running


def with_entra(entra: Running, **values: str) -> Settings:
    return settings(entra.graph_url, authority_url=entra.login_url, entra_authority_ca=str(entra.ca_file), **values)


@asynccontextmanager
async def opened(entra: Running, **values: str) -> AsyncGenerator[Directory]:
    directories = Directories(with_entra(entra, **values))
    try:
        yield await directories.of(entra.tenant_id)
    finally:
        await directories.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with its private key, in one PEM file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "directory sync")]), datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    signed = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("certificate") / "app.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


async def test_a_secret_gets_a_token_of_the_customers_tenant_once(entra: Running):
    async with opened(entra, **SECRET) as directory:
        for _ in range(3):
            await directory.find_groups("x")

    assert [request.url for request in entra.requests.of("token")] == [f"{entra.login_url}/{entra.tenant_id}/oauth2/v2.0/token"]
    assert claims(entra.requests.of("groups")[0].headers["authorization"].partition(" ")[2])["appid"] == APP


async def test_requests_at_the_same_time_wait_for_one_token(entra: Running):
    async with opened(entra, **SECRET) as directory:
        await asyncio.gather(*(directory.find_groups("x") for _ in range(8)))

    assert (entra.requests.counts["token"], entra.requests.counts["groups"]) == (1, 8)


async def test_a_certificate_gets_a_token(entra: Running, certificate: Path):
    async with opened(entra, entra_client_id=APP, entra_certificate_path=str(certificate)) as directory:
        assert await directory.find_groups("All")


async def test_a_certificate_goes_before_a_secret(entra: Running, tmp_path: Path):
    async with opened(entra, **SECRET, entra_certificate_path=str(tmp_path / "none.pem")) as directory:
        with pytest.raises(Misconfigured, match=r"none\.pem"):
            await directory.find_groups("All")


class ManagedIdentity:
    """Stands in for the identity endpoint of a function app, which is nowhere else."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._refusal = refusal

    async def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        self.asked.append(scopes)
        if self._refusal:
            raise self._refusal
        head, body = {"alg": "RS256"}, {"aud": EXCHANGE, "sub": "identity", "iss": "sts", "exp": time.time() + 600}
        return AccessToken(".".join([*(part(one) for one in (head, body)), "c2lnbmF0dXJl"]), int(time.time()) + 600)

    async def close(self) -> None: ...


def federated(entra: Running, identity: ManagedIdentity) -> TenantCredential:
    options: dict[str, Any] = {"authority": entra.login_url, "disable_instance_discovery": True, "connection_verify": str(entra.ca_file)}
    return TenantCredential(
        lambda: FederatedIdentity(identity, lambda say: ClientAssertionCredential(entra.tenant_id, APP, say, **options))
    )


async def test_a_managed_identity_stands_in_for_the_applications_secret(entra: Running):
    identity = ManagedIdentity()
    credential = federated(entra, identity)

    token = await credential.get_token(scope(entra.graph_url))
    await credential.close()

    assert claims(token.token)["appid"] == APP
    assert identity.asked == [("api://AzureADTokenExchange/.default",)]


async def test_a_managed_identity_that_does_not_answer_is_our_own_fault(entra: Running):
    credential = federated(entra, ManagedIdentity(ClientAuthenticationError("Identity not found")))

    with pytest.raises(Misconfigured, match="ENTRA_MANAGED_IDENTITY_CLIENT_ID"):
        await credential.get_token(scope(entra.graph_url))
    await credential.close()


async def test_a_managed_identity_goes_before_all_others(entra: Running, monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []

    def identity(*, client_id: str) -> ManagedIdentity:
        made.append(client_id)
        return ManagedIdentity()

    monkeypatch.setattr("azure.identity.aio.ManagedIdentityCredential", identity)
    async with opened(entra, **SECRET, entra_certificate_path="none.pem", entra_managed_identity_client_id="identity") as directory:
        assert await directory.find_groups("All")
    assert made == ["identity"]


async def test_a_tenant_may_have_an_application_of_its_own(entra: Running):
    own = {entra.tenant_id.upper(): {"client_id": OWN_APP, "client_secret": "another secret"}}
    async with opened(entra, **SECRET, entra_applications=msgspec.json.encode(own).decode()) as directory:
        await directory.find_groups("x")

    assert claims(entra.requests.of("groups")[0].headers["authorization"].partition(" ")[2])["appid"] == OWN_APP


async def test_the_applications_of_tenants_come_from_the_environment_and_show_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_KEY", "AAAA")
    monkeypatch.setenv("ENTRA_APPLICATIONS", '{"T": {"client_id": "own", "client_secret": "hidden"}}')
    read = Settings()  # pyright: ignore[reportCallIssue], its fields come from the environment
    assert (read.application("t").client_id, read.application("other").client_id) == ("own", "")
    assert "hidden" not in repr(read)


@pytest.mark.parametrize(
    "wrong", ['{"T": {"client_secret": "hidden"', '{"T": {"client_secret_typo": "hidden"}}', '{"T": "hidden"}', '["hidden"]']
)
def test_applications_of_another_form_are_refused_without_showing_them(wrong: str):
    with pytest.raises(ValueError, match="entra_applications") as refused:
        settings("https://graph.microsoft.com/v1.0", entra_applications=wrong)
    assert "hidden" not in str(refused.value)


async def test_without_a_credential_the_settings_are_named(entra: Running):
    async with opened(entra) as directory:
        with pytest.raises(Misconfigured, match="set ENTRA_CLIENT_ID and one of"):
            await directory.find_groups("x")
    assert not entra.requests.counts


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (700016, Reauthorize),
        (65001, Reauthorize),
        (500011, Reauthorize),
        (90002, Reauthorize),
        (7000215, Misconfigured),
        (7000222, Misconfigured),
        (50013, Misconfigured),
        (700027, Misconfigured),
        (90033, Transient),
        (0, Transient),
    ],
)
async def test_a_refusal_of_entra_says_whose_fault_it_is(entra: Running, code: int, kind: type[SyncError]):  # B-130
    entra.faults.add(TokenError(code=code))

    async with opened(entra, **SECRET) as directory:
        with pytest.raises(kind, match="Microsoft Entra answered"):
            await directory.find_groups("x")

    assert entra.requests.counts == {"token": 1}


async def test_a_token_endpoint_that_hangs_up_is_tried_again_later(entra: Running):
    entra.faults.add(DropConnection(kind="token"))

    async with opened(entra, **SECRET) as directory:
        with pytest.raises(Transient):
            await directory.find_groups("x")


async def test_a_token_that_was_revoked_is_replaced(entra: Running):
    async with opened(entra, **SECRET) as directory:
        await directory.find_groups("x")
        entra.simulation.tokens.revoke_all()
        await asyncio.gather(directory.find_groups("x"), directory.find_groups("x"))

    assert entra.requests.counts["token"] == 2


async def test_a_credential_is_renewed_once_for_all_who_saw_it_fail():
    made: list[StaticToken] = []
    credential = TenantCredential(lambda: made.append(StaticToken("token")) or made[-1])

    await credential.get_token()
    await asyncio.gather(credential.renew(0), credential.renew(0), credential.renew(0))
    await credential.get_token()

    assert len(made) == 2


async def test_a_static_token_asks_nobody(entra: Running):
    credential = credential_for(with_entra(entra, graph_static_token="fixed"), entra.tenant_id)

    assert (await credential.get_token()).token == "fixed"
    assert not entra.requests.counts


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://graph.microsoft.com/v1.0", "https://graph.microsoft.com/.default"),
        ("http://127.0.0.1:8080/v1.0", "https://graph.microsoft.com/.default"),
    ],
)
def test_tokens_are_asked_for_graph_itself(base_url: str, expected: str):
    assert scope(base_url) == expected


def part(content: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
