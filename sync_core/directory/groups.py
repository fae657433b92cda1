"""Groups of the directory: those that a sync keeps, and those that stand alone (B-170..B-176)."""

from enum import StrEnum

import msgspec

API_NAME = '{name} (from Microsoft Entra ID sync "{sync}")'
PANEL_NAME = '{name} from Entra ID Sync "{sync}"'
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
