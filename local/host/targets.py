"""What a request is sent to: refused where Kestrel refuses it, before any function is asked.

Sources: HttpUtilities.IsHostHeaderValid, Http1Connection.OnAbsoluteFormTarget and .EnsureHostHeaderExists of dotnet/aspnetcore, 10.0.
"""

import re
from urllib.parse import unquote

from local.host.asgi import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"([A-Za-z0-9!$&'()\-._~]+|\[[0-9A-Fa-f:.]{3,}\])(:(?P<port>[0-9]{1,20}))?")
_ABSOLUTE = re.compile(rb"https?://(?P<authority>[^/]*)(?P<path>/.*)?", re.IGNORECASE | re.DOTALL)
_LAST_PORT = 65535


def well_addressed(app: ASGIApp) -> ASGIApp:
    """`app`, asked by paths only, whatever form the request's target has."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            target = _path(scope)
            if target is None:
                await send({"type": "http.response.start", "status": 400, "headers": [(b"content-length", b"0")]})
                await send({"type": "http.response.body", "body": b""})
                return
            if target != scope["raw_path"]:
                scope = {**scope, "raw_path": target, "path": unquote(target.decode("latin-1"))}
        await app(scope, receive, send)

    return serve


def _path(scope: Scope) -> bytes | None:
    """The path, still encoded, of a target in origin form or in absolute form; None for a request to be refused."""
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    host = "".join(hosts)
    if len(hosts) > 1 or not is_host(host):
        return None
    path: bytes = scope["raw_path"]
    if path.startswith(b"/"):
        return path
    absolute = _ABSOLUTE.fullmatch(path)
    if absolute is None or _authority(absolute["authority"].decode("latin-1")) != _authority(host):
        return None
    return absolute["path"] or b"/"


def _authority(host: str) -> str:
    return host.lower().removesuffix(":80")


def is_host(host: str) -> bool:
    """Whether it is a Host header, which may be empty. Kestrel takes any number for a port; behind it the worker fails at such a one."""
    found = _HOST.fullmatch(host)
    return not host or (found is not None and int(found["port"] or 0) <= _LAST_PORT)
