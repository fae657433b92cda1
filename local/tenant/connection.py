"""Ends a connection in the middle of an answer."""

from starlette.responses import Response
from starlette.types import Send


async def half(response: Response, send: Send) -> None:
    """Promises the whole body and sends half of it: the server drops the connection of an app that stops there."""
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    body = bytes(response.body)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
