"""Connections to Entra tenants, and the user syncs that read through them (B-020..B-037)."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.brake import Brake
from sync_core.directory.schedules import PACES, SyncKind
from sync_core.directory.texts import needed_line
from sync_core.errors import Rejected

MAX_GROUPS = 400
MAX_NAME = 128


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Consent of one Entra tenant. Holds no credential (B-024)."""

    connection_id: str
    tenant_id: str
    name: str
    created_at: datetime


class SelectedGroup(msgspec.Struct, frozen=True, kw_only=True):
    object_id: str
    group_id: str
    """Its group here: random, made when it was selected (D-20)."""
    name: str
    """Its name in Entra when last seen."""


class Sync(msgspec.Struct, frozen=True, kw_only=True):
    """A sync's settings. Each saved change raises `version`; a run stops when it differs from the run's (D-17)."""

    directory_key: str
    name: str
    connection_id: str
    tenant_id: str
    groups: tuple[SelectedGroup, ...]
    mapping: Mapping
    brake: Brake = Brake()
    kind: SyncKind = SyncKind.USER
    interval: int = PACES[SyncKind.USER].default
    """Minutes between scheduled runs (B-100, D-26)."""
    enrollment_mail: bool = False
    """Whether new users without a device get a link by mail (B-080)."""
    moved_from: str = ""
    """The tenant that its connection left, until a preview over the new one is accepted: it does not run before that (D-08)."""
    relink: bool = False
    """Whether the accepted preview found users again by their usernames: then so do full runs, until one has done well (D-08)."""
    version: int = 1
    created_at: datetime
    deleted_at: datetime | None = None


def check_groups(object_ids: tuple[str, ...]) -> None:
    """Raises Rejected for more than 400 groups (B-031), or one named twice. None are few enough: such a sync is paused (B-035)."""
    if len(object_ids) > MAX_GROUPS:
        raise Rejected(f"at most {MAX_GROUPS} groups can be selected, not {len(object_ids)}", field="groups")
    if len(set(object_ids)) != len(object_ids):
        raise Rejected("a group is selected twice", field="groups")


def check_runnable(sync: Sync) -> None:
    """Raises Rejected for a sync without groups (D-20), and for one whose connection has moved to another tenant (D-08)."""
    if not sync.groups:
        raise Rejected("no groups are selected: select at least one, then run the sync", field="groups")
    if sync.moved_from:
        raise Rejected(
            "the connection has moved to another tenant: preview the sync, and accept the preview, before it runs there", field="tenant_id"
        )


def moved(sync: Sync, tenant_id: str) -> Sync:
    """The sync with another tenant; moved back before anything ran in that, it is as before (D-08)."""
    left = sync.moved_from or sync.tenant_id
    return replace(sync, tenant_id=tenant_id, moved_from="" if left == tenant_id else left, relink=False, version=sync.version + 1)


def check_name(name: str) -> str:
    """The name without outer blanks. Raises Rejected when that is empty, over 128 characters, or has control characters."""
    return needed_line("name", name, MAX_NAME)


def shared_groups(sync: Sync, others: Iterable[Sync]) -> tuple[str, ...]:
    """Warnings, in words, of groups that several syncs of the tenant select: allowed, and memberships may be rewritten in turn (B-012)."""
    selected = {group.object_id: group.name for group in sync.groups}
    return tuple(
        f'the group {selected[group.object_id]} is selected in the sync "{other.name}", too: both write its members'
        for other in others
        if other.tenant_id == sync.tenant_id and other.directory_key != sync.directory_key and other.deleted_at is None
        for group in other.groups
        if group.object_id in selected
    )
