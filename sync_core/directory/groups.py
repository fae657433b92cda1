"""Groups of the directory: those that a sync keeps, and those that stand alone (B-170..B-176)."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from sync_core.directory.syncs import Sync

API_NAME = '{name} (from Microsoft Entra ID sync "{sync}")'
FORMER_NAME = '{name} (formerly from "{sync}")'


class GroupStatus(StrEnum):
    ACTIVE = "active"
    BYPASS = "bypass"
    DISABLED = "disabled"


class Group(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    group_id: str
    name: str
    """The base name, without any suffix; the same one may exist several times (B-172)."""
    description: str = ""
    status: GroupStatus = GroupStatus.ACTIVE
    sync: str = ""
    """Directory key of the sync that keeps it; "" for an unmanaged one."""
    object_id: str = ""
    former_sync_name: str = ""
    """The name of the sync that kept it once (B-143, B-174)."""


def api_name(group: Group, sync_name: str) -> str:
    """The name as the API shows it (D-20). `sync_name` is "" when no sync keeps the group."""
    if sync_name:
        return API_NAME.format(name=group.name, sync=sync_name)
    if group.former_sync_name:
        return FORMER_NAME.format(name=group.name, sync=group.former_sync_name)
    return group.name


def as_kept(group: Group, syncs: Mapping[str, Sync]) -> Group:
    """The group as it stands while these syncs, deleted ones too, are all there are: unmanaged once its own was deleted (B-143, D-17)."""
    if not group.sync:
        return group
    sync = syncs.get(group.sync)
    if sync is not None and sync.deleted_at is None:
        return group
    return replace(group, sync="", object_id="", former_sync_name=sync.name if sync is not None else group.former_sync_name)
