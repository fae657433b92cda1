"""What the deletion of a sync means for the others (D-17): the users that they shared with it pass to them.

The fingerprints of these users are emptied, so that the run writes over what the deleted sync wrote, its groups above all. Each other sync
does it in the first step of its next full run, under its own lock: deleting stays one small transaction, whatever its number of users, and
a run that dies in it does it again.
"""

from collections.abc import Collection

from msgspec.structs import replace

from sync_core.directory.syncs import Sync
from sync_core.errors import Conflict
from sync_core.runs.context import Context
from sync_core.runs.record import Run
from sync_core.storage import objects
from sync_core.storage.bulk import write_all
from sync_core.storage.locks import Lock
from sync_core.storage.rows import key_of
from sync_core.storage.tables import Operation, Replace


async def released_users(context: Context, sync: Sync, heeded: Collection[str]) -> tuple[tuple[str, ...], set[str]]:
    """The syncs whose deletion this one has not heeded yet, and the ids of the users whom they knew."""
    others = await context.syncs.all()
    deleted = {other.directory_key for other in others if other.deleted_at is not None and other.deleted_at > sync.created_at}
    unheeded = tuple(sorted(deleted.difference(heeded)))
    released: set[str] = set()
    for key in unheeded:
        async for page in context.objects.index(key, {}):
            released.update(indexed.user_id for indexed in page)
    return unheeded, released


async def heed_deletions(context: Context, sync: Sync, run: Run, lock: Lock) -> None:
    """Does nothing once it is done: the lock row remembers the syncs whose deletion was heeded."""
    unheeded, released = await released_users(context, sync, lock.heeded)
    if not unheeded:
        return
    if released:
        async for page in context.objects.index(sync.directory_key, {}):
            await _empty(context, run, [row.object_id for row in page if row.fingerprint and row.user_id in released])
    await _remember(context, run, unheeded)


async def _empty(context: Context, run: Run, object_ids: list[str]) -> None:
    async def emptied(wanted: list[str]) -> dict[str, Operation]:
        rows = await context.objects.many(run.directory_key, wanted)
        return {
            object_id: Replace(objects.to_row(run.directory_key, replace(row, fingerprint="", run=run.run), etag))
            for object_id, (row, etag) in rows.items()
            if row.fingerprint
        }

    async def meet(operation: Operation, error: Conflict) -> Operation | None:
        del error
        object_id = key_of(operation)[1]
        return (await emptied([object_id])).get(object_id)

    await write_all(context.tables, objects.TABLE, list((await emptied(object_ids)).values()), on_conflict=meet)


async def _remember(context: Context, run: Run, heeded: tuple[str, ...]) -> None:
    while True:
        lock, etag = await context.locks.read(run.directory_key)
        if lock.run != run.run:
            return
        try:
            await context.locks.write(run.directory_key, replace(lock, heeded=(*lock.heeded, *heeded)), etag)
        except Conflict:
            continue
        return
