"""What was left by somebody who died, or who lost others that it needed.

Claims of names go to whoever's record lists the name, else away; rows of Objects that name a user of another object go.
"""

from collections.abc import Iterable

from sync_core.planning.changes import Repair
from sync_core.planning.claims import Claim, holder
from sync_core.runs.context import Context
from sync_core.storage import names, objects
from sync_core.storage.bulk import leave_out, write_all
from sync_core.storage.tables import Delete, Operation, Replace


async def repair_claims(context: Context, repairs: Iterable[Repair], mark: str) -> None:
    """By what the records say now; claims that others made since, or that are alive, are theirs. `mark` is the repairer's own."""
    planned = {repair.digest: repair.owner for repair in repairs}
    if not planned:
        return
    claims = await context.names.many(planned)
    alive = await context.locks.alive(context.clock.now(), own=mark)
    left = {key: (claim, etag) for key, (claim, etag) in claims.items() if claim.owner == planned[key] and claim.run not in alive}
    stored = await context.users.many(user for claim, _ in left.values() for user in (claim.owner, claim.was) if user)
    records = {user_id: found.user for user_id, found in stored.items()}
    operations: list[Operation] = []
    for key, (claim, etag) in left.items():
        listed_by = holder(claim, key, records)
        if not listed_by:
            operations.append(Delete(key[0], key, etag))
        elif listed_by != claim.owner:
            operations.append(Replace(names.to_row(key, Claim(claim.name, listed_by, "", mark), etag)))
    await write_all(context.tables, names.TABLE, operations, on_conflict=leave_out)


async def remove_strays(context: Context, directory_key: str, strays: Iterable[tuple[str, str]], mark: str) -> None:
    """Object id and ETag of each: one that changed since it was planned is in use again, one of somebody alive is about to be. `mark` as
    in `repair_claims`.
    """
    planned = dict(strays)
    if not planned:
        return
    alive = await context.locks.alive(context.clock.now(), own=mark)
    deletes = [
        Delete(objects.partition(directory_key, object_id), object_id, planned[object_id])
        for object_id, (row, etag) in (await context.objects.many(directory_key, planned)).items()
        if etag == planned[object_id] and row.run not in alive
    ]
    await write_all(context.tables, objects.TABLE, deletes, on_conflict=leave_out)
