"""The application's credential in one customer's tenant: a federated managed identity, a certificate or a secret, in that order.

azure.identity takes a third of a second to import, so it is imported in a thread, when the first token is wanted.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from sync_core.errors import Misconfigured, Transient
from sync_core.settings import Application, Settings

GLOBAL_AUTHORITY = "login.microsoftonline.com"
EXCHANGE = "api://AzureADTokenExchange/.default"
"""What a managed identity's token is for, when it stands in for the application's secret. Source: learn.microsoft.com,
"Configure an application to trust a managed identity"."""
NEVER = 253_402_300_799
"""The last second of the year 9999."""


class Credential(Protocol):
    """What azure.identity.aio's credentials have in common."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken: ...

    async def close(self) -> None: ...


class StaticToken:
    """One fixed token. Settings allow it for a Graph on loopback only."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self._token, NEVER)

    async def close(self) -> None: ...


class FederatedIdentity:
    """A managed identity's token, exchanged for one of the application in the customer's tenant: no secret is kept anywhere.

    `exchange` makes the application's credential from a function that gives the assertion; azure.identity wants that function
    synchronous, so the assertion is fetched before each call (the managed identity's own credential caches it).
    """

    def __init__(self, identity: Credential, exchange: Callable[[Callable[[], str]], Credential]) -> None:
        self._identity = identity
        self._assertion = ""
        self._application = exchange(lambda: self._assertion)

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        try:
            self._assertion = (await self._identity.get_token(EXCHANGE)).token
        except ClientAuthenticationError as refusal:
            raise _identity_failed(refusal) from refusal
        return await self._application.get_token(*scopes, **options)

    async def close(self) -> None:
        await self._application.close()
        await self._identity.close()


class TenantCredential:
    """The credential that the settings name, made at its first use, and made anew when Graph refuses its token.

    Requests that want a token at the same time wait for one answer of Entra.
    """

    def __init__(self, build: Callable[[], Credential]) -> None:
        self._build = build
        self._current: Credential | None = None
        self._one_at_a_time = asyncio.Lock()
        self.generation = 0

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        async with self._one_at_a_time:
            if self._current is None:
                self._current = await asyncio.to_thread(self._made)
            return await self._current.get_token(*scopes, **options)

    async def renew(self, generation: int) -> None:
        """Forgets the tokens of `generation`; nothing happens when somebody else did so already."""
        async with self._one_at_a_time:
            if generation == self.generation:
                await self._drop()
                self.generation += 1

    async def close(self) -> None:
        async with self._one_at_a_time:
            await self._drop()

    async def _drop(self) -> None:
        current, self._current = self._current, None
        if current is not None:
            await current.close()

    def _made(self) -> Credential:
        try:
            return self._build()
        except (ValueError, OSError) as unusable:  # a file that is not there, or is no certificate; a malformed tenant id
            raise Misconfigured(f"The credential for Microsoft Entra cannot be used: {unusable}") from unusable


def credential_for(settings: Settings, tenant_id: str) -> TenantCredential:
    """The application's credential in the tenant `tenant_id`. Raises Misconfigured at first use when the settings name none."""
    return TenantCredential(lambda: _build(settings, tenant_id))


def _build(settings: Settings, tenant_id: str) -> Credential:
    if token := settings.graph_static_token.get_secret_value():
        return StaticToken(token)
    application = settings.application(tenant_id)
    client_id, secret = application.client_id, application.client_secret.get_secret_value()
    if client_id and application.managed_identity_client_id:
        return _federated(settings, application, tenant_id)
    if client_id and application.certificate_path:
        from azure.identity.aio import CertificateCredential

        return CertificateCredential(tenant_id, client_id, application.certificate_path, **_authority(settings))
    if client_id and secret:
        from azure.identity.aio import ClientSecretCredential

        return ClientSecretCredential(tenant_id, client_id, secret, **_authority(settings))
    choices = "ENTRA_MANAGED_IDENTITY_CLIENT_ID, ENTRA_CERTIFICATE_PATH or ENTRA_CLIENT_SECRET"
    raise Misconfigured(
        f"There is no credential for Microsoft Entra: set ENTRA_CLIENT_ID and one of {choices}, or this tenant's in ENTRA_APPLICATIONS"
    )


def _federated(settings: Settings, application: Application, tenant_id: str) -> Credential:
    from azure.identity.aio import ClientAssertionCredential, ManagedIdentityCredential

    identity = ManagedIdentityCredential(client_id=application.managed_identity_client_id)

    def exchange(assertion: Callable[[], str]) -> Credential:
        return ClientAssertionCredential(tenant_id, application.client_id, assertion, **_authority(settings))

    return FederatedIdentity(identity, exchange)


def _authority(settings: Settings) -> dict[str, Any]:
    """azure.identity's keywords. No retries there: throttling is the run's business, and it knows of Retry-After."""
    options: dict[str, Any] = {"authority": settings.authority_url, "retry_total": 0}
    if urlsplit(settings.authority_url).hostname != GLOBAL_AUTHORITY:
        options["disable_instance_discovery"] = True
    if settings.entra_authority_ca:
        options["connection_verify"] = settings.entra_authority_ca
    return options


def _identity_failed(refusal: ClientAuthenticationError) -> Misconfigured | Transient:
    """A managed identity answers for itself, so what it says is never about the customer's consent."""
    what = f"The managed identity gave no token: {str(refusal).partition('\n')[0]}"
    status = refusal.status_code or 0
    if status >= 500 or status in {408, 429}:
        return Transient(what, retry_after=10.0)
    return Misconfigured(f"{what} Check ENTRA_MANAGED_IDENTITY_CLIENT_ID and that the identity is assigned to this app.")
