"""Who may do what: administrative roles, highest first (D-25), and what each action needs (B-250)."""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "Owner"
    ADMINISTRATOR = "Administrator"
    APPLICATION_MANAGER = "Application Manager"
    USER_MANAGER = "User Manager"
    SECURITY_ANALYST = "Security Analyst"
    HELP_DESK = "Help Desk"
    BILLING = "Billing"
    PHISHING_MANAGER = "Phishing Manager"
    READ_ONLY = "Read-only"


class Action(StrEnum):
    READ = "read the directory and its syncs"
    MANAGE_USER_SYNC = "set up and run user syncs"
    SYNC_USERS = "sync single users"
    MANAGE_USERS = "manage users and groups"
    MANAGE_KEYS = "manage integration keys"
    MANAGE_DEPLOYMENT = "manage administrators and the deployment's settings"


_ALLOWED = {
    Action.READ: frozenset(Role),
    Action.MANAGE_USER_SYNC: frozenset({Role.OWNER, Role.ADMINISTRATOR, Role.USER_MANAGER}),  # B-006
    Action.SYNC_USERS: frozenset({Role.OWNER, Role.ADMINISTRATOR, Role.USER_MANAGER, Role.HELP_DESK}),  # B-008
    Action.MANAGE_USERS: frozenset({Role.OWNER, Role.ADMINISTRATOR, Role.USER_MANAGER}),  # B-250: those who may delete users
    Action.MANAGE_KEYS: frozenset({Role.OWNER, Role.ADMINISTRATOR, Role.APPLICATION_MANAGER}),
    Action.MANAGE_DEPLOYMENT: frozenset({Role.OWNER}),  # B-250
}
_RANK = {role: rank for rank, role in enumerate(Role)}


def may(role: Role, action: Action) -> bool:
    return role in _ALLOWED[action]


def is_above(role: Role, other: Role) -> bool:
    """Whether `role` comes before `other` in the order of roles (D-25)."""
    return _RANK[role] < _RANK[other]
