"""`$batch`: up to 20 requests in one, each answered by itself.

Source: learn.microsoft.com, "Combine multiple HTTP requests using JSON batching".
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from local.tenant.errors import GraphError
from local.tenant.wire import Answer, Request, segments

LARGEST = 20


class Step(msgspec.Struct):
    id: str
    method: str
    url: str
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw(b"")


class Steps(msgspec.Struct):
    requests: list[Step]


def batch(request: Request, ask: Callable[[Request], Answer]) -> bytes:
    """What `ask` answers to all steps, in their order. Raises GraphError 400 for more than 20, a repeated id, or what is no batch."""
    try:
        steps = msgspec.json.decode(request.body, type=Steps).requests
    except msgspec.DecodeError as error:
        raise GraphError(400, "BadRequest", f"Invalid batch payload format. {error}") from error
    if len(steps) > LARGEST:
        raise GraphError(400, "BadRequest", f"Number of batch request steps exceeds the maximum value of {LARGEST}.")
    if len({step.id for step in steps}) < len(steps):
        raise GraphError(400, "BadRequest", "Request Id values must be unique in a batch.")
    return msgspec.json.encode({"responses": [_step(ask, request, step) for step in steps]})


def _step(ask: Callable[[Request], Answer], outer: Request, step: Step) -> dict[str, Any]:
    path, _, query = step.url.partition("?")
    headers = {name.lower(): value for name, value in step.headers.items() if name.lower() != "accept-encoding"}
    inner = Request(
        method=step.method.upper(),
        segments=segments(unquote(part) for part in path.strip("/").split("/")),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=bytes(step.body),
        base=outer.base,
        url=f"{outer.base}/{step.url.lstrip('/')}",
    )
    answer = ask(inner)
    html = answer.headers["content-type"].startswith("text/html")
    body = answer.body.decode() if html else msgspec.Raw(answer.body)
    return {"id": step.id, "status": answer.status, "headers": _shown(answer.headers), "body": body}


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    return {"-".join(part.capitalize() for part in name.split("-")): value for name, value in headers.items()}
