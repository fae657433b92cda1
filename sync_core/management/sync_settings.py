"""Settings of a sync, saved (B-030..B-068, D-12, D-17)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from sync_core.clock import Clock
from sync_core.directory.attributes import Mapping
from sync_core.directory.brake import Brake, check_brake
from sync_core.directory.events import Happening
from sync_core.directory.lives import Life, Pause, paused
from sync_core.directory.schedules import DEFAULT_INTERVALS, check_interval, next_slot
from sync_core.directory.syncs import Sync, check_groups, check_name
from sync_core.entra.port import SourceGroup, Sources
from sync_core.errors import Conflict, NotFound, Rejected
from sync_core.ids import RandomBits
from sync_core.management.journal import Journal
from sync_core.management.selection import find, selected
from sync_core.management.syncs import Intervals, Syncs, check_mapping, make_syncs
from sync_core.management.unenrolled import check_enrollment
from sync_core.management.versions import check_version
from sync_core.storage.lives import LifeRows
from sync_core.storage.locks import LockRows
from sync_core.storage.log import LogRows
from sync_core.storage.runs import RunRows
from sync_core.storage.syncs import NameTaken, SyncRows
from sync_core.storage.tables import Tables
from sync_core.storage.users import UserRows


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncEdit:
    """None leaves a setting as it is."""

    name: str | None = None
    groups: tuple[str, ...] | None = None
    """Object ids in Entra."""
    mapping: Callable[[Mapping], Mapping] | None = None
    interval: int | None = None
    default_interval: bool = False
    """Whether the interval is the deployment's default again."""
    enrollment_mail: bool | None = None
    brake: Callable[[Brake], Brake] | None = None
    confirm: bool = False
    """Whether users without a device may be sent links, where enrollment mail is switched on (D-32)."""


class SyncSettings:
    def __init__(
        self,
        syncs: Syncs,
        rows: SyncRows,
        lives: LifeRows,
        locks: LockRows,
        runs: RunRows,
        users: UserRows,
        sources: Sources,
        journal: Journal,
        clock: Clock,
        random_bits: RandomBits,
        intervals: Intervals,
    ) -> None:
        self._syncs = syncs
        self._rows = rows
        self._lives = lives
        self._locks = locks
        self._runs = runs
        self._users = users
        self._sources = sources
        self._journal = journal
        self._clock = clock
        self._random_bits = random_bits
        self._intervals = intervals

    async def save(self, directory_key: str, edit: SyncEdit, if_match: Collection[str] = (), *, by: str) -> tuple[Sync, str]:
        """The sync as it then is, and its ETag. A run that goes on stops at its next slice (D-17); without groups the sync pauses (B-035).

        Raises NotFound; Outdated; Rejected, naming the field; Unconfirmed (D-32); and what the source raises when new groups are looked up.
        """
        found: dict[str, SourceGroup] = {}
        while True:
            before, etag = await self._syncs.version(directory_key)
            check_version(etag, if_match)
            found |= await self._new_groups(before, edit.groups, found)
            after = self._edited(before, edit, found)
            if after == before:
                return before, etag
            await self._check(before, after)
            await check_enrollment(before, after, self._users, confirmed=edit.confirm)
            async with self._journal.about(by, _happening(before, after), before.name, directory_key, _told(before, after)) as entry:
                saved = await self._written(before, after, etag)
                if saved is None:
                    entry.came_to_nothing()
                    continue
            return after, saved

    async def proposed(self, directory_key: str, edit: SyncEdit) -> Sync:
        """The sync as saving would leave it; nothing is saved (D-13). New groups get ids that are nobody else's. Raises as `save`."""
        before, _ = await self._syncs.version(directory_key)
        after = self._edited(before, edit, await self._new_groups(before, edit.groups, {}))
        await self._check(before, after)
        return after

    async def _written(self, before: Sync, after: Sync, etag: str) -> str | None:
        """The new ETag; None when somebody else was faster."""
        try:
            saved = await self._rows.replace(after, etag, before)
        except NameTaken as taken:
            raise Rejected(f"{taken}: choose another name", field="name") from taken
        except Conflict:
            stored = await self._rows.read(after.directory_key)
            if stored is None or stored.sync != after:
                return None
            saved = stored.etag  # only the answer was lost
        now = self._clock.now()
        if not after.groups:
            await self._lives.change(after.directory_key, partial(paused, because=Pause.NO_GROUPS, now=now))
        if after.interval != before.interval:
            await self._lives.change(after.directory_key, lambda life: _rescheduled(life, next_slot(now, after.interval, life.phase)))
        return saved

    async def _new_groups(self, sync: Sync, object_ids: tuple[str, ...] | None, found: dict[str, SourceGroup]) -> dict[str, SourceGroup]:
        """Those of the wanted groups that neither the sync has nor were found before. A group that stays is not looked up: it may be gone
        from Entra, and stays all the same until somebody removes it (B-034).
        """
        if object_ids is None:
            return {}
        check_groups(object_ids)
        known = {group.object_id for group in sync.groups} | found.keys()
        new = [object_id for object_id in object_ids if object_id not in known]
        return await find(await self._sources(sync.tenant_id), new) if new else {}

    def _edited(self, sync: Sync, edit: SyncEdit, found: dict[str, SourceGroup]) -> Sync:
        groups = sync.groups if edit.groups is None else selected(edit.groups, sync.groups, found, self._random_bits)
        after = replace(
            sync,
            name=sync.name if edit.name is None else check_name(edit.name),
            groups=groups,
            mapping=sync.mapping if edit.mapping is None else edit.mapping(sync.mapping),
            interval=self._intervals[sync.kind] if edit.default_interval else sync.interval if edit.interval is None else edit.interval,
            enrollment_mail=sync.enrollment_mail if edit.enrollment_mail is None else edit.enrollment_mail,
            brake=sync.brake if edit.brake is None else edit.brake(sync.brake),
        )
        return sync if after == sync else replace(after, version=sync.version + 1)

    async def _check(self, before: Sync, after: Sync) -> None:
        check_mapping(after.mapping)
        check_interval(after.kind, after.interval)
        check_brake(after.brake)
        if after.mapping.username != before.mapping.username and await self._has_written(before.directory_key):
            raise Rejected(
                f"the source of usernames is {before.mapping.username} since the first full sync: to take another one, "
                "delete the sync and set it up again",
                field="mapping.username",
            )

    async def _has_written(self, directory_key: str) -> bool:
        """Whether a full run has begun to write (B-043): the one that goes on now, or an earlier one, which told so before it ended."""
        lock, _ = await self._locks.read(directory_key)
        try:
            if lock.run and (await self._runs.get(lock.run)).wrote:
                return True
        except NotFound:  # it never got its lock
            pass
        return (await self._lives.get(directory_key)).wrote


def make_sync_settings(
    tables: Tables, sources: Sources, clock: Clock, random_bits: RandomBits, intervals: Intervals = DEFAULT_INTERVALS
) -> SyncSettings:
    """`intervals`: the deployment's defaults, in minutes."""
    return SyncSettings(
        make_syncs(tables, sources, clock, random_bits),
        SyncRows(tables),
        LifeRows(tables),
        LockRows(tables),
        RunRows(tables),
        UserRows(tables),
        sources,
        Journal(LogRows(tables, clock), clock, random_bits),
        clock,
        random_bits,
        intervals,
    )


def _rescheduled(life: Life, at: datetime) -> Life:
    return replace(life, next_at=at)


def _happening(before: Sync, after: Sync) -> Happening:
    return Happening.SYNC_GROUPS_UPDATE if after.groups != before.groups else Happening.SYNC_UPDATE


def _told(before: Sync, after: Sync) -> dict[str, str]:
    """What changed, as a person would say it."""
    told: dict[str, str] = {}
    if after.name != before.name:
        told["name"] = after.name
    kept = {group.object_id for group in before.groups}, {group.object_id for group in after.groups}
    if after.groups != before.groups:
        told["groups added"] = ", ".join(group.name for group in after.groups if group.object_id not in kept[0])
        told["groups removed"] = ", ".join(group.name for group in before.groups if group.object_id not in kept[1])
    if not after.groups:
        told["paused"] = Pause.NO_GROUPS
    for field in ("interval", "enrollment_mail", "mapping", "brake"):
        if getattr(after, field) != getattr(before, field):
            told[field] = str(getattr(after, field))
    return told
