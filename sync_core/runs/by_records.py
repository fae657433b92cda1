"""Rows around the records that somebody may have written too late, brought back to what the records say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sync_core import ids
from sync_core.directory.lookups import Pointer, pointers
from sync_core.directory.users import User
from sync_core.planning.changes import Change, Repair
from sync_core.planning.settle import gained
from sync_core.runs.context import Context
from sync_core.runs.repair import remove_strays, repair_claims
from sync_core.storage.members import Edits

type _Around = tuple[dict[Pointer, bool], dict[str, Edits]]


async def follow_records(context: Context, directory_key: str, changes: Sequence[Change], mark: str) -> None:
    """All that these changes touch: counts, member rows, pointers, claims, rows of Objects. `mark` is theirs whose claims are to go.

    Others may write the same records meanwhile, each its record first: so it is looked again whether the records say what they said.
    """
    await context.users.recount(sorted({ids.user_partition(change.user_id) for change in changes}))
    before: _Around | None = None
    while (around := await _around(context, changes)) != before:
        before = around
        await context.lookups.follow(around[0])
        await context.members.edit(around[1])
    await repair_claims(context, _repairs(changes), mark)
    await _remove_objects(context, directory_key, changes, mark)


async def _around(context: Context, changes: Sequence[Change]) -> _Around:
    stored = await context.users.many(change.user_id for change in changes)
    records: Mapping[str, User] = {user_id: found.user for user_id, found in stored.items()}
    members: defaultdict[str, Edits] = defaultdict(Edits)
    points: dict[Pointer, bool] = {}
    for change in changes:
        record = records.get(change.user_id)
        groups, standing = record.groups if record is not None else (), pointers(record)
        for group in (*change.enters, *change.leaves):
            (members[group].enters if group in groups else members[group].leaves).add(change.user_id)
        points |= {pointer: pointer in standing for pointer in gained(change).union(change.loses)}
    return points, dict(members)


async def _remove_objects(context: Context, directory_key: str, changes: Sequence[Change], mark: str) -> None:
    """Rows whose users know nothing of them: no purge would ever find these."""
    rows = await context.objects.many(directory_key, (change.object_id for change in changes if change.object_id))
    records = await context.users.many(row.user_id for row, _ in rows.values())
    known = {named for stored in records.values() for named in stored.user.objects}
    strays = [(object_id, etag) for object_id, (_, etag) in rows.items() if (directory_key, object_id) not in known]
    await remove_strays(context, directory_key, strays, mark)


def _repairs(changes: Sequence[Change]) -> list[Repair]:
    """Of the claims that were made for the users, and of those that they were to give up."""
    claimed = [(move.digest, change.user_id) for change in changes for move in change.moves]
    freed = [(key, change.user_id) for change in changes for key in (*change.frees, *change.drops)]
    return [Repair(key, user_id, "") for key, user_id in (*freed, *claimed)]
