"""Answers of the Admin API: {"stat": "OK", "response": …} or {"stat": "FAIL", "code": …, "message": …} (admin-api.md §2)."""

from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from sync_core.directory.admins import AddressInUse
from sync_core.errors import Rejected, SyncError
from sync_core.management.actor import (
    INVALID_DATE,
    INVALID_KEY,
    INVALID_SIGNATURE,
    MISSING_CREDENTIALS,
    STALE_DATE,
    Unauthenticated,
)
from sync_core.management.listing import Listed
from sync_core.management.naming import NameInUse
from triggers.http import problems
from triggers.http.admin.parameters import MissingParameter


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
_DUO_SAYS = {
    problems.REJECTED: "Invalid request parameters",
    problems.FORBIDDEN: "Access forbidden",
    problems.NOT_FOUND: "Resource not found",
    problems.TOO_LARGE: "Request too large",
}


def _of(kind: problems.Kind) -> Failure:
    return Failure(kind.status, kind.code, _DUO_SAYS.get(kind, kind.title))


NOT_FOUND, METHOD, FAULT = map(_of, (problems.NOT_FOUND, problems.METHOD, problems.FAULT))

_DUPLICATE = Failure(400, 40003, "Duplicate resource")
_ONLY_HERE: tuple[tuple[type[SyncError], Failure], ...] = (
    (MissingParameter, Failure(400, 40001, "Missing required request parameters")),
    (AddressInUse, _DUPLICATE),
    (NameInUse, _DUPLICATE),
    (Overloaded, Failure(429, 42901, "Too Many Requests")),
)
"""What is not answered with the status and the code that /api/v1 answers it with."""


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
    """A field at fault stands at the beginning of the detail."""
    detail = str(error)
    if isinstance(error, Rejected) and error.field:
        detail = f"{error.field.replace('aliases.', 'alias')}: {detail}"
    return failed(_failure(error), detail, problems.headers_of(error))


def _failure(error: SyncError) -> Failure:
    if isinstance(error, Unauthenticated):
        return Failure(401, error.code, _UNAUTHENTICATED[error.code])
    only_here = next((failure for errors, failure in _ONLY_HERE if isinstance(error, errors)), None)
    return only_here or _of(problems.kind_of(error))
