"""Writing one user's record by hand, so that a reply that was lost is no failure."""

from sync_core import ids
from sync_core.storage.users import Edit, Removal, UserRows


async def is_written(rows: UserRows, edit: Edit | Removal) -> bool:
    """Whether the record is what this edit makes of it: also where only the answer to a first try was lost."""
    if not await rows.amend([edit]):
        return True
    wanted, user_id = (edit.after, edit.after.user_id) if isinstance(edit, Edit) else (None, edit.before.user.user_id)
    found = (await rows.many([user_id])).get(user_id)
    if (found.user if found is not None else None) != wanted:
        return False
    await rows.recount([ids.user_partition(user_id)])
    return True
