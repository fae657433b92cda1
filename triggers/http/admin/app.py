"""The Admin API as one application, mounted at /api/admin: everything that it answers has the Admin API's shape."""

from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import ASGIApp

from sync_core.errors import SyncError
from triggers.http.admin import account, admins, bypass_codes, groups, logs, phones, syncs, users
from triggers.http.admin.answers import FAULT, METHOD, NOT_FOUND, failed, refused
from triggers.http.admin.calls import Gate, Served
from triggers.http.denials import tell_denial

MOUNT = "/api/admin"
_ROOMS = (syncs, account, admins, users, groups, phones, bypass_codes, logs)
SERVED: tuple[Served, ...] = tuple(served for room in _ROOMS for served in room.SERVED)
_BY_STATUS = {404: NOT_FOUND, 405: METHOD}


def is_admin(path: str) -> bool:
    """Whether the Admin API answers for this path, whatever it may be."""
    return path == MOUNT or path.startswith(MOUNT + "/")


def admin_app() -> ASGIApp:
    gate = Gate()
    router = Router([served.route(gate) for served in SERVED], redirect_slashes=False)
    return ExceptionMiddleware(router, handlers={SyncError: _refused, HTTPException: _by_status})


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, SyncError):
        raise error
    await tell_denial(request, error)
    return refused(error)


async def _by_status(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return failed(_BY_STATUS.get(status, FAULT), f"{request.method} {request.url.path} is not served here")
