"""POST requests under /api/v1 with an Idempotency-Key: done once, and answered again as they were."""

from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_core.management.actor import Actor
from sync_core.management.idempotency import Begun, Idempotency, Kept

HEADER = "Idempotency-Key"
REPLAYED = ("idempotency-replayed", "true")
PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": (
        "Repeated with the same key within 24 hours, the request is not done again: its first answer is given, with the header "
        "Idempotency-Replayed. For another query or body, and while the first request is being answered, the answer is 409."
    ),
    "examples": {"key": {"value": "5f0c6f0e-6a59-4a53-b6f1-6f2c7c1d9d11"}},
}


def is_repeatable(scope: Scope) -> bool:
    return scope["method"] == "POST" and scope["path"].startswith("/api/v1/") and HEADER.lower() in Headers(scope=scope)


async def once(
    repeats: Idempotency, actor: Actor, app: ASGIApp, request: tuple[Scope, Receive, Send], body: bytes, replay: Receive
) -> None:
    """Lets `app` answer, unless it has. Raises what `Idempotency.begin` raises."""
    scope, receive, send = request
    asked = scope["query_string"] + b"\0" + body
    begun = await repeats.begin(actor.key, Headers(scope=scope)[HEADER], scope["path"], asked)
    if isinstance(begun, Kept):
        await _given_again(begun)(scope, receive, send)
        return
    answer = _Answer()
    try:
        await app(scope, replay, answer)
    except Exception:  # whatever it was, the edge answers it as a fault: repeated, the request is tried again
        await repeats.keep(begun, Kept(500, (), b""))
        raise
    await _sent(repeats, begun, answer, send)


@dataclass
class _Answer:
    """Collects an answer, to be kept before it is sent: whoever has it may rely on getting it again."""

    start: Message = field(default_factory=dict[str, Any])
    body: bytearray = field(default_factory=bytearray)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


async def _sent(repeats: Idempotency, begun: Begun, answer: _Answer, send: Send) -> None:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.start["headers"])
    await repeats.keep(begun, Kept(answer.start["status"], headers, bytes(answer.body)))
    await send(answer.start)
    await send({"type": "http.response.body", "body": bytes(answer.body)})


def _given_again(kept: Kept) -> Response:
    response = Response(kept.body, kept.status)
    response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (*kept.headers, REPLAYED)]
    return response
