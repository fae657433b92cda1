"""Who may do what."""

import pytest

from sync_core.directory.roles import Action, Role, is_above, may


@pytest.mark.parametrize("action", [Action.MANAGE_USER_SYNC, Action.MANAGE_USERS])
def test_owners_administrators_and_user_managers_manage_users_and_their_syncs_and_nobody_else(action: Action):  # B-006, B-250
    allowed = {role for role in Role if may(role, action)}

    assert allowed == {Role.OWNER, Role.ADMINISTRATOR, Role.USER_MANAGER}


def test_every_role_may_look():  # B-250
    assert all(may(role, Action.READ) for role in Role)


def test_roles_stand_highest_first():  # D-25, E-13
    assert [role.value for role in Role] == [
        "Owner",
        "Administrator",
        "Application Manager",
        "User Manager",
        "Security Analyst",
        "Help Desk",
        "Billing",
        "Phishing Manager",
        "Read-only",
    ]


def test_a_role_is_above_those_after_it_and_not_above_itself():  # D-25
    roles = list(Role)

    assert [is_above(Role.USER_MANAGER, other) for other in roles] == [
        place > roles.index(Role.USER_MANAGER) for place in range(len(roles))
    ]


def test_the_help_desk_syncs_single_users_too():  # B-008
    allowed = {role for role in Role if may(role, Action.SYNC_USERS)}

    assert allowed == {Role.OWNER, Role.ADMINISTRATOR, Role.USER_MANAGER, Role.HELP_DESK}
