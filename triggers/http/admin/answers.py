"""Answers of the Admin API: {"stat": "OK", "response": …} or {"stat": "FAIL", "code": …, "message": …} (admin-api.md §2)."""

import math
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from sync_core.directory.admins import AddressInUse
from sync_core.errors import (
    AlreadyRunning,
    Conflict,
    GroupGone,
    IncompleteRead,
    Misconfigured,
    NotFound,
    Reauthorize,
    Rejected,
    StopRun,
    SyncError,
    Transient,
)
from sync_core.management.actor import (
    INVALID_DATE,
    INVALID_KEY,
    INVALID_SIGNATURE,
    MISSING_CREDENTIALS,
    STALE_DATE,
    Forbidden,
    Unauthenticated,
)
from sync_core.management.listing import Listed
from sync_core.management.naming import NameInUse
from triggers.http.admin.parameters import MissingParameter
from triggers.http.problems import TooLarge


class Overloaded(SyncError):
    """More calls at a time than this process serves, of one key or of all."""


@dataclass(frozen=True, slots=True)
class Ok:
    response: object
    """`""` where there is nothing to say: duo_client wants the key."""
    metadata: dict[str, object] | None = None

    def rendered(self) -> Response:
        return JSONResponse({"stat": "OK", "response": self.response} | ({"metadata": self.metadata} if self.metadata is not None else {}))


@dataclass(frozen=True, slots=True)
class Failure:
    status: int
    code: int
    message: str


_UNAUTHENTICATED = {
    MISSING_CREDENTIALS: "Missing request credentials",
    INVALID_KEY: "Invalid integration key in request credentials",
    INVALID_SIGNATURE: "Invalid signature in request credentials",
    INVALID_DATE: "Missing or invalid request timestamp",
    STALE_DATE: "Bad request timestamp",
}
NOT_FOUND = Failure(404, 40401, "Resource not found")
METHOD = Failure(405, 40501, "Method not allowed")
FAULT = Failure(500, 50001, "Internal error")

_FAILURES: tuple[tuple[type[SyncError], Failure], ...] = (
    (MissingParameter, Failure(400, 40001, "Missing required request parameters")),
    (AddressInUse, Failure(400, 40003, "Duplicate resource")),
    (NameInUse, Failure(400, 40003, "Duplicate resource")),
    (Rejected, Failure(400, 40002, "Invalid request parameters")),
    (Forbidden, Failure(403, 40301, "Access forbidden")),
    (NotFound, NOT_FOUND),
    (GroupGone, NOT_FOUND),
    (AlreadyRunning, Failure(409, 40901, "Already running")),
    (Conflict, Failure(409, 40902, "Changed meanwhile")),
    (TooLarge, Failure(413, 41301, "Request too large")),
    (Overloaded, Failure(429, 42901, "Too Many Requests")),
    (Misconfigured, Failure(500, 50002, "Misconfigured deployment")),
    (Reauthorize, Failure(502, 50201, "Reauthorization required")),
    (IncompleteRead, Failure(502, 50202, "Microsoft Graph failed")),
    (StopRun, Failure(502, 50202, "Microsoft Graph failed")),
    (Transient, Failure(503, 50301, "Busy or away")),
    (SyncError, FAULT),
)


def page[T](listed: Listed[T]) -> Ok:
    """The items, and how to read on."""
    end = listed.offset + listed.limit
    metadata: dict[str, object] = {"total_objects": listed.total}
    if listed.more:
        metadata["next_offset"] = end
    if listed.offset:
        metadata["prev_offset"] = max(0, listed.offset - listed.limit)
    return Ok(listed.items, metadata)


def failed(failure: Failure, detail: str = "", headers: dict[str, str] | None = None) -> Response:
    """Without `detail` there is no message_detail: duo_client would print it as "(None)"."""
    body = {"stat": "FAIL", "code": failure.code, "message": failure.message} | ({"message_detail": detail} if detail else {})
    return JSONResponse(body, failure.status, headers)


def refused(error: SyncError) -> Response:
    """One place gives each error its code. A field at fault stands at the beginning of the detail."""
    detail = str(error)
    if isinstance(error, Unauthenticated):
        headers = {"WWW-Authenticate": 'Basic realm="integration key and signature"'}
        return failed(Failure(401, error.code, _UNAUTHENTICATED[error.code]), detail, headers)
    failure = next(failure for errors, failure in _FAILURES if isinstance(error, errors))
    if isinstance(error, Rejected) and error.field:
        detail = f"{error.field.replace('aliases.', 'alias')}: {detail}"
    headers = {"Retry-After": str(max(1, math.ceil(error.retry_after)))} if isinstance(error, Transient) else None
    return failed(failure, detail, headers)
