"""Names of groups, as the API shows them."""

import re

from sync_core.directory.groups import PANEL_NAME, Group, api_name

STAFF = Group(group_id="DG1", name="Staff", sync="DK1", object_id="staff")


def test_a_synced_group_is_shown_with_its_sync():  # B-171, D-20, E-20
    name = api_name(STAFF, "Acme Corp Entra ID")

    assert name == 'Staff (from Microsoft Entra ID sync "Acme Corp Entra ID")'
    assert re.fullmatch(r'^(.+?) \(from Microsoft Entra ID sync "(.+)"\)$', name)


def test_the_panel_shows_it_as_the_source_document_says():  # B-171
    assert PANEL_NAME.format(name="Staff", sync="Acme") == 'Staff from Entra ID Sync "Acme"'


def test_a_group_that_a_sync_kept_once_says_so():  # B-143, B-174, E-20
    assert api_name(Group(group_id="DG1", name="Staff", former_sync_name="Acme"), "") == 'Staff (formerly from "Acme")'


def test_an_unmanaged_group_has_its_own_name():  # B-172
    assert api_name(Group(group_id="DG2", name="Staff"), "") == "Staff"


def test_groups_of_one_base_name_are_separate_groups():  # B-172
    other = Group(group_id="DG2", name="Staff", sync="DK2", object_id="staff")

    assert api_name(STAFF, "Acme") != api_name(other, "Labs")
    assert other != STAFF
