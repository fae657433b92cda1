"""User syncs: set up after everything that can be wrong was looked for (B-025, B-030..B-049)."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from msgspec import structs

from sync_core import ids
from sync_core.clock import Clock
from sync_core.directory import attributes, names
from sync_core.directory.attributes import Mapping
from sync_core.directory.syncs import MAX_NAME, Connection, SelectedGroup, Sync, check_groups, check_name
from sync_core.entra.port import Directory, SourceGroup, Sources
from sync_core.errors import Conflict, GroupGone, NotFound, Rejected, SyncError
from sync_core.management.connections import Connections, presentable
from sync_core.management.references import has_form, unknown
from sync_core.management.versions import check_version
from sync_core.storage.syncs import NameTaken, SyncRows

PARALLEL_READS = 8
MAX_NAMED = 5
"""How many missing groups an error names."""


@dataclass(frozen=True, slots=True)
class NewSync:
    connection_id: str
    groups: tuple[str, ...]
    """Object ids of groups in Entra."""
    mapping: Mapping
    name: str = ""
    """"" for the organization's name."""


class Syncs:
    def __init__(self, rows: SyncRows, connections: Connections, sources: Sources, clock: Clock) -> None:
        self._rows = rows
        self._connections = connections
        self._sources = sources
        self._clock = clock

    async def create(self, new: NewSync) -> Sync:
        """Raises Rejected, naming the field at fault, and what the source raises. Nothing is written then."""
        _check_mapping(new.mapping)
        check_groups(new.groups)
        name = check_name(new.name) if new.name else ""
        connection = await self._connection(new.connection_id)
        source = await self._sources(connection.tenant_id)
        groups = await _selected(source, new.groups)
        organization = "" if name else (await source.organization())[1]
        sync = Sync(
            directory_key=ids.new_directory_key(),
            name=name or presentable(organization, connection.tenant_id),
            connection_id=connection.connection_id,
            tenant_id=connection.tenant_id,
            groups=groups,
            mapping=new.mapping,
            created_at=self._clock.now(),
        )
        return await (self._insert(sync) if name else self._insert_numbered(sync))

    async def all(self) -> list[Sync]:
        return [sync for sync in await self._rows.all() if sync.deleted_at is None]

    async def known(self) -> dict[str, Sync]:
        """All syncs by directory key, deleted ones too: groups are still called after these (B-143)."""
        return {sync.directory_key: sync for sync in await self._rows.all()}

    async def get(self, directory_key: str) -> Sync:
        """Raises NotFound, for a deleted one too (D-17)."""
        return (await self.version(directory_key))[0]

    async def version(self, directory_key: str) -> tuple[Sync, str]:
        """The sync, and its ETag. Raises NotFound."""
        stored = await self._rows.read(directory_key) if has_form(directory_key, "DK") else None
        if stored is None or stored.sync.deleted_at is not None:
            raise unknown("sync", directory_key)
        return stored.sync, stored.etag

    async def delete(self, directory_key: str, if_match: Collection[str] = ()) -> None:
        """Makes everything that it manages unmanaged, and nothing else (B-140..B-143). A run that goes on stops at its next slice (D-17).

        Raises NotFound, and Outdated.
        """
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

    async def _insert(self, sync: Sync) -> Sync:
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


def _check_mapping(mapping: Mapping) -> None:
    try:
        attributes.check(mapping)
    except Rejected as error:
        raise Rejected(str(error), field=f"mapping.{error.field}") from error


def _numbered(sync: Sync, number: int) -> Sync:
    ending = f" {number}" if number > 1 else ""
    return structs.replace(sync, name=sync.name[: MAX_NAME - len(ending)].rstrip() + ending)


async def _selected(source: Directory, object_ids: Sequence[str]) -> tuple[SelectedGroup, ...]:
    """Each group as Entra has it, with a group id of its own (D-20). Raises Rejected naming those that Entra does not have."""
    found = await _read(source, object_ids)
    missing = [object_id for object_id in object_ids if object_id not in found]
    if missing:
        more = f" and {len(missing) - MAX_NAMED} more" if len(missing) > MAX_NAMED else ""
        raise Rejected(f"Entra has no group with the id {', '.join(missing[:MAX_NAMED])}{more}", field="groups")
    return tuple(SelectedGroup(object_id=i, group_id=ids.new_group_id(), name=found[i].name) for i in object_ids)


async def _read(source: Directory, object_ids: Sequence[str]) -> dict[str, SourceGroup]:
    """The groups that are there, by object id; a few at a time."""
    found: dict[str, SourceGroup] = {}
    waiting = iter(object_ids)

    async def reader() -> None:
        for object_id in waiting:
            with suppress(GroupGone):
                found[object_id] = await source.group(object_id)

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(PARALLEL_READS):
                tasks.create_task(reader())
    except* SyncError as several:
        raise several.exceptions[0] from None
    return found
