"""Trash as an admin sees it: who is in it and until when, and deleting somebody for good before that (B-161, B-164)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from sync_core.clock import Clock
from sync_core.directory.events import Happening
from sync_core.directory.retention import due
from sync_core.directory.users import Status, User
from sync_core.errors import Rejected
from sync_core.ids import FORM
from sync_core.management.existing import existing_user
from sync_core.management.journal import Journal
from sync_core.management.references import cursor_after, cursor_place, unknown
from sync_core.storage.bulk import each
from sync_core.storage.queues import Queues
from sync_core.storage.trash import LONGEST, Pointer, TrashRows
from sync_core.storage.users import UserRows
from sync_core.trash.messages import Purge

TRASH = "trash"
"""The list, as its cursors name it."""
_PLACE = re.compile(rf"\d{{4}}-\d\d-\d\d-{FORM}")
_DAYS_AT_ONCE = 16
_A_DAY = timedelta(days=1)
_TOLD = {"status": Status.PURGING.value}
"""The deletion itself is told when it is done."""


@dataclass(frozen=True, slots=True)
class Trashed:
    user: User
    day: date
    """Where its pointer stands: the place in the list."""
    deletion_due: datetime


class Trash:
    def __init__(self, users: UserRows, rows: TrashRows, queues: Queues, journal: Journal, clock: Clock) -> None:
        self._users = users
        self._rows = rows
        self._queues = queues
        self._journal = journal
        self._clock = clock

    async def page(self, *, limit: int, cursor: str) -> tuple[list[Trashed], str]:
        """At most `limit` users, those of the nearest day first, and the cursor of more ("" at the end). Rejected for a foreign cursor."""
        after = cursor_place(cursor, TRASH, _PLACE)
        found = await self._walk(after, limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return found[:limit], cursor_after(f"{last.day}-{last.user.user_id}" if last else "", TRASH)

    async def delete(self, user_id: str, *, by: str) -> Trashed:
        """Has a user in Trash deleted for good, due or not: from now on nothing brings it back (B-164).

        Raises NotFound, and Rejected for a user that is not in Trash. Done again, it is sent to the purge again.
        """

        def going(user: User) -> User:
            if not user.in_trash:
                raise Rejected(f"{user_id} is not in Trash: only users that are can be deleted for good here")
            return replace(user, status=Status.PURGING)

        user = await existing_user(self._users, user_id)
        if going(user) != user:
            async with self._journal.about(by, Happening.USER_UPDATE, user.last_username, user_id, _TOLD):
                user = await self._users.change(user_id, going)
                if user is None:
                    raise unknown("user", user_id)
        now = self._clock.now()
        deletion_due = due(user.trashed_at or now, user.trash_days)
        message = Purge(day=deletion_due.date(), user_ids=(user_id,), taken_at=now)
        await self._queues.send(Purge.queue, message.model_dump_json())
        return Trashed(user, message.day, deletion_due)

    async def _walk(self, after: str, wanted: int) -> list[Trashed]:
        """Through the days that may have pointers, some at a time, until as many users are found as are wanted."""
        now = self._clock.now()
        first, start = _place(after) if after else (await self._rows.sweep_from(now), "")
        days = [first + n * _A_DAY for n in range((now.date() + LONGEST - first).days + 1)]
        found: list[Trashed] = []
        for begin in range(0, len(days), _DAYS_AT_ONCE):
            part = days[begin : begin + _DAYS_AT_ONCE]
            pages = await each(part, lambda day: self._rows.on(day, start if day == first else "", wanted), _DAYS_AT_ONCE)
            for day, page in zip(part, pages, strict=True):
                pointers = page
                while pointers and len(found) < wanted:
                    found += await self._believed(pointers)
                    pointers = await self._rows.on(day, pointers[-1].user_id, wanted) if len(pointers) == wanted else []
            if len(found) >= wanted:
                break
        return found

    async def _believed(self, pointers: Sequence[Pointer]) -> list[Trashed]:
        """Those whose records say that they are in Trash; each once, on its own day."""
        records = await self._users.many(pointer.user_id for pointer in pointers)
        found: list[Trashed] = []
        for pointer in pointers:
            user = records[pointer.user_id].user if pointer.user_id in records else None
            if user is None or not user.in_trash or user.trashed_at is None:
                continue
            own = due(user.trashed_at, user.trash_days)
            if own.date() == pointer.day:
                found.append(Trashed(user, pointer.day, own))
        return found


def _place(place: str) -> tuple[date, str]:
    try:
        return date.fromisoformat(place[:10]), place[11:]
    except ValueError as error:
        raise Rejected("this cursor names a day that there is not: start again without a cursor", field="cursor") from error
