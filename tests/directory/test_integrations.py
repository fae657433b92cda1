"""A key gets no more than its creator may do (D-34)."""

import pytest

from sync_core.directory.integrations import Grant, beyond
from sync_core.directory.roles import Role


@pytest.mark.parametrize("role", Role)
def test_an_owner_makes_keys_of_every_role_and_grant(role: Role):
    assert beyond(Role.OWNER, role, tuple(Grant)) == ""


def test_a_role_above_the_creators_is_refused():
    assert beyond(Role.ADMINISTRATOR, Role.OWNER, ()) == "the role Owner, which is above Administrator"
    assert beyond(Role.ADMINISTRATOR, Role.ADMINISTRATOR, ()) == ""


def test_a_role_below_that_may_what_its_creator_may_not_is_refused():
    refusal = beyond(Role.APPLICATION_MANAGER, Role.USER_MANAGER, ())

    assert refusal == "the role User Manager, which may set up and run user syncs: Application Manager may not"


def test_a_grant_needs_a_creator_who_may_do_it():
    assert beyond(Role.APPLICATION_MANAGER, Role.READ_ONLY, (Grant.READ_RESOURCE, Grant.READ_INFORMATION, Grant.READ_LOG)) == ""
    refusal = beyond(Role.APPLICATION_MANAGER, Role.READ_ONLY, (Grant.READ_LOG, Grant.WRITE_RESOURCE))
    assert refusal == 'the grant "write resource", which needs a role that may manage users and groups: Application Manager may not'


@pytest.mark.parametrize("grant", [Grant.ADMINISTRATORS, Grant.SETTINGS])
def test_only_owners_make_keys_for_administrators_and_settings(grant: Grant):  # B-250
    assert [role for role in Role if not beyond(role, Role.READ_ONLY, (grant,))] == [Role.OWNER]
