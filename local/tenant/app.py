"""The ASGI app around a simulation: Graph under /v1.0, control under /control, sign-in under /{tenant}."""

import asyncio
import uuid
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from local.tenant.connection import half
from local.tenant.consent import consent_routes
from local.tenant.control_api import control_routes
from local.tenant.errors import unauthenticated
from local.tenant.faults import DropConnection, Latency, TruncatedJson, struck
from local.tenant.login import login_routes
from local.tenant.simulation import Simulation
from local.tenant.wire import Answer, Request, segments

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def create_app(simulation: Simulation) -> Starlette:
    graph = Route("/v1.0/{path:path}", GraphEndpoint(simulation), methods=_METHODS)
    return Starlette(routes=[graph, *control_routes(simulation), *login_routes(simulation), *consent_routes(simulation)])


class GraphEndpoint:
    """Graph at the edge: lets requests in by their token and carries out what faults do to connections."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read(HttpRequest(scope, receive))
        graph = self._simulation.graph
        seen = graph.see(request)
        if refused := self._stranger(request):
            await _response(request, refused)(scope, receive, send)
            return
        faults = self._simulation.faults.strike(seen)
        if latency := struck(faults, Latency):
            await asyncio.sleep(latency.seconds)
        answer = graph.answer(request, seen, faults)
        if struck(faults, TruncatedJson):
            answer = Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
        response = _response(request, answer)
        if struck(faults, DropConnection):
            await half(response, send)
        else:
            await response(scope, receive, send)

    def _stranger(self, request: Request) -> Answer | None:
        """The refusal of a request without a valid token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return unauthenticated("Access token is empty.").answer()
        if not self._simulation.tokens.accepts(token):
            return unauthenticated("Invalid authentication token.").answer()
        return None


async def _read(http: HttpRequest) -> Request:
    path = http.scope["raw_path"].decode("ascii").removeprefix("/v1.0/").rstrip("/")
    return Request(
        method=http.method,
        segments=segments(unquote(part) for part in path.split("/")),
        query=dict(parse_qsl(http.url.query, keep_blank_values=True)),
        headers=dict(http.headers),
        body=await http.body(),
        base=f"{http.url.scheme}://{http.url.netloc}/v1.0",
        url=str(http.url),
    )


def _response(request: Request, answer: Answer) -> Response:
    headers = {"request-id": str(uuid.uuid4()), "odata-version": "4.0", "cache-control": "no-cache", **answer.headers}
    if client := request.headers.get("client-request-id"):
        headers["client-request-id"] = client
    return Response(answer.body, answer.status, headers)
