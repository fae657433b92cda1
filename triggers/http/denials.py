"""A call that was refused for its role or grants is told to the log (B-006..B-008)."""

from contextlib import suppress

from starlette.requests import Request

from sync_core.errors import SyncError
from sync_core.management.actor import Actor, Forbidden
from triggers.http.services import services_of
from triggers.http.signatures import ACTOR


async def tell_denial(request: Request, error: SyncError) -> None:
    """Does nothing for other errors. The refusal is answered also when storage is too busy to be told."""
    actor = request.scope.get(ACTOR)
    if isinstance(error, Forbidden) and isinstance(actor, Actor):
        with suppress(SyncError):
            services = await services_of(request)
            await services.journal.denied(actor, f"{request.method} {request.url.path[:200]}: {error}")
