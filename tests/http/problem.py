"""What every refusal has in common (RFC 9457)."""

from typing import Any

import httpx


def problem(answer: httpx.Response, status: int, code: int) -> dict[str, Any]:
    """The body, once it is seen to be a problem of this status and code that says something."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"].startswith("/api/openapi.json#/components/responses/")
    assert body["title"]
    assert len(body["detail"]) > 10
    return body
