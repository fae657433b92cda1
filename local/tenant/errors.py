"""Graph's error answers.

Source: learn.microsoft.com, "Microsoft Graph error responses and resource types"; texts as services return them.
"""

import uuid
from datetime import UTC, datetime

import msgspec

from local.tenant.wire import JSON, Answer


class GraphError(Exception):
    """Ends a request with this status, code and message."""

    def __init__(self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def answer(self) -> Answer:
        inner = {
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": str(uuid.uuid4()),
            "client-request-id": str(uuid.uuid4()),
        }
        body = {"error": {"code": self.code, "message": self.message, "innerError": inner}}
        return Answer(self.status, msgspec.json.encode(body), {"content-type": JSON, **self.headers})


def bad_request(message: str) -> GraphError:
    return GraphError(400, "Request_BadRequest", message)


def unsupported(message: str) -> GraphError:
    return GraphError(400, "Request_UnsupportedQuery", message)


def not_found(name: str) -> GraphError:
    text = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", text)


def expired_page() -> GraphError:
    text = "The specified page token value has expired and can no longer be included in your request."
    return GraphError(400, "Directory_ExpiredPageToken", text)


def unauthenticated(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message, headers={"www-authenticate": 'Bearer realm="", error="invalid_token"'})


def denied() -> GraphError:
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def no_segment(segment: str) -> GraphError:
    return bad_request(f"Resource not found for the segment '{segment}'.")
