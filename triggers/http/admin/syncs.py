"""Directory syncs as the Admin API knows them: their list, one user synced, and admins' syncs, of which there are none."""

from sync_core.directory.integrations import Grant
from sync_core.directory.syncs import Sync
from sync_core.errors import NotFound, Rejected
from sync_core.planning.outcomes import Became
from triggers.http.admin.answers import Ok
from triggers.http.admin.calls import Call, Served, get, post
from triggers.http.admin.objects import Object, seconds, user_object
from triggers.http.admin.parameters import SHOWN

DIRECTORY_TYPE = "azure"
"""Of Entra's syncs (E-21)."""
_NOTHING_DONE = frozenset({Became.NOT_A_MEMBER, Became.NOT_FOUND, Became.SKIPPED})


async def list_syncs(call: Call) -> Ok:
    syncs = [sync_object(sync) for sync in await call.services.syncs.all()]
    return Ok(syncs, {"total_objects": len(syncs)})


async def read_sync(call: Call) -> Ok:
    return Ok(sync_object(await call.services.syncs.get(call.path["directory_key"])))


async def sync_user(call: Call) -> Ok:
    """Syncs one user now, and answers with what became of it. Raises Rejected for one that the sync has no part in."""
    directory_key, username = call.path["directory_key"], call.parameters.needed("username")
    await call.services.syncs.get(directory_key)
    (outcome,) = (await call.services.individual.of_names(directory_key, [username], call.by)).outcomes
    if outcome.became in _NOTHING_DONE or not outcome.user_id:
        raise Rejected(f"{outcome.became}: {outcome.reason}", field="username")
    user = user_object(await call.services.admin.showing.user(outcome.user_id))
    return Ok({"message": f"{username}: {outcome.became}, {outcome.reason}", "user": user})


async def sync_admin(call: Call) -> Ok:
    key = call.path["directory_key"][:SHOWN]
    raise NotFound(f"there is no sync of administrators {key!r}: users are synced here, and administrators are kept by hand")


def sync_object(sync: Sync) -> Object:
    return {
        "directory_key": sync.directory_key,
        "name": sync.name,
        "directory_type": DIRECTORY_TYPE,
        "connection_id": sync.connection_id,
        "tenant_id": sync.tenant_id,
        "created": seconds(sync.created_at),
        "groups": [{"group_id": group.group_id, "name": group.name, "object_id": group.object_id} for group in sync.groups],
    }


SERVED: tuple[Served, ...] = (
    get("/v1/users/directorysync", list_syncs),
    get("/v1/users/directorysync/{directory_key}", read_sync),
    post("/v1/users/directorysync/{directory_key}/syncuser", sync_user),
    post("/v1/admins/directorysync/{directory_key}/syncadmin", sync_admin, Grant.ADMINISTRATORS),
)
