"""What happened, as readers get it: the log by time, and all that happened to one user.

A user's history is put together from the events that the log keeps by object, and from the changes of runs, which are found by the ids of
the users that each applied slice holds.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sync_core.directory.events import Event, Happening, Logged
from sync_core.directory.users import User
from sync_core.errors import Rejected
from sync_core.ids import has_form
from sync_core.management.references import cursor_after, cursor_place, unknown
from sync_core.planning.changes import Action, Change, Field
from sync_core.planning.describe import fields_of_new
from sync_core.storage.applied import Applied, AppliedRows
from sync_core.storage.bulk import each
from sync_core.storage.changes import ChangeRows
from sync_core.storage.groups import GroupRows
from sync_core.storage.log import LogRows
from sync_core.storage.users import UserRows

LOG = "log"
"""The list, as its cursors name it."""
SLICES_LOOKED_AT = 40
"""By one call at most: a point read each, and one more where the user is in it."""
_PARALLEL = 8
_PLACE = re.compile(r"[0-9]{16}-[0-9A-Za-z-]{1,300}(:[0-9]{3})?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events; "" and None for any."""

    since: datetime | None = None
    until: datetime | None = None
    action: Happening | None = None
    actor: str = ""
    object_id: str = ""

    def has(self, event: Event) -> bool:
        return (
            (self.action is None or event.action is self.action)
            and (not self.actor or event.actor == self.actor)
            and (not self.object_id or event.object_id == self.object_id)
        )


@dataclass(frozen=True, slots=True)
class Past:
    """One thing that happened to a user."""

    key: str
    at: datetime
    actor: str
    run: str
    """Reference code; "" for what no run did."""
    actions: tuple[str, ...]
    reason: str
    fields: tuple[Field, ...]
    """Of a run's change, with the values before and after; of an edit by hand, with those after only."""


class History:
    def __init__(self, log: LogRows, applied: AppliedRows, changes: ChangeRows, users: UserRows, groups: GroupRows) -> None:
        self._log = log
        self._applied = applied
        self._changes = changes
        self._users = users
        self._groups = groups

    async def events(self, wanted: Wanted, *, newest: bool, limit: int, cursor: str) -> tuple[list[Logged], str]:
        """At most `limit` events, and the cursor for more ("" at the end): there may be more although none came, where few of many are
        wanted. Raises Rejected.
        """
        if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
            raise Rejected("`until` has to be later than `since`", field="until")
        of = f"{LOG} {'newest' if newest else 'oldest'}"
        read = self._log.newest if newest else self._log.forward
        found, place = await read(
            since=wanted.since, until=wanted.until, limit=limit, cursor=cursor_place(cursor, of, _PLACE), match=wanted.has
        )
        return found, cursor_after(place, of)

    async def of_user(self, user_id: str, *, limit: int, cursor: str) -> tuple[list[Past], str]:
        """What happened to the user, newest first; also to one that has been deleted, as far as the log still knows. Raises NotFound."""
        of = f"history of {user_id}"
        after = cursor_place(cursor, of, _PLACE)
        user = await self._users.get(user_id) if has_form(user_id, "DU") else None
        logged, more = await self._log.of(user_id, limit=limit, cursor=after) if has_form(user_id, "DU") else ([], "")
        if user is None and not logged and not after:
            raise unknown("user", user_id)
        slices, end = await self._slices(user, user_id, after) if user is not None else ([], "")
        pasts = [_of_event(one) for one in logged] + await each(slices, lambda one: self._of_slice(one, user_id), _PARALLEL)
        # Behind these places one of the two may have more than was read: the page ends before.
        horizon = min((key for key in (more, end) if key), default="")
        inside = sorted((past for past in pasts if past is not None and (not horizon or past.key <= horizon)), key=lambda past: past.key)
        if len(inside) > limit:
            return inside[:limit], cursor_after(inside[limit - 1].key, of)
        return inside, cursor_after(horizon, of)

    async def _slices(self, user: User, user_id: str, after: str) -> tuple[list[Applied], str]:
        """The next slices that may hold the user, of all syncs that know it; and behind which key they end, "" when these are all."""
        keys = dict.fromkeys((*user.held_by, *(directory_key for directory_key, _ in user.objects)))
        found = [one for part in await each(list(keys), lambda key: self._of_sync(key, user_id, after), _PARALLEL) for one in part]
        found.sort(key=lambda one: one.key)
        return found[:SLICES_LOOKED_AT], found[SLICES_LOOKED_AT - 1].key if len(found) > SLICES_LOOKED_AT else ""

    async def _of_sync(self, directory_key: str, user_id: str, after: str) -> list[Applied]:
        found: list[Applied] = []
        async for page in self._applied.newest(directory_key, after):
            found += [one for one in page if one.may_hold(user_id)]
            if len(found) > SLICES_LOOKED_AT:
                break
        return found[: SLICES_LOOKED_AT + 1]

    async def _of_slice(self, one: Applied, user_id: str) -> Past | None:
        if not await self._applied.holds(one, [user_id]):
            return None
        changes = await self._changes.slice(one.run, one.plan, one.chain, one.number)
        change = next((change for change in changes if change.user_id == user_id), None)
        if change is None:
            return None
        return Past(one.key, one.at, one.actor, one.run, tuple(change.actions), change.reason, await self._fields(change))

    async def _fields(self, change: Change) -> tuple[Field, ...]:
        if change.desired is None or Action.CREATE not in change.actions:
            return change.fields
        return fields_of_new(change.desired, {group.group_id: group.name for group, _ in await self._groups.all()})


def _of_event(one: Logged) -> Past:
    event = one.event
    fields = tuple(Field(name, "", text) for name, text in event.description.items())
    return Past(one.place, event.at, event.actor, event.run, (event.action.value,), "", fields)
