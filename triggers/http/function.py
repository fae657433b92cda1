"""The HTTP trigger: every request of the host, handed to the ASGI app.

azure.functions has an app of its own for this. It raises before ours is asked where a path is not UTF-8, and the caller gets the host's
empty 500; so the function is ours, and the app refuses what nobody can read, as it refuses anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

import azure.functions as func

from triggers.http.app import create_app

if TYPE_CHECKING:
    from triggers.http.services import GiveServices


def blueprint(services: GiveServices) -> func.Blueprint:
    bp = func.Blueprint()
    asgi = func.AsgiMiddleware(create_app(services))

    @bp.route(route="/{*route}", methods=tuple(func.HttpMethod), auth_level=func.AuthLevel.ANONYMOUS)
    async def serve_http(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return await asgi.handle_async(readable(req), context)

    return bp


def readable(req: func.HttpRequest) -> func.HttpRequest:
    """The request, with U+FFFD in its path where that is not UTF-8: the app refuses such paths."""
    path = urlsplit(req.url).path
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        url = req.url.replace(path, quote(unquote(path, errors="replace")), 1)
        return func.HttpRequest(req.method, url, headers=req.headers, params=req.params, route_params=req.route_params, body=req.get_body())
    return req
