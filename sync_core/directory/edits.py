"""What a caller wants of a user or a group, and the record that comes of it. Whether it may is asked in `locks.py`."""

import re
from collections.abc import Collection
from datetime import datetime

import msgspec
from msgspec.structs import replace

from sync_core.directory.attributes import check_position
from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.locks import alias_field
from sync_core.directory.names import digest
from sync_core.directory.texts import line
from sync_core.directory.users import Status, User
from sync_core.errors import Rejected

MAX_TEXT = 256
"""Characters of a name, an alias or an address; Entra's display names have no more."""
MAX_NOTES = 512
MAX_CUSTOM = 50
"""Custom attributes of one user."""
_CUSTOM_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
SETTABLE = (Status.ACTIVE, Status.BYPASS, Status.DISABLED)


class UserEdit(msgspec.Struct, frozen=True, kw_only=True):
    """None leaves a field as it is, "" empties it; so do alias positions that are not given, and empty ones (E-17)."""

    username: str | None = None
    realname: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None
    notes: str | None = None
    aliases: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """By position, "1" to "8"."""
    custom_attributes: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """By name; as with aliases, those that are not given stay, and an empty value removes."""
    status: Status | None = None


class GroupEdit(msgspec.Struct, frozen=True, kw_only=True):
    """None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    status: GroupStatus | None = None


def edited(user: User, edit: UserEdit, now: datetime) -> User:
    """Raises Rejected, naming the field, for a value that cannot be. Whose reading the record shows (`read_at`) is left alone (D-16)."""
    username = user.username if edit.username is None else line("username", edit.username, MAX_TEXT)
    if not username and not user.in_trash:
        raise Rejected("a user needs a username", field="username")
    status = user.status if edit.status is None else edit.status
    if status is not user.status and status not in SETTABLE:
        raise Rejected(f"a status is one of {', '.join(SETTABLE)}", field="status")
    disabled_now = status is Status.DISABLED and user.status is not Status.DISABLED
    return replace(
        user,
        username=username,
        realname=user.realname if edit.realname is None else line("realname", edit.realname, MAX_TEXT),
        firstname=user.firstname if edit.firstname is None else line("firstname", edit.firstname, MAX_TEXT),
        lastname=user.lastname if edit.lastname is None else line("lastname", edit.lastname, MAX_TEXT),
        email=user.email if edit.email is None else line("email", edit.email, MAX_TEXT),
        notes=user.notes if edit.notes is None else _notes(edit.notes),
        aliases=_aliases(user.aliases, edit.aliases),
        custom_attributes=_custom(user.custom_attributes, edit.custom_attributes),
        status=status,
        sessions_valid_after=now if disabled_now else user.sessions_valid_after,
    )


def edited_group(group: Group, edit: GroupEdit) -> Group:
    """As `edited`. A group that is given a name is not called after a sync that kept it once any more."""
    name = group.name if edit.name is None else line("name", edit.name, MAX_TEXT)
    if not name:
        raise Rejected("a group needs a name", field="name")
    return replace(
        group,
        name=name,
        description=group.description if edit.description is None else line("description", edit.description, MAX_TEXT),
        status=group.status if edit.status is None else edit.status,
        former_sync_name=group.former_sync_name if edit.name is None else "",
    )


def without_names(user: User, digests: Collection[str]) -> User:
    """The record of a user in Trash that gives names up: a username lives on as `former_username` (D-07)."""
    aliases = {position: name for position, name in user.aliases.items() if digest(name) not in digests}
    if user.username and digest(user.username) in digests:
        return replace(user, aliases=aliases, username="", former_username=user.username)
    return replace(user, aliases=aliases)


def _aliases(before: dict[str, str], wanted: dict[str, str]) -> dict[str, str]:
    for position in wanted:
        check_position(position)
    after = before | {position: line(alias_field(position), name, MAX_TEXT) for position, name in wanted.items()}
    return {position: after[position] for position in sorted(after) if after[position]}


def _custom(before: dict[str, str], wanted: dict[str, str]) -> dict[str, str]:
    for name in wanted:
        if not _CUSTOM_NAME.fullmatch(name):
            told = f"a custom attribute's name is 1 to 64 letters, digits, _ and -, not {name[:MAX_TEXT]!r}"
            raise Rejected(told, field="custom_attributes")
    after = before | {name: line(f"custom_attributes.{name}", value, MAX_TEXT) for name, value in wanted.items()}
    kept = {name: after[name] for name in sorted(after) if after[name]}
    if len(kept) > MAX_CUSTOM:
        raise Rejected(f"a user has at most {MAX_CUSTOM} custom attributes", field="custom_attributes")
    return kept


def _notes(text: str) -> str:
    if len(text) > MAX_NOTES or not all(part.isprintable() for part in text.splitlines()):
        raise Rejected(f"notes are at most {MAX_NOTES} printable characters", field="notes")
    return text
