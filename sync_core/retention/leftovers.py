"""Puts right what runs of deleted syncs left when they died: for other syncs the next run does that, here the night does (D-17).

By the records, as everywhere: claims of names, member rows, pointers, rows of Objects. The lock row lists the runs until that is done. A
message is one slice of one run's changes, and sends the next; done again, it changes nothing, and one that is lost is sent again the next
night.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace as with_

from msgspec.structs import replace

from sync_core.directory.users import User
from sync_core.errors import Conflict, Transient
from sync_core.planning.changes import Change
from sync_core.planning.claims import Claim
from sync_core.retention.later import send_later
from sync_core.retention.messages import Leftovers
from sync_core.runs.apply import Applier
from sync_core.runs.by_records import follow_records
from sync_core.runs.context import Context
from sync_core.runs.hand import Hand
from sync_core.runs.plan import make_writer
from sync_core.runs.record import RunKind, may_write
from sync_core.runs.settled import widen_in
from sync_core.storage.changes import slice_of
from sync_core.storage.locks import Lock

log = logging.getLogger(__name__)


class DeletedSyncs:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._applier = Applier(context)

    async def sweep(self) -> None:
        """Sends what is due: one partition of locks and one of syncs are read."""
        unclean = await self._context.locks.unclean()
        deleted = {sync.directory_key for sync in await self._context.syncs.all() if sync.deleted_at is not None} if unclean else set[str]()
        for key in sorted(deleted.intersection(unclean)):
            await self._send(Leftovers(directory_key=key))

    async def __call__(self, message: Leftovers) -> None:
        try:
            await self._put_right(message)
        except Transient as busy:
            await send_later(self._context.queues, message, busy)

    async def poisoned(self, message: Leftovers) -> None:
        """A message that failed as often as the host tries. Nothing is lost: the next night sends it again."""
        log.error("putting right what runs of %s left failed again and again; the next night tries again", message.directory_key)

    async def _put_right(self, message: Leftovers) -> None:
        key = message.directory_key
        sync, (lock, _) = await self._context.syncs.get(key), await self._context.locks.read(key)
        if sync is None or sync.deleted_at is None or not lock.unclean or await self._is_at_work(lock):
            return
        code = lock.unclean[0]
        if not message.run:
            await self._fence_out(key, lock)
        if message.run != code:
            message = Leftovers(directory_key=key, run=code)
        slice_ = await self._next_slice(code, message.after)
        if slice_ is not None:
            again = message.again
            if message.of == "rows":
                await follow_records(self._context, key, slice_[1], code)
            elif await self._finish_transfers(key, code, lock.fence + 1, *slice_):
                again = True
            await self._send(message.model_copy(update={"after": slice_[0], "again": again, "tries": 0}))
        elif message.of == "transfers":
            await self._send(Leftovers(directory_key=key, run=code, of="transfers" if message.again else "rows"))
        else:
            await self._is_clean(key, code)
            await self._send(Leftovers(directory_key=key, run=code))

    async def _is_at_work(self, lock: Lock) -> bool:
        """Whether a run goes on, or a worker of a dead one may still write."""
        now = self._context.clock.now()
        dead = [await self._context.runs.get(code) for code in lock.unclean]
        return bool(lock.run) or any(may_write(run, now) for run in dead)

    async def _fence_out(self, key: str, lock: Lock) -> None:
        await self._context.users.raise_fence(key, lock.fence + 1)
        for past in dict.fromkeys((lock.last_run, *lock.unclean)):
            if past:
                await self._context.staging.drop(past)

    async def _next_slice(self, code: str, after: str) -> tuple[str, tuple[Change, ...]] | None:
        """The slice behind that key, of the lists that counted; each key begins with its list's name, which begins with the attempt."""
        for plan in sorted(await self._context.changes.plans(code)):
            start = f"{after}!" if after.startswith(plan) else ""
            if start or plan > after:
                async for found in self._context.changes.slices(code, plan, start):
                    return found
        return None

    async def _finish_transfers(self, key: str, code: str, fence: int, of: str, changes: Sequence[Change]) -> bool:
        """Who was to give up a name that the taker's record lists already does so, with all that was planned for it, as after a cancel
        (D-14). Whether anybody did.
        """
        giving = [change for change in changes if change.yields]
        claims = {i: claim for i, (claim, _) in (await self._context.names.many(i for change in giving for i in change.yields)).items()}
        found = await self._context.users.many({*(change.user_id for change in giving), *(claim.owner for claim in claims.values())})
        records = {user_id: stored.user for user_id, stored in found.items()}
        half = [change for change in giving if any(_is_listed_twice(i, change.user_id, claims, records) for i in change.yields)]
        if not half:
            return False
        run = await self._context.runs.get(code)
        writer = with_(await make_writer(self._context, run), individual=run.kind is RunKind.INDIVIDUAL)
        hand = Hand(key, code, writer.read_at, fence)
        settled = await self._applier.records(hand, writer, half, widen_in(self._context.changes, code, *slice_of(of)))
        await self._applier.pointers(settled)
        await self._applier.objects(hand, writer, settled, {})
        return any(one.after is not None and one.after.name_digests.keys().isdisjoint(one.change.yields) for one in settled)

    async def _is_clean(self, key: str, code: str) -> None:
        while True:
            lock, etag = await self._context.locks.read(key)
            if code not in lock.unclean:
                return
            try:
                left = tuple(other for other in lock.unclean if other != code)
                await self._context.locks.write(key, replace(lock, unclean=left), etag)
            except Conflict:
                continue
            return

    async def _send(self, message: Leftovers) -> None:
        await self._context.queues.send(Leftovers.queue, message.model_dump_json())


def _is_listed_twice(key: str, user_id: str, claims: Mapping[str, Claim], records: Mapping[str, User]) -> bool:
    """Whether the user's record lists a name that is another's by its claim and by that one's record."""
    claim = claims.get(key)
    if claim is None or claim.owner == user_id:
        return False
    return all(one in records and key in records[one].name_digests for one in (user_id, claim.owner))
