"""Users and groups that callers name by id: found, or NotFound in the same words everywhere.

What has not the form of such an id never reaches storage.
"""

from collections.abc import Sequence

from sync_core.directory.groups import Group
from sync_core.directory.users import User
from sync_core.ids import has_form
from sync_core.management.references import unknown
from sync_core.storage.groups import GroupRows
from sync_core.storage.users import StoredUser, UserRows


async def existing_user(rows: UserRows, user_id: str) -> User:
    """Raises NotFound."""
    user = await rows.get(user_id) if has_form(user_id, "DU") else None
    if user is None:
        raise unknown("user", user_id)
    return user


async def stored_user(rows: UserRows, user_id: str) -> StoredUser:
    """With its ETag. Raises NotFound."""
    stored = (await rows.many([user_id])).get(user_id) if has_form(user_id, "DU") else None
    if stored is None:
        raise unknown("user", user_id)
    return stored


async def existing_group(rows: GroupRows, group_id: str) -> tuple[Group, str]:
    """The group as its row says, and its ETag. Raises NotFound."""
    stored = await rows.get(group_id) if has_form(group_id, "DG") else None
    if stored is None:
        raise unknown("group", group_id)
    return stored


async def members_among(rows: UserRows, group_id: str, named: Sequence[str]) -> list[User]:
    """Of the users whom rows of members name, in that order, those whose records agree."""
    records = await rows.many(named)
    return [records[user_id].user for user_id in named if user_id in records and group_id in records[user_id].user.groups]
