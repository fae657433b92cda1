"""A storage service that answers by script: what Azurite never does, and connections that break."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

from local.azurite import ACCOUNT, KEY

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def reply(status: int, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body.encode(), headers=headers)

    return answer


async def reset(request: web.Request) -> web.StreamResponse:
    """Breaks the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def truncated(request: web.Request) -> web.StreamResponse:
    """Promises more bytes than it sends."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"value":[')
    assert request.transport is not None
    request.transport.abort()
    return response


def through(url: str, *, then: Answer | None = None, path: str = "") -> Answer:
    """Passes the request on to the service at `url` (without the account) and its answer back, unless `then` answers instead. `path`, with
    its options, stands in for the request's own.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in {"host", "content-length"}}
        address = URL(url + (path or request.raw_path), encoded=True)
        content = await request.read() or None
        async with (
            aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Content-Type"]) as session,
            session.request(request.method, address, headers=headers, data=content) as passed,
        ):
            body = await passed.read()
            kept = {name: value for name, value in passed.headers.items() if name.lower() not in {"content-length", "transfer-encoding"}}
        return await then(request) if then else web.Response(status=passed.status, body=body, headers=kept)

    return answer


@dataclass
class Stub:
    """Answers the first request with the first answer of the script, and so on; any further one with 418."""

    script: list[Answer] = field(default_factory=list[Answer])
    requests: list[web.Request] = field(default_factory=list[web.Request])
    connection_string: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.requests.append(request)
        return await (self.script.pop(0) if self.script else reply(418))(request)


@asynccontextmanager
async def stub_service(stub: Stub | None = None) -> AsyncGenerator[Stub]:
    stub = stub or Stub()
    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", stub.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _, port = runner.addresses[0]
    endpoints = "".join(f"{service}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};" for service in ("Blob", "Queue", "Table"))
    stub.connection_string = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{endpoints}"
    yield stub
    await runner.cleanup()
