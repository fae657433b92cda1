"""Deletes for good those of a message's users that are still in Trash and due, or that an admin told to go (D-27).

A user that shall go is taken to `purging` first, by ETag: from then on no sync restores it. Runs that were under way may have seen it
before, so they are waited for; then all that names the user is removed, then the user, and last of all its pointer.
"""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory.events import SYSTEM, Event, Happening
from sync_core.directory.retention import due, is_due
from sync_core.directory.users import Status, User
from sync_core.errors import NotFound, Transient
from sync_core.retention.later import send_later
from sync_core.retention.messages import Forget
from sync_core.storage import log_sources
from sync_core.storage.locks import LockRows
from sync_core.storage.log import LogRows
from sync_core.storage.queues import Queues
from sync_core.storage.runs import RunRows
from sync_core.storage.tables import Tables
from sync_core.storage.trash import TrashRows
from sync_core.storage.users import Edit, StoredUser, UserRows
from sync_core.trash.erase import Eraser
from sync_core.trash.messages import Purge

log = logging.getLogger(__name__)

WAIT = 30.0
"""Seconds between looks at the runs that were under way."""


class Purger:
    def __init__(
        self, users: UserRows, trash: TrashRows, locks: LockRows, runs: RunRows, queues: Queues, clock: Clock, erase: Eraser, log: LogRows
    ) -> None:
        self._users = users
        self._trash = trash
        self._locks = locks
        self._runs = runs
        self._queues = queues
        self._clock = clock
        self._erase = erase
        self._log = log

    async def __call__(self, message: Purge) -> None:
        try:
            await self._purge(message)
        except Transient as busy:
            await send_later(self._queues, message, busy)

    async def poisoned(self, message: Purge) -> None:
        """A message that failed as often as the host tries. Nothing is lost: the pointers stay, and the next sweep sends them again."""
        log.error("purge of %d users due on %s failed again and again; the next sweep tries again", len(message.user_ids), message.day)

    async def _purge(self, message: Purge) -> None:
        going = await self._take(message)
        if not going:
            await self._trash.forget_told(message.day, _name(message))  # whoever told and erased may have died before that
            return
        taken_at = message.taken_at or self._clock.now()
        if await self._is_run_under_way(taken_at):
            await self._send(message.model_copy(update={"user_ids": tuple(going), "taken_at": taken_at}), WAIT)
            return
        await self._tell(message, going)
        await self._erase(going)
        await self._trash.forget_told(message.day, _name(message))
        await self._trash.drop((message.day, user_id) for user_id in going)
        log.info("purged %d users that were due on %s", len(going), message.day)

    async def _tell(self, message: Purge, going: Sequence[str]) -> None:
        """Before it is done: who is gone has no record any more that says what else is to be forgotten."""
        at, told = await self._trash.first_told(message.day, _name(message), self._clock.now(), going)
        await self._log.add(*log_sources.purged(_name(message)), [_deleted(user_id, at) for user_id in told])
        known: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for user_id, stored in (await self._users.many(going)).items():
            for directory_key, object_id in stored.user.objects:
                known[directory_key][object_id] = user_id
        await self._queues.send(Forget.queue, Forget(user_ids=tuple(going)).model_dump_json())
        for directory_key, users in known.items():
            forget = Forget(user_ids=tuple(set(users.values())), object_ids=tuple(users), directory_key=directory_key)
            await self._queues.send(Forget.queue, forget.model_dump_json())

    async def _take(self, message: Purge) -> list[str]:
        """Takes all who are due to `purging`, and returns the ids of all who are. Who is neither loses its pointer."""
        going: list[str] = []
        pending = list(message.user_ids)
        while pending:
            stored = await self._users.many(pending)
            now = self._clock.now()
            due_now = [found for found in stored.values() if is_due(found.user, now)]
            going += [user_id for user_id, found in stored.items() if found.user.status is Status.PURGING]
            kept = {*going, *(found.user.user_id for found in due_now)}
            await self._drop(message, [(user_id, stored.get(user_id)) for user_id in pending if user_id not in kept])
            edits = [Edit(found, replace(found.user, status=Status.PURGING)) for found in due_now]
            refused = {edit.after.user_id for edit in await self._users.amend(edits)}
            going += [edit.after.user_id for edit in edits if edit.after.user_id not in refused]
            pending = list(refused)
        return going

    async def _drop(self, message: Purge, users: Sequence[tuple[str, StoredUser | None]]) -> None:
        """Drops the pointers of users that are gone, restored, or due on another day: these keep one there."""
        dropped: list[str] = []
        for user_id, found in users:
            if found is None:
                await self._users.recount([ids.user_partition(user_id)])  # whoever deleted it may have died before that
                dropped.append(user_id)
            elif (trashed_at := _in_trash_since(found.user)) is None:
                dropped.append(user_id)
            elif due(trashed_at, found.user.trash_days).date() != message.day:
                await self._trash.point([found.user])
                dropped.append(user_id)
        await self._trash.drop((message.day, user_id) for user_id in dropped)

    async def _is_run_under_way(self, since: datetime) -> bool:
        """Whether any run goes on that was queued by then: it may have read a record as it was before."""
        for lock in (await self._locks.taken()).values():
            try:
                run = await self._runs.get(lock.run)
            except NotFound:
                continue
            if run.queued_at <= since:
                return True
        return False

    async def _send(self, message: Purge, delay: float) -> None:
        await self._queues.send(Purge.queue, message.model_dump_json(), delay=delay)


def _name(message: Purge) -> str:
    return hashlib.blake2b(" ".join(message.user_ids).encode(), digest_size=8).hexdigest()


def _deleted(user_id: str, at: datetime) -> Event:
    """Without its name, which is to be forgotten (D-35)."""
    return Event(at=at, action=Happening.USER_DELETE, actor=SYSTEM, object_id=user_id)


def _in_trash_since(user: User) -> datetime | None:
    return user.trashed_at if user.status is Status.PENDING_DELETION else None


def make_purger(tables: Tables, queues: Queues, clock: Clock, trash: TrashRows) -> Purger:
    return Purger(UserRows(tables), trash, LockRows(tables), RunRows(tables), queues, clock, Eraser(tables), LogRows(tables, clock))
