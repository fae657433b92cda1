"""Entra's token endpoint: client credentials with a secret or an assertion.

Errors have Entra's form: an OAuth `error`, an AADSTS number in `error_codes`. Source: learn.microsoft.com, "Microsoft Entra
authentication & authorization error codes"; RFC 6749 section 5.2, RFC 7523.
"""

import asyncio
import base64
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from local.tenant.connection import half
from local.tenant.faults import DropConnection, Latency, TokenError, struck
from local.tenant.simulation import Simulation
from local.tenant.tokens import LIFETIME
from local.tenant.wire import Seen

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RESOURCES = ("https://graph.microsoft.com", "https://graph.microsoft.us")

ERRORS: Mapping[int, tuple[int, str, str]] = {
    0: (503, "temporarily_unavailable", "The service is temporarily unavailable. Please retry later."),
    50013: (401, "invalid_client", "Assertion failed signature validation."),
    65001: (400, "invalid_grant", "The user or administrator has not consented to use the application with ID '{client}'."),
    70003: (400, "unsupported_grant_type", "The app requested an unsupported grant type '{grant}'."),
    70011: (400, "invalid_scope", "The provided request must include a 'scope' input parameter that ends in /.default."),
    90002: (400, "invalid_request", "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."),
    90033: (503, "temporarily_unavailable", "A transient error has occurred. Please try again."),
    500011: (400, "invalid_resource", "The resource principal named {resource} was not found in the tenant named {tenant}."),
    700016: (400, "unauthorized_client", "Application with identifier '{client}' was not found in the directory '{tenant}'."),
    700027: (401, "invalid_client", "The certificate with identifier used to sign the client assertion is not registered on application."),
    900144: (400, "invalid_request", "The request body must contain the following parameter: '{missing}'."),
    7000215: (
        401,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value.",
    ),
    7000218: (401, "invalid_client", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
    7000222: (401, "invalid_client", "The provided client secret keys for app '{client}' are expired."),
}


class Refused(Exception):
    """The token endpoint says no: one of ERRORS, with what its text names."""

    def __init__(self, code: int, **names: str) -> None:
        super().__init__(code)
        self.code = code
        self.names = names


def login_routes(simulation: Simulation) -> list[BaseRoute]:
    return [
        Route("/{tenant}/oauth2/v2.0/token", TokenEndpoint(simulation), methods=["POST"]),
        Route("/{tenant}/v2.0/.well-known/openid-configuration", Discovery(simulation).answer, methods=["GET"]),
    ]


class TokenEndpoint:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        seen = Seen("token", request.method, str(request.url), dict(request.headers), form.get("client_id", ""))
        self._simulation.requests.add(seen)
        faults = self._simulation.faults.strike(seen)
        if latency := struck(faults, Latency):
            await asyncio.sleep(latency.seconds)
        try:
            if refusal := struck(faults, TokenError):
                raise Refused(refusal.code)
            response: Response = JSONResponse(self._token(request.path_params["tenant"], form))
        except Refused as refused:
            response = _error(refused, {"tenant": request.path_params["tenant"], "client": form.get("client_id", "")})
        if struck(faults, DropConnection):
            await half(response, send)
        else:
            await response(scope, receive, send)

    def _token(self, tenant: str, form: Mapping[str, str]) -> dict[str, Any]:
        if not is_tenant(self._simulation, tenant):
            raise Refused(90002)
        for name in ("grant_type", "client_id", "scope"):
            if not form.get(name):
                raise Refused(900144, missing=name)
        if form["grant_type"] != "client_credentials":
            raise Refused(70003, grant=form["grant_type"])
        resource, default, _ = form["scope"].partition("/.default")
        if not default:
            raise Refused(70011)
        if resource not in RESOURCES:
            raise Refused(500011, resource=resource)
        if not self._simulation.consents.allow(form["client_id"]):
            raise Refused(700016)
        _check_credential(form)
        token = self._simulation.tokens.issue(form["client_id"], resource)
        seconds = int(LIFETIME.total_seconds())
        return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}


def _check_credential(form: Mapping[str, str]) -> None:
    """A secret that is there, or an assertion of the right shape; neither is compared with a registration."""
    if "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION:
            raise Refused(900144, missing="client_assertion_type")
        _check_assertion(form["client_assertion"], form["client_id"])
    elif "client_secret" not in form:
        raise Refused(7000218)
    elif not form["client_secret"]:
        raise Refused(7000215)


def _check_assertion(assertion: str, client_id: str) -> None:
    """A JWT that has not expired, for an audience; one that the application signed itself names it and its certificate."""
    try:
        head, claims, _signature = (_part(part) for part in assertion.split("."))
    except ValueError as error:
        raise Refused(50013) from error
    if head.get("alg") not in {"RS256", "PS256"} or not claims.get("aud") or not claims.get("sub"):
        raise Refused(50013)
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] < datetime.now(UTC).timestamp():
        raise Refused(50013)
    own = claims.get("iss") == client_id
    if own and (claims["sub"] != client_id or not (head.get("x5t") or head.get("x5t#S256"))):
        raise Refused(700027)


def _part(part: str) -> dict[str, Any]:
    """One part of a JWT; a signature is any bytes. Raises ValueError."""
    raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    if not raw.startswith(b"{"):
        return {}
    return msgspec.json.decode(raw, type=dict[str, Any])


def _error(refused: Refused, names: Mapping[str, str]) -> Response:
    status, error, text = ERRORS[refused.code]
    number = refused.code
    now = datetime.now(UTC)
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    described = text.format_map({"grant": "", "resource": "", "missing": "", **names, **refused.names})
    prefix = f"AADSTS{number}: " if number else ""
    body: dict[str, Any] = {
        "error": error,
        "error_description": f"{prefix}{described} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now:%Y-%m-%d %H:%M:%SZ}",
        "error_codes": [number] if number else [],
        "timestamp": f"{now:%Y-%m-%d %H:%M:%SZ}",
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    if number == 65001:
        body["suberror"] = "consent_required"
    return JSONResponse(body, status)


class Discovery:
    """The tenant's OpenID configuration, which anybody may read: government tenants are told by its `tenant_region_sub_scope` (D-31)."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def answer(self, request: Request) -> Response:
        tenant = request.path_params["tenant"]
        self._simulation.requests.add(Seen("discovery", request.method, str(request.url), dict(request.headers)))
        if not is_tenant(self._simulation, tenant):
            return _error(Refused(90002), {"tenant": tenant, "client": ""})
        organization = self._simulation.tenant.organization
        base = f"{request.url.scheme}://{request.url.netloc}/{organization.id}"
        shown = {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "tenant_region_scope": "USGov" if organization.region_sub_scope in {"DOD", "DODCON"} else "EU",
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": "graph.microsoft.com",
        }
        if organization.region_sub_scope:
            shown["tenant_region_sub_scope"] = organization.region_sub_scope
        return JSONResponse(shown)


def is_tenant(simulation: Simulation, name: str) -> bool:
    """Whether a path names this tenant, by id or by domain."""
    organization = simulation.tenant.organization
    return name.lower() in {organization.id, organization.domain.lower()}
