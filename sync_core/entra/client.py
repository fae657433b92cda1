"""The way to Graph: one HTTP client for all tenants, and for each tenant the SDK's adapter upon it.

The SDK builds the requests and its adapter sends them (tokens, claims challenges, redirects, typed errors); answers come as bytes,
because the SDK's models decode about 200 users a second.
"""

from time import perf_counter
from typing import cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from kiota_abstractions.request_information import RequestInformation
from kiota_abstractions.request_option import RequestOption
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware import (
    BaseMiddleware,
    BodyInspectionHandler,
    HeadersInspectionHandler,
    MiddlewarePipeline,
    RetryHandler,
    UrlReplaceHandler,
)
from kiota_http.middleware.options import RedirectHandlerOption
from msgraph_core import APIVersion
from msgraph_core.middleware import AsyncGraphTransport, GraphTelemetryHandler
from msgraph_core.middleware.options import GraphTelemetryHandlerOption

from sync_core import tally
from sync_core.entra import trail
from sync_core.entra.credentials import TenantCredential
from sync_core.entra.errors import FAILURES, refused_token, translate
from sync_core.entra.sdk import VERSION, GraphRequestAdapter, GraphServiceClient, ODataError, sdk_options
from sync_core.entra.trail import Asked
from sync_core.errors import StopRun
from sync_core.settings import LOOPBACK

TIMEOUT = httpx.Timeout(100, connect=30)
REFUSALS = frozenset({401, 403})
"""Also 403: a token lasts an hour, and holds the permissions that the tenant had consented to when it was made."""
NOT_NEEDED = (RetryHandler, UrlReplaceHandler, HeadersInspectionHandler, BodyInspectionHandler)
"""Throttling is the run's business: its message waits in the queue, not here, and the SDK would ignore fractions. Nobody asks for "me",
nor to inspect. Together they took a tenth of the CPU of a request.
"""
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20)


class Outbound(BaseMiddleware):
    """The last step before the wire: each request that is sent counts, redirected ones too, and none leaves Graph's origin."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._origin = _origin(httpx.URL(base_url))

    async def send(self, request: httpx.Request, transport: httpx.AsyncBaseTransport) -> httpx.Response:
        if _origin(request.url) != self._origin:
            raise StopRun(
                f"Microsoft Graph sent us on to {request.url.scheme}://{request.url.netloc.decode()}, which is not Graph: not followed"
            )
        tally.count(tally.GRAPH)
        asked = Asked(method=request.method, path=trail.shown_path(str(request.url)))
        trail.note(asked)
        began = perf_counter()
        try:
            response = await super().send(request, transport)
        finally:
            asked.seconds = round(perf_counter() - began, 3)
        asked.status, asked.request_id = response.status_code, response.headers.get("request-id", "")
        asked.retry_after = response.headers.get("retry-after", "")
        return response


class GraphTransport(AsyncGraphTransport):
    """The SDK's transport, which forgets to close the one that it wraps."""

    async def aclose(self) -> None:
        await self.transport.aclose()


def open_http(base_url: str, wire: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The HTTP client for Graph, which all tenants share. It belongs to the event loop that it is first used in; `aclose` closes all.

    `wire` carries the requests instead of a network.
    """
    options: dict[str, RequestOption] = {
        **sdk_options,
        # Outbound refuses what leaves the origin, in our words.
        RedirectHandlerOption.get_key(): RedirectHandlerOption(allow_redirect_on_scheme_change=True),
    }
    telemetry = GraphTelemetryHandlerOption(api_version=APIVersion.v1, sdk_version=VERSION)
    needed = [step for step in KiotaClientFactory.get_default_middleware(options) if not isinstance(step, NOT_NEEDED)]
    middleware = [*needed, GraphTelemetryHandler(telemetry), Outbound(base_url)]
    wire = wire or httpx.AsyncHTTPTransport(http2=True, limits=LIMITS, proxy=_proxy(base_url))
    pipeline: MiddlewarePipeline = KiotaClientFactory.create_middleware_pipeline(middleware, wire)
    return httpx.AsyncClient(transport=GraphTransport(wire, pipeline), timeout=TIMEOUT)


class GraphClient:
    """One tenant's way to Graph: `service` builds requests, `send` sends them."""

    def __init__(self, http: httpx.AsyncClient, credential: TenantCredential, base_url: str) -> None:
        host = urlsplit(base_url).hostname or ""
        provider = AzureIdentityAuthenticationProvider(
            credential,  # pyright: ignore[reportArgumentType]  # it needs get_token and close of the protocol, no context manager
            scopes=[scope(base_url)],
            allowed_hosts=[host],  # empty would mean that every host gets the token
        )
        self._credential = credential
        self._adapter = GraphRequestAdapter(provider, client=http)
        self.base_url = self._adapter.base_url = base_url.rstrip("/")
        self.service = GraphServiceClient(request_adapter=self._adapter)

    async def send(self, request: RequestInformation) -> bytes:
        """The answer's body, b"" for none. A refusal is asked again once, with a new token. Raises what `translate` makes of failures."""
        trail.begin()
        request.path_parameters["baseurl"] = self.base_url
        request.url = request.url  # expanded once: the SDK does so whenever it is asked, which took two fifths of the CPU of a request
        try:
            body = await self._sent_with_fresh_token(request)
        except FAILURES as failure:
            error = translate(failure)
            trail.failed(str(error), refused_token(failure))
            raise error from failure
        trail.answered(body)
        return body

    async def _sent_with_fresh_token(self, request: RequestInformation) -> bytes:
        generation = self._credential.generation
        try:
            return await self._sent(request)
        except ODataError as refusal:
            if refusal.response_status_code not in REFUSALS:
                raise
        await self._credential.renew(generation)
        request.headers.remove("Authorization")
        return await self._sent(request)

    async def _sent(self, request: RequestInformation) -> bytes:
        body = await self._adapter.send_primitive_async(request, "bytes", {"XXX": ODataError})
        return cast("bytes | None", body) or b""

    async def close(self) -> None:
        await self._credential.close()


def scope(base_url: str) -> str:
    """What tokens are asked for: all application permissions of Graph that were consented to."""
    host = urlsplit(base_url).hostname or ""
    return "https://graph.microsoft.com/.default" if host in LOOPBACK else f"https://{host}/.default"


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _proxy(base_url: str) -> str | None:
    """The proxy that the environment names for Graph. httpx looks for it by itself only where no transport is given."""
    parts = urlsplit(base_url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
