"""Two syncs of one tenant that meet somebody new at the same time make one user of it, whatever name each gives it (B-011, D-06).

Each claims the object among its own rows and looks at the others' after that, so one of two sees the other at least. Who finds a claim
of a sync with a lower directory key takes up that one's user, in a new plan. Who finds one of a higher key waits: that one may not have
looked yet, and then gives way; or it went on, and writes the user. So do individual syncs; whoever asked for one is told to ask again.
"""

from collections.abc import Mapping

from sync_core.directory.syncs import Sync
from sync_core.errors import Transient
from sync_core.planning.claims import Alive
from sync_core.planning.identity import agrees
from sync_core.runs.context import Context
from sync_core.runs.course import settings_of
from sync_core.runs.plan import make_writer
from sync_core.runs.record import Run

PAUSE = 5.0
"""Seconds until a claim that waits for another run looks again."""


class Rivals:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def are_ahead(self, run: Run, claimed: Mapping[str, str]) -> set[str]:
        """Of the objects that the run has claimed, as user id by object id, those that another sync makes a user of.

        Raises Transient while it cannot be told.
        """
        if not claimed:
            return set()
        own = settings_of(run)
        others = [other for other in await self._context.syncs.all() if _is_rival(other, own)]
        return {object_id for other in others for object_id in await self._ahead(run, other, claimed)}

    async def _ahead(self, run: Run, other: Sync, claimed: Mapping[str, str]) -> set[str]:
        rows = {object_id: row for object_id, (row, _) in (await self._context.objects.many(other.directory_key, claimed)).items()}
        differing = {object_id: row for object_id, row in rows.items() if row.user_id != claimed[object_id]}
        if not differing:
            return set()
        # Between claims and records: a run that is not alive any more has written its records, or never will.
        lock, _ = await self._context.locks.read(other.directory_key)
        alive = Alive(frozenset({lock.run}), self._context.clock.now(), run.run)
        records = await self._context.users.many(row.user_id for row in differing.values())
        writer = await make_writer(self._context, run)
        made = {i for i, row in differing.items() if row.user_id in records and agrees(records[row.user_id].user, i, writer)}
        making = {i for i, row in differing.items() if row.run in alive} - made
        if making and other.directory_key > run.directory_key:
            raise Transient(f"the sync {other.name} is about to make users of the same people", retry_after=PAUSE)
        return made | making


def _is_rival(other: Sync, own: Sync) -> bool:
    return other.deleted_at is None and other.tenant_id == own.tenant_id and other.directory_key != own.directory_key
