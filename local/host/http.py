"""HTTP triggers: requests turned into the worker's messages, and its answers into responses.

As on the real host a response is buffered whole, header names come in lower case, a header or query value given several times is
joined by commas, and empty query values are left out (the URL keeps them). Sources: GrpcMessageConversionExtensions.cs,
RawScriptResult.cs.
"""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from local.host import cookies
from local.host.asgi import Receive, Scope, Send
from local.host.invocations import Invocations
from local.host.paths import decoded, encoded, is_reserved
from local.host.protos import RpcHttp, TypedData
from local.host.routes import Route, first_match
from local.host.worker import Event, Function

BODY_LIMIT = 104_857_600
"""Bytes of a request's body, 413 above. Source: learn.microsoft.com, "Azure Functions HTTP trigger", Limits."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_WITHOUT_BODY = frozenset({204, 304})

type Headers = Sequence[tuple[str, str]]


class HttpListener:
    """An ASGI application over the HTTP functions."""

    def __init__(self, routes: Sequence[Route[Function]], invocations: Invocations) -> None:
        self._routes = routes
        self._invocations = invocations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = decoded(scope["raw_path"])
        found = None if is_reserved(path) else first_match(self._routes, scope["method"], path)
        if found is None:
            await _answer(send, 404)
            return
        try:
            body = await _body(scope, receive)
        except _TooLarge:
            await _answer(send, 413)
            return
        except _Disconnected:
            return
        function, parameters = found
        await self._invoke(function, _request(scope, path, parameters, body), f"{scope['method']} {path}", send)

    async def _invoke(self, function: Function, request: RpcHttp, reason: str, send: Send) -> None:
        event = Event(TypedData(http=request), trace_parent=request.headers.get("traceparent", ""))
        may_send = request.method not in _SAFE_METHODS
        outcome = await self._invocations.run(function, event, reason, may_send=may_send)
        if outcome.succeeded:
            await _answer(send, *_response(outcome.returned))
        else:
            await _answer(send, 500)


class _TooLarge(Exception):
    pass


class _Disconnected(Exception):
    pass


async def _body(scope: Scope, receive: Receive) -> bytes:
    """Raises _TooLarge past the limit, before the body is read where its length is given, and _Disconnected when the caller goes."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if int(length) > BODY_LIMIT:
        raise _TooLarge
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Disconnected
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY_LIMIT:
            raise _TooLarge
        more = message.get("more_body", False)
    return b"".join(chunks)


def _request(scope: Scope, path: str, parameters: Mapping[str, str], body: bytes) -> RpcHttp:
    headers = _joined((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    query: str = scope["query_string"].decode("latin-1")
    return RpcHttp(
        method=scope["method"],
        url=f"{scope['scheme']}://{headers.get('host', '')}{encoded(path)}{'?' if query else ''}{query}",
        headers=headers,
        params=dict(parameters),
        query=_joined(parse_qsl(query)),
        body=TypedData(bytes=body) if body else TypedData(),
    )


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _response(returned: TypedData | None) -> tuple[int, Headers, bytes]:
    if returned is None:
        return 204, (), b""
    if returned.kind != "http":
        text = returned.value if isinstance(returned.value, str) else str(returned.value)
        return 200, [("content-type", "text/plain; charset=utf-8")], text.encode()
    http: RpcHttp = returned.http
    headers = [*http.headers.items(), *(("set-cookie", cookies.header(cookie)) for cookie in http.cookies or ())]
    return int(http.status_code), headers, http.body.value or b""


async def _answer(send: Send, status: int, headers: Headers = (), body: bytes = b"") -> None:
    # The body is whole, so it is never chunked.
    sent = [(name.lower(), value) for name, value in headers if name.lower() != "transfer-encoding"]
    if status not in _WITHOUT_BODY and all(name != "content-length" for name, _ in sent):
        sent.append(("content-length", str(len(body))))
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
