"""Names of groups, as the API shows them, and what becomes of those whose sync was deleted."""

import re
from datetime import UTC, datetime

from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.groups import Group, api_name, as_kept
from sync_core.directory.syncs import Sync

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SYNC = Sync(directory_key="DK1", name="Acme", connection_id="DC1", tenant_id="t", groups=(), mapping=Mapping(), created_at=NOW)
STAFF = Group(group_id="DG1", name="Staff", sync="DK1", object_id="staff")


def test_a_synced_group_is_shown_with_its_sync():  # B-171, D-20, E-20
    name = api_name(STAFF, "Acme Corp Entra ID")

    assert name == 'Staff (from Microsoft Entra ID sync "Acme Corp Entra ID")'
    assert re.fullmatch(r'^(.+?) \(from Microsoft Entra ID sync "(.+)"\)$', name)


def test_a_group_that_a_sync_kept_once_says_so():  # B-143, B-174, E-20
    assert api_name(Group(group_id="DG1", name="Staff", former_sync_name="Acme"), "") == 'Staff (formerly from "Acme")'


def test_an_unmanaged_group_has_its_own_name():  # B-172
    assert api_name(Group(group_id="DG2", name="Staff"), "") == "Staff"


def test_groups_of_one_base_name_are_separate_groups():  # B-172
    other = Group(group_id="DG2", name="Staff", sync="DK2", object_id="staff")

    assert api_name(STAFF, "Acme") != api_name(other, "Labs")
    assert other != STAFF


def test_a_group_whose_sync_was_deleted_is_nobodys_and_called_after_it():  # B-143, D-17
    kept = as_kept(STAFF, {"DK1": replace(SYNC, deleted_at=NOW)})

    assert kept == Group(group_id="DG1", name="Staff", former_sync_name="Acme")
    assert as_kept(STAFF, {"DK1": SYNC}) is STAFF


def test_a_group_of_a_sync_that_nothing_knows_keeps_the_name_it_had():  # D-17
    assert as_kept(replace(STAFF, former_sync_name="Old"), {"DK2": SYNC}) == Group(group_id="DG1", name="Staff", former_sync_name="Old")


def test_a_group_that_no_sync_keeps_is_as_it_is():
    alone = Group(group_id="DG2", name="Staff", former_sync_name="Acme")

    assert as_kept(alone, {"": SYNC}) is alone
