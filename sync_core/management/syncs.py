"""User syncs: set up after everything that can be wrong was looked for, and deleted (B-025, B-030..B-049, B-140..B-143)."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from msgspec import structs

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory import attributes, names
from sync_core.directory.attributes import Mapping as Attributes
from sync_core.directory.brake import Brake, check_brake
from sync_core.directory.events import Happening
from sync_core.directory.lives import Life, Pause, paused
from sync_core.directory.schedules import DEFAULT_INTERVALS, SyncKind, check_interval, new_phase, next_slot
from sync_core.directory.syncs import MAX_NAME, Connection, Sync, check_groups, check_name
from sync_core.entra.port import Sources
from sync_core.errors import Conflict, NotFound, Rejected
from sync_core.ids import RandomBits, has_form
from sync_core.management.connections import Connections, make_connections, presentable
from sync_core.management.journal import Journal
from sync_core.management.references import cursor_after, cursor_place, unknown
from sync_core.management.selection import find, selected
from sync_core.management.versions import check_version
from sync_core.storage.lives import LifeRows
from sync_core.storage.log import LogRows
from sync_core.storage.syncs import NameTaken, SyncRows
from sync_core.storage.tables import Tables

type Intervals = Mapping[SyncKind, int]

DEFAULT_BRAKE = Brake()
SYNCS = "syncs"
"""The list, as its cursors name it."""


@dataclass(frozen=True, slots=True)
class NewSync:
    connection_id: str
    groups: tuple[str, ...]
    """Object ids of groups in Entra. Without any the sync is paused (B-035)."""
    mapping: Attributes
    name: str = ""
    """"" for the organization's name."""
    interval: int | None = None
    """Minutes; None for the deployment's default."""
    enrollment_mail: bool = False
    brake: Brake = DEFAULT_BRAKE


class Syncs:
    def __init__(
        self,
        rows: SyncRows,
        lives: LifeRows,
        connections: Connections,
        sources: Sources,
        journal: Journal,
        clock: Clock,
        random_bits: RandomBits,
        intervals: Intervals = DEFAULT_INTERVALS,
    ) -> None:
        self._rows = rows
        self._lives = lives
        self._connections = connections
        self._sources = sources
        self._journal = journal
        self._clock = clock
        self._random_bits = random_bits
        self._intervals = intervals

    async def create(self, new: NewSync, *, by: str) -> Sync:
        """Raises Rejected, naming the field at fault, and what the source raises. Nothing is written then."""
        check_mapping(new.mapping)
        check_groups(new.groups)
        interval = self._intervals[SyncKind.USER] if new.interval is None else new.interval
        check_interval(SyncKind.USER, interval)
        check_brake(new.brake)
        name = check_name(new.name) if new.name else ""
        connection = await self._connection(new.connection_id)
        source = await self._sources(connection.tenant_id)
        found = await find(source, new.groups)
        organization = "" if name else (await source.organization())[1]
        sync = Sync(
            directory_key=ids.new_directory_key(self._random_bits),
            name=name or presentable(organization, connection.tenant_id),
            connection_id=connection.connection_id,
            tenant_id=connection.tenant_id,
            groups=selected(new.groups, (), found, self._random_bits),
            mapping=new.mapping,
            brake=new.brake,
            kind=SyncKind.USER,
            interval=interval,
            enrollment_mail=new.enrollment_mail,
            created_at=self._clock.now(),
        )
        async with self._journal.about(by, Happening.SYNC_CREATE, sync.name, sync.directory_key) as entry:
            made = await self._insert(sync, numbered=not name)
            entry.describe(name=made.name, connection=connection.name, groups=str(len(made.groups)))
        return made

    async def all(self) -> list[Sync]:
        return [sync for sync in await self._rows.all() if sync.deleted_at is None]

    async def page(self, prefix: str, *, limit: int, cursor: str) -> tuple[list[Sync], str]:
        """At most `limit` of those whose names begin so, in any spelling, and the cursor of those that follow: "" when none do."""
        after, begins = cursor_place(cursor, SYNCS), names.fold(prefix)
        found = [sync for sync in await self.all() if sync.directory_key > after and names.fold(sync.name).startswith(begins)]
        return found[:limit], cursor_after(found[limit - 1].directory_key if len(found) > limit else "", SYNCS)

    async def known(self) -> dict[str, Sync]:
        """As `SyncRows.by_key`."""
        return await self._rows.by_key()

    async def get(self, directory_key: str) -> Sync:
        """Raises NotFound, for a deleted one too (D-17)."""
        return (await self.version(directory_key))[0]

    async def version(self, directory_key: str) -> tuple[Sync, str]:
        """The sync, and its ETag. Raises NotFound."""
        stored = await self._rows.read(directory_key) if has_form(directory_key, "DK") else None
        if stored is None or stored.sync.deleted_at is not None:
            raise unknown("sync", directory_key)
        return stored.sync, stored.etag

    async def delete(self, directory_key: str, if_match: Collection[str] = (), *, by: str, with_connection: bool = False) -> None:
        """Makes everything that it manages unmanaged, and nothing else (B-140..B-143). A run that goes on stops at its next slice (D-17).

        `with_connection`: its connection goes, too (B-144). Raises NotFound, Outdated, and Rejected for a connection that others share.
        """
        sync, etag = await self.version(directory_key)
        check_version(etag, if_match)
        if with_connection:
            await self._connections.check_unused(sync.connection_id, but=directory_key)
        async with self._journal.about(by, Happening.SYNC_DELETE, sync.name, directory_key):
            await self._delete(directory_key, if_match)
            await self._lives.remove(directory_key)
        if with_connection:
            with suppress(NotFound, Rejected):  # gone already, or in use by a sync that was set up meanwhile
                await self._connections.delete(sync.connection_id, by=by)

    async def _delete(self, directory_key: str, if_match: Collection[str]) -> None:
        while True:
            sync, etag = await self.version(directory_key)
            check_version(etag, if_match)
            try:
                await self._rows.delete(structs.replace(sync, deleted_at=self._clock.now(), version=sync.version + 1), etag)
            except Conflict:
                found = await self._rows.get(directory_key)
                if found is None or found.deleted_at is None:
                    continue
            return

    async def _connection(self, connection_id: str) -> Connection:
        try:
            return await self._connections.get(connection_id)
        except NotFound as error:
            raise Rejected(str(error), field="connection_id") from error

    async def _insert(self, sync: Sync, *, numbered: bool) -> Sync:
        """With its life first: without one it would never run, and one without a sync does no harm."""
        now = self._clock.now()
        phase = new_phase(self._random_bits)
        life = Life(directory_key=sync.directory_key, phase=phase, next_at=next_slot(now, sync.interval, phase))
        await self._lives.change(sync.directory_key, lambda _: life if sync.groups else paused(life, Pause.NO_GROUPS, now))
        try:
            made = await (self._insert_numbered(sync) if numbered else self._insert_named(sync))
            await self._check_connection(made)
        except (Rejected, Conflict):
            await self._lives.remove(sync.directory_key)
            raise
        return made

    async def _check_connection(self, sync: Sync) -> None:
        """Once more, now that whoever deletes or moves the connection sees the sync."""
        try:
            tenant_id = (await self._connections.get(sync.connection_id)).tenant_id
        except NotFound:
            tenant_id = ""
        stored = await self._rows.read(sync.directory_key)
        if stored is not None and stored.sync.tenant_id != tenant_id:
            await self._rows.delete(structs.replace(stored.sync, deleted_at=self._clock.now()), stored.etag)
            raise Rejected("the connection was deleted or moved meanwhile: choose another one, or repeat", field="connection_id")

    async def _insert_named(self, sync: Sync) -> Sync:
        try:
            await self._rows.insert(sync)
        except NameTaken as taken:
            raise Rejected(f"{taken}: choose another name", field="name") from taken
        return sync

    async def _insert_numbered(self, sync: Sync) -> Sync:
        """Names are unique (D-20 shows them to people): one that nobody asked for gets the first number that is free."""
        taken = {names.digest(other.name) for other in await self.all()}
        numbers = count(1)
        while True:
            named = _numbered(sync, next(numbers))
            if names.digest(named.name) in taken:
                continue
            with suppress(NameTaken):
                await self._rows.insert(named)
                return named


def make_syncs(tables: Tables, sources: Sources, clock: Clock, random_bits: RandomBits, intervals: Intervals = DEFAULT_INTERVALS) -> Syncs:
    """`intervals`: the deployment's defaults, in minutes."""
    journal = Journal(LogRows(tables, clock), clock, random_bits)
    connections = make_connections(tables, sources, clock, random_bits)
    return Syncs(SyncRows(tables), LifeRows(tables), connections, sources, journal, clock, random_bits, intervals)


def check_mapping(mapping: Attributes) -> None:
    """Raises Rejected, naming the field of the mapping at fault."""
    try:
        attributes.check(mapping)
    except Rejected as error:
        raise Rejected(str(error), field=f"mapping.{error.field}") from error


def _numbered(sync: Sync, number: int) -> Sync:
    ending = f" {number}" if number > 1 else ""
    return structs.replace(sync, name=sync.name[: MAX_NAME - len(ending)].rstrip() + ending)
