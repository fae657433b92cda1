"""Groups that a sync selects: found in Entra before they are saved (B-031..B-034)."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from sync_core import ids
from sync_core.directory.syncs import SelectedGroup
from sync_core.directory.texts import listed
from sync_core.entra.port import Directory, SourceGroup
from sync_core.errors import GroupGone, Rejected, SyncError
from sync_core.ids import RandomBits

PARALLEL_READS = 8
MAX_NAMED = 5
"""How many missing groups an error names."""


async def find(source: Directory, object_ids: Sequence[str]) -> dict[str, SourceGroup]:
    """Each group as Entra has it, by object id. Raises Rejected naming those that Entra does not have, and what the source raises."""
    found = await _read(source, object_ids)
    missing = [object_id for object_id in object_ids if object_id not in found]
    if missing:
        raise Rejected(f"Entra has no group with the id {listed(missing, MAX_NAMED)}", field="groups")
    return found


def selected(
    object_ids: Sequence[str], kept: Sequence[SelectedGroup], found: Mapping[str, SourceGroup], random_bits: RandomBits
) -> tuple[SelectedGroup, ...]:
    """The selection: those that stay keep their group here, each other one gets a new group id (D-20)."""
    known = {group.object_id: group for group in kept}
    return tuple(known.get(i) or SelectedGroup(object_id=i, group_id=ids.new_group_id(random_bits), name=found[i].name) for i in object_ids)


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
