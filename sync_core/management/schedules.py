"""Syncs paused and resumed, and how they stand (B-028, B-106, B-120..B-132)."""

from functools import partial

from msgspec.structs import replace

from sync_core.clock import Clock
from sync_core.directory.events import Happening
from sync_core.directory.lives import Life, Pause, Standing, paused, resumed, standing
from sync_core.directory.syncs import Sync, check_runnable
from sync_core.entra.port import Sources
from sync_core.errors import Conflict, GroupGone, NotFound, Rejected
from sync_core.ids import RandomBits
from sync_core.management.journal import Journal
from sync_core.management.references import is_reference_code
from sync_core.management.syncs import Syncs, make_syncs
from sync_core.runs.record import KEPT, Run, State
from sync_core.storage.lives import LifeRows
from sync_core.storage.log import LogRows
from sync_core.storage.runs import RunRows
from sync_core.storage.syncs import SyncRows
from sync_core.storage.tables import Tables


class Schedules:
    def __init__(
        self, syncs: Syncs, rows: SyncRows, lives: LifeRows, runs: RunRows, sources: Sources, journal: Journal, clock: Clock
    ) -> None:
        self._syncs = syncs
        self._rows = rows
        self._lives = lives
        self._runs = runs
        self._sources = sources
        self._journal = journal
        self._clock = clock

    async def of(self, sync: Sync) -> Standing:
        return standing(sync, await self._lives.get(sync.directory_key))

    async def of_all(self, syncs: list[Sync]) -> list[Standing]:
        lives = await self._lives.all()
        return [standing(sync, lives.get(sync.directory_key) or Life(directory_key=sync.directory_key)) for sync in syncs]

    async def pause(self, directory_key: str, *, by: str) -> Standing:
        """No scheduled run is started any more; others may be, and one that goes on goes on (B-120). Raises NotFound."""
        sync = await self._syncs.get(directory_key)
        if (await self._lives.get(directory_key)).paused:
            return await self.of(sync)
        async with self._journal.about(by, Happening.SYNC_PAUSE, sync.name, directory_key):
            life = await self._lives.change(directory_key, partial(paused, because=Pause.BY_HAND, now=self._clock.now(), by=by))
        return standing(sync, life)

    async def resume(self, directory_key: str, *, by: str) -> Standing:
        """Runs at its next slot. Raises NotFound; Rejected while no groups are selected (B-036) or the connection's move is not accepted
        (D-08); Reauthorize, or what the source raises besides, where Entra refused the application and still does (B-132).
        """
        sync = await self._syncs.get(directory_key)
        check_runnable(sync)
        life = await self._lives.get(directory_key)
        if not life.paused:
            return standing(sync, life)
        if life.needs_authorization:
            await self._check_consent(sync)
        async with self._journal.about(by, Happening.SYNC_RESUME, sync.name, directory_key):
            life = await self._lives.change(directory_key, partial(resumed, interval=sync.interval, now=self._clock.now()))
        return standing(sync, life)

    async def accept_move(self, directory_key: str, preview: str, *, by: str) -> Sync:
        """Lets a sync run in the tenant to which its connection has moved: somebody has looked at a preview of that (D-08). Users are
        found again by name if they were in the preview. It stays paused until it is resumed.

        Raises NotFound, and Rejected when there is nothing to accept or the preview is of other settings.
        """
        while True:
            sync, etag = await self._syncs.version(directory_key)
            if not sync.moved_from:
                raise Rejected("the connection has not moved, or its move was accepted already")
            relink = (await self._accepted(sync, preview)).relink
            told = {"tenant": sync.tenant_id, "former tenant": sync.moved_from}
            accepted = replace(sync, moved_from="", relink=relink, version=sync.version + 1)
            async with self._journal.about(by, Happening.SYNC_UPDATE, sync.name, directory_key, told, run=preview) as entry:
                try:
                    await self._rows.replace(accepted, etag)
                except Conflict:
                    if await self._rows.get(directory_key) != accepted:
                        entry.came_to_nothing()
                        continue
            return accepted

    async def _accepted(self, sync: Sync, preview: str) -> Run:
        try:
            run = await self._runs.get(preview) if is_reference_code(preview) else None
        except NotFound:
            run = None
        if run is None or run.state is not State.PREVIEWED or run.ended_at is None:
            raise Rejected("this is no finished preview", field="preview")
        if run.ended_at + KEPT <= self._clock.now():
            raise Rejected("this preview has expired: make a new one", field="preview")
        if run.sync != sync:
            raise Rejected("this preview is of another sync, or of other settings than are saved now: make a new one", field="preview")
        return run

    async def _check_consent(self, sync: Sync) -> None:
        """Asks Entra for what a run needs first: the organization, a group, a page of members."""
        source = await self._sources(sync.tenant_id)
        await source.organization()
        for group in sync.groups:
            try:
                await source.members(group.object_id, sync.mapping.sources)
            except GroupGone:
                continue
            return


def make_schedules(tables: Tables, sources: Sources, clock: Clock, random_bits: RandomBits) -> Schedules:
    syncs = make_syncs(tables, sources, clock, random_bits)
    journal = Journal(LogRows(tables, clock), clock, random_bits)
    return Schedules(syncs, SyncRows(tables), LifeRows(tables), RunRows(tables), sources, journal, clock)
