"""The ASGI app around a tenant."""

import asyncio
import secrets
import uuid
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from local.tenant.errors import unauthenticated
from local.tenant.faults import AnyFault, DropConnection, Faults, Latency, TruncatedJson, struck
from local.tenant.graph import Graph
from local.tenant.model import Tenant
from local.tenant.wire import Answer, Request, RequestLog, Seen, segments

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


class Simulation:
    """A tenant that runs: what changes it, what disturbs it, what it has seen, and the tokens it accepts."""

    def __init__(self, tenant: Tenant, faults: Iterable[AnyFault] = (), *, token: str = "") -> None:
        self.tenant = tenant
        self.faults = Faults(faults)
        self.requests = RequestLog()
        self.token = token or f"static.{secrets.token_urlsafe(24)}"
        self.tokens = {self.token}
        self.graph = Graph(tenant, self.faults, self.requests)


def create_app(simulation: Simulation) -> Starlette:
    """Graph under /v1.0, sign-in under /{tenant}, control under /control."""
    return Starlette(routes=[Route("/v1.0/{path:path}", GraphEndpoint(simulation), methods=_METHODS)])


class GraphEndpoint:
    """Graph at the edge: lets requests in by their token and carries out what faults do to connections."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read(HttpRequest(scope, receive))
        graph = self._simulation.graph
        seen, faults = graph.see(request)
        if latency := struck(faults, Latency):
            await asyncio.sleep(latency.seconds)
        answer = self._answer(request, seen, faults)
        body = answer.body[: len(answer.body) // 2] if struck(faults, TruncatedJson) else answer.body
        headers = {"request-id": str(uuid.uuid4()), "odata-version": "4.0", "cache-control": "no-cache", **answer.headers}
        if client := request.headers.get("client-request-id"):
            headers["client-request-id"] = client
        response = Response(body, answer.status, headers)
        if struck(faults, DropConnection):
            await _half(response, send)
        else:
            await response(scope, receive, send)

    def _answer(self, request: Request, seen: Seen, faults: tuple[AnyFault, ...]) -> Answer:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return unauthenticated().answer()
        if token not in self._simulation.tokens:
            return unauthenticated("Invalid authentication token.").answer()
        return self._simulation.graph.answer(request, seen, faults)


async def _read(http: HttpRequest) -> Request:
    raw = http.scope["raw_path"].decode("ascii").removeprefix("/v1.0/").rstrip("/")
    return Request(
        method=http.method,
        segments=segments(unquote(part) for part in raw.split("/")),
        query=dict(parse_qsl(http.url.query, keep_blank_values=True)),
        headers=dict(http.headers),
        body=await http.body(),
        base=f"{http.url.scheme}://{http.url.netloc}/v1.0",
        url=str(http.url),
    )


async def _half(response: Response, send: Send) -> None:
    """Promises the whole body and sends half of it: a server ends the connection of an app that stops there."""
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    body = bytes(response.body)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
