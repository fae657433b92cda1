"""Previews: what a full sync would do, by settings that need not be saved."""

from fastapi import APIRouter, Response

from triggers.http.fields import SyncKey
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, OF_ENTRA, RUNNING
from triggers.http.runs import Relink, RunAnswer, followed
from triggers.http.services import Serve
from triggers.http.signatures import SyncManager
from triggers.http.sync_settings import SyncPatch

router = APIRouter(prefix="/api/v1/syncs/{directory_key}", tags=["runs"])


@router.post("/preview", status_code=202, summary="Preview a full sync", responses=answers(NOT_FOUND, RUNNING, *OF_ENTRA))
async def preview_sync(
    directory_key: SyncKey,
    response: Response,
    services: Serve,
    actor: SyncManager,
    patch: SyncPatch | None = None,
    relink: Relink = False,
) -> RunAnswer:
    """Finds out what a full sync would do, and does nothing of it: follow it like a run, and read its changes and skips when it has ended.

    The body changes settings for the preview alone, as saving would, and is checked in the same way; without one it goes by those saved.
    It may run beside a full sync, one at a time, and is there for 24 hours.
    """
    sync = await services.sync_settings.proposed(directory_key, (patch or SyncPatch()).edit())
    return followed(response, await services.previews.start(sync, str(actor), relink=relink))
