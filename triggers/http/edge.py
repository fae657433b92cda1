"""What stands before the router at every request: the body's limit, the signature, safe headers, and an answer whatever happens."""

import logging
import uuid

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_core.errors import Rejected, SyncError
from triggers.http.admin.answers import FAULT as ADMIN_FAULT
from triggers.http.admin.answers import failed, refused
from triggers.http.admin.app import is_admin
from triggers.http.idempotency import is_repeatable, once
from triggers.http.problems import FAULT, TooLarge, problem, problem_of
from triggers.http.services import GiveServices
from triggers.http.signatures import ACTOR, needs_signature, signed_request

MAX_BODY_BYTES = 1024 * 1024
NOT_UTF8 = "\N{REPLACEMENT CHARACTER}"
"""What a path has in the place of bytes that are no UTF-8; nothing here is named by it."""
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_log = logging.getLogger(__name__)


class Edge:
    """Authenticates before anything is parsed, so that nobody without a key learns what a body or a path would have done."""

    def __init__(self, app: ASGIApp, services: GiveServices) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _SafeAnswer(send)
        try:
            await self._serve(scope, receive, answer)
        except ClientDisconnect:
            return
        except Exception:  # noqa: BLE001 - the last resort: without it the caller gets the host's empty answer, and the log no id to find it by
            instance = f"urn:uuid:{uuid.uuid4()}"
            _log.exception("%s %s failed, %s", scope["method"], scope["path"], instance)
            if not answer.begun:
                await _fault(scope["path"], instance)(scope, receive, answer)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if NOT_UTF8 in scope["path"]:
                raise Rejected("the path is not UTF-8: percent-encode the UTF-8 form of what it names")
            body = await _read(receive)
            if needs_signature(scope["path"]):
                services = self._services()
                actor = await services.integrations.verify(signed_request(scope, body, services.public_hosts))
                scope = {**scope, ACTOR: actor}
                if is_repeatable(scope):
                    await once(services.repeats, actor, self._app, (scope, receive, send), body, _replay(body, receive))
                    return
        except SyncError as error:
            refuse = refused if is_admin(scope["path"]) else problem_of
            await refuse(error)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


def _fault(path: str, instance: str) -> Response:
    if is_admin(path):
        return failed(ADMIN_FAULT, f"this is a fault of the service: its log entry is {instance}")
    return problem(FAULT, "this is a fault of the service: find its log entry by `instance`", members={"instance": instance})


class _SafeAnswer:
    """`send`, with the headers that every answer has unless it sets its own."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(raw=list(message["headers"]))
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
            message = {**message, "headers": headers.raw}
        await self._send(message)


async def _read(receive: Receive) -> bytes:
    """The whole body. Raises TooLarge and ClientDisconnect."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"the body is longer than {MAX_BODY_BYTES // 1024} KiB: send less in one request")
        more = message.get("more_body", False)
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more, for the router; after it what the server says."""
    waiting = [body]

    async def again() -> Message:
        return {"type": "http.request", "body": waiting.pop(), "more_body": False} if waiting else await receive()

    return again
