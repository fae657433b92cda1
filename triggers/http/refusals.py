"""Exceptions that reach the router, as problems."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from sync_core.errors import SyncError
from triggers.http.denials import tell_denial
from triggers.http.problems import FAULT, MALFORMED, METHOD, NOT_FOUND, REJECTED, problem, problem_of

MAX_LISTED = 20
"""How many faults of one request are listed."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_OF_STATUS = {kind.status: kind for kind in (MALFORMED, NOT_FOUND, METHOD)}


def answer_refusals(app: FastAPI) -> None:
    app.exception_handler(SyncError)(_refused)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_by_status)


async def _refused(request: Request, error: SyncError) -> Response:
    await tell_denial(request, error)
    return problem_of(error)


async def _by_status(request: Request, error: HTTPException) -> Response:
    kind = _OF_STATUS.get(error.status_code, FAULT)
    headers = {"Allow": ", ".join(_served_methods(request))} if kind is METHOD else error.headers
    details = {
        NOT_FOUND: f"nothing is served at {request.url.path}; /api/openapi.json lists what is",
        METHOD: f"{request.method} is not served at {request.url.path}; the header Allow lists what is",
    }
    return problem(kind, details.get(kind, str(error.detail)), headers=headers)


def _served_methods(request: Request) -> list[str]:
    """All methods of this path. The router's own Allow names those of the first route that has the path (RFC 9110, 15.5.6)."""
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    faults: list[Any] = list(error.errors())
    first = faults[0]
    if first["type"] == "json_invalid":
        return problem(MALFORMED, f"the body is not JSON: {first['ctx']['error']}, at character {first['loc'][-1]}")
    if first["loc"] == ("body",):
        return problem(MALFORMED, "send a JSON object, with Content-Type: application/json")
    listed = [{"field": _field(fault["loc"]), "detail": fault["msg"]} for fault in faults[:MAX_LISTED]]
    detail = "; ".join(f"{one['field']}: {one['detail']}" for one in listed)
    return problem(REJECTED, detail, members={"field": listed[0]["field"], "errors": listed})


def _field(location: Iterable[object]) -> str:
    """("body", "groups", 3) as "groups.3"."""
    _, *names = location
    return ".".join(str(name) for name in names)
