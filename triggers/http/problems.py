"""Every refusal as a problem (RFC 9457), and the one place that gives each error its status and code, the Admin API's too.

`type` points to the problem's description in this API's own document; `code` is finer than the status and stable.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import JSONResponse

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
from sync_core.management.actor import Forbidden, Unauthenticated
from sync_core.management.approvals import Replaced
from sync_core.management.idempotency import InProgress, OtherRequest
from sync_core.management.naming import NameInUse
from sync_core.management.unenrolled import Unconfirmed
from sync_core.management.versions import Outdated

MEDIA_TYPE = "application/problem+json"
TYPES = "/api/openapi.json#/components/responses/"


class TooLarge(SyncError):
    """The body is longer than this API takes."""


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    status: int
    code: int
    title: str
    meaning: str


REJECTED = Kind(
    "Rejected", 400, 40002, "Invalid request", "What was asked cannot be done; nothing was changed. `field` names the input at fault."
)
MALFORMED = Kind("Malformed", 400, 40001, "Malformed request", "The request cannot be read.")
UNAUTHENTICATED = Kind(
    "Unauthenticated", 401, 40103, "Signature required", "The request is not signed as it should be; `code` says in which respect."
)
FORBIDDEN = Kind("Forbidden", 403, 40301, "Role too low", "The role of this integration key may not do this.")
NOT_FOUND = Kind("NotFound", 404, 40401, "Not found", "Nothing here has this name.")
METHOD = Kind("MethodNotAllowed", 405, 40501, "Method not allowed", "This path is served for the methods in the header Allow.")
RUNNING = Kind("AlreadyRunning", 409, 40901, "Already running", "Such a run goes on already; `running` is its reference code.")
CONFLICT = Kind("Conflict", 409, 40902, "Changed meanwhile", "Somebody else changed the same thing meanwhile; read it again and repeat.")
IN_USE = Kind(
    "InUse",
    409,
    40903,
    "In use",
    "Another user has this name, or a full sync is about to write this user; `field` names the input at fault.",
)
OUTDATED = Kind(
    "Outdated", 412, 41201, "Changed meanwhile", "It is not the version that If-Match, or the digest, names any more; nothing was changed."
)
IN_PROGRESS = Kind("InProgress", 409, 40904, "In progress", "The first request with this Idempotency-Key is still being answered.")
OTHER_REQUEST = Kind("OtherRequest", 409, 40905, "Key of another request", "This Idempotency-Key was used for another request.")
TOO_LARGE = Kind("TooLarge", 413, 41301, "Body too large", "Bodies are at most 1 MiB.")
FAULT = Kind("Fault", 500, 50001, "Internal error", "A fault of this service; `instance` names its log entry.")
MISCONFIGURED = Kind("Misconfigured", 500, 50002, "Misconfigured deployment", "A setting or credential of this deployment is at fault.")
REAUTHORIZE = Kind(
    "Reauthorize",
    424,
    42401,
    "Reauthorization required",
    "Entra refuses this application in the tenant: nothing is at fault here, an administrator there has to consent again. Then repeat it.",
)
SOURCE = Kind("SourceFault", 502, 50202, "Microsoft Graph failed", "Microsoft Graph gave an answer that cannot be used.")
BUSY = Kind("Busy", 503, 50301, "Busy or away", "Storage or Microsoft Graph is busy or away; repeat after Retry-After seconds.")

OF_ENTRA = (REAUTHORIZE, SOURCE)
"""Of operations that ask Entra before they answer."""
KINDS = (REJECTED, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, RUNNING, IN_USE, OUTDATED, TOO_LARGE, REAUTHORIZE, FAULT, SOURCE, BUSY)
"""Those that operations declare; one operation, one for each status."""

_KIND_OF: tuple[tuple[type[SyncError], Kind], ...] = (
    (NameInUse, IN_USE),
    (Rejected, REJECTED),
    (Unauthenticated, UNAUTHENTICATED),
    (Forbidden, FORBIDDEN),
    (NotFound, NOT_FOUND),
    (GroupGone, NOT_FOUND),
    (AlreadyRunning, RUNNING),
    (InProgress, IN_PROGRESS),
    (OtherRequest, OTHER_REQUEST),
    (Conflict, CONFLICT),
    (Outdated, OUTDATED),
    (Replaced, OUTDATED),
    (TooLarge, TOO_LARGE),
    (Misconfigured, MISCONFIGURED),
    (Reauthorize, REAUTHORIZE),
    (IncompleteRead, SOURCE),
    (StopRun, SOURCE),
    (Transient, BUSY),
    (SyncError, FAULT),
)


def problem(
    kind: Kind, detail: str, *, code: int = 0, headers: Mapping[str, str] | None = None, members: Mapping[str, object] | None = None
) -> JSONResponse:
    """`detail` says what to do. `members` are the further ones, such as `field`."""
    body = {
        "type": TYPES + kind.name,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": code or kind.code,
        **(members or {}),
    }
    return JSONResponse(body, kind.status, dict(headers or {}), media_type=MEDIA_TYPE)


def kind_of(error: SyncError) -> Kind:
    return next(kind for errors, kind in _KIND_OF if isinstance(error, errors))


def headers_of(error: SyncError) -> dict[str, str]:
    """What a client has to see before it reads the body."""
    match error:
        case Unauthenticated():
            return {"WWW-Authenticate": 'Basic realm="integration key and signature"'}
        case Transient(retry_after=seconds):
            return {"Retry-After": str(max(1, math.ceil(seconds)))}
        case _:
            return {}


def problem_of(error: SyncError) -> JSONResponse:
    kind, detail, headers = kind_of(error), str(error), headers_of(error)
    match error:
        case Unconfirmed(users=int(users)):
            return problem(kind, detail, headers=headers, members={"field": error.field, "users": users})
        case Rejected(field=str(field)) if field:
            return problem(kind, detail, headers=headers, members={"field": field})
        case AlreadyRunning(run=str(run)):
            told = f"{detail}: follow it at /api/v1/runs/{run}, or cancel it first"
            return problem(kind, told, headers=headers, members={"running": run})
        case Unauthenticated(code=int(code)):
            return problem(kind, detail, code=code, headers=headers)
        case _:
            return problem(kind, detail, headers=headers)
