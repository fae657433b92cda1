"""This API's own description: OpenAPI 3.1, made of the routes and models that serve it."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse

from triggers.http.idempotency import PARAMETER
from triggers.http.operations import OTHER
from triggers.http.problems import IN_PROGRESS, KINDS, MEDIA_TYPE, OTHER_REQUEST, TYPES, Kind

router = APIRouter()

TITLE = "Directory management"
VERSION = "1"
DESCRIPTION = """Connections to Microsoft Entra tenants, user syncs and their runs, users and groups.

Requests and answers are JSON. Lists are read in pages: `next_cursor` of one answer is the `cursor` of the next request. Errors are
problems (RFC 9457) whose `detail` says what to do. A full sync goes on after its request: start it, then follow the run."""
SIGNATURE = """HTTP Basic, with an integration key as the user name and a signature as the password.

The signature is HMAC-SHA512, in lower-case hex, under the key's secret, of these lines joined by line feeds: the header Date (or
X-Duo-Date) as sent, RFC 5322; the method in upper case; the host in lower case, without port; the path, with /api or without; the
query's parameters, percent-encoded (only A-Z a-z 0-9 - . _ ~ stay) and sorted; SHA-512 of the body in hex; SHA-512 in hex of the
X-Duo-* headers (names in lower case and values, sorted by name, joined by NUL), of nothing when there are none. It is signature
version 5 of the Duo Admin API. The date may differ from the server's time by the configured window, 300 s by default."""


@router.get("/api/openapi.json", include_in_schema=False)
async def read_openapi(request: Request) -> JSONResponse:
    return JSONResponse(document(request.app))


def document(app: FastAPI) -> dict[str, Any]:
    """The document, made at the first call."""
    if app.openapi_schema is None:
        made = get_openapi(title=TITLE, version=VERSION, description=DESCRIPTION, routes=app.routes)
        components = made.setdefault("components", {})
        components["securitySchemes"] = {"signature": {"type": "http", "scheme": "basic", "description": SIGNATURE}}
        components["responses"] = {kind.name: _response(kind) for kind in (*KINDS, IN_PROGRESS, OTHER_REQUEST)} | {OTHER: _OTHER_RESPONSE}
        components["schemas"]["Problem"] = _PROBLEM
        made["security"] = [{"signature": []}]
        _declare_repeats(made["paths"])
        app.openapi_schema = made
    return app.openapi_schema


def _declare_repeats(paths: dict[str, Any]) -> None:
    """Of every POST alike, for the edge serves them before the router."""
    for path, item in paths.items():
        if path.startswith("/api/v1/") and "post" in item:
            operation = item["post"]
            operation.setdefault("parameters", []).append(PARAMETER)
            operation["responses"].setdefault("409", {"$ref": f"#/components/responses/{IN_PROGRESS.name}"})


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A problem (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do."},
        "code": {"type": "integer", "description": "Finer than the status: the status and two digits more."},
        "field": {"type": "string", "description": "The input at fault, where one is."},
        "errors": {
            "type": "array",
            "description": "All inputs at fault.",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "detail": {"type": "string"}}},
        },
        "users": {"type": "integer", "description": "How many users somebody has to say yes for."},
        "running": {"type": "string", "description": "The reference code of the run that goes on."},
        "instance": {"type": "string", "format": "uri-reference", "description": "Names the log entry of an internal error."},
    },
}

_CONTENT_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_OTHER_RESPONSE: dict[str, Any] = {"description": "Any other problem.", "content": {MEDIA_TYPE: {"schema": _CONTENT_SCHEMA}}}


def _response(kind: Kind) -> dict[str, Any]:
    example = {"type": TYPES + kind.name, "title": kind.title, "status": kind.status, "detail": kind.meaning, "code": kind.code}
    return {"description": kind.meaning, "content": {MEDIA_TYPE: {"schema": _CONTENT_SCHEMA, "example": example}}}
