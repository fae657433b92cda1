"""What a change comes to, in words: the actions and the fields, from the record before and after."""

from collections.abc import Iterable, Mapping

from sync_core.directory.phones import Phone, imported, written
from sync_core.directory.users import Status, User
from sync_core.planning.changes import Action, Desired, Field
from sync_core.planning.settle import live_holds


def actions(before: User | None, after: User, key: str, existing: frozenset[str]) -> tuple[Action, ...]:
    """In the order in which a person would tell them. `key` is the directory key of the sync that acts."""
    if before is None:
        return (Action.CREATE,)
    found: list[Action] = []
    if after.in_trash and not before.in_trash:
        return (Action.TRASH,)
    if before.in_trash and not after.in_trash:
        found.append(Action.RESTORE)
    elif key not in before.held_by and key in after.held_by:
        found.append(Action.JOIN if live_holds(before, existing) else Action.TAKEOVER)
    elif key in before.held_by and key not in after.held_by:
        found.append(Action.LEAVE)
    if before.username != after.username:
        found.append(Action.RENAME)
    if (before.status is Status.DISABLED) != (after.status is Status.DISABLED) and not before.in_trash:
        found.append(Action.DISABLE if after.status is Status.DISABLED else Action.ENABLE)
    if _data(before) != _data(after):
        found.append(Action.UPDATE)
    if before.groups != after.groups:
        found.append(Action.GROUPS)
    return tuple(found)


def fields(before: User, after: User, group_names: Mapping[str, str]) -> tuple[Field, ...]:
    """The fields that differ, with the texts before and after. Groups by their names here."""
    old, new = _texts(before, group_names), _texts(after, group_names)
    return tuple(
        Field(name, old.get(name, ""), new.get(name, "")) for name in dict.fromkeys((*old, *new)) if old.get(name, "") != new.get(name, "")
    )


def fields_of_new(desired: Desired, group_names: Mapping[str, str]) -> tuple[Field, ...]:
    """All that a new user begins with."""
    mapped = desired.mapped
    new = User(
        user_id="",
        username=mapped.username,
        realname=mapped.realname,
        email=mapped.email,
        notes=mapped.notes or "",
        aliases=mapped.aliases,
        status=Status.ACTIVE if desired.enabled else Status.DISABLED,
        groups=desired.groups,
        phones=imported((), desired.phones, "", ()),
    )
    return tuple(Field(name, "", text) for name, text in _texts(new, group_names).items() if text)


def _data(user: User) -> tuple[object, ...]:
    return user.realname, user.email, user.notes, user.aliases, user.phones


def _texts(user: User, group_names: Mapping[str, str]) -> dict[str, str]:
    return {
        "username": user.username,
        "realname": user.realname,
        "firstname": user.firstname,
        "lastname": user.lastname,
        "email": user.email,
        "notes": user.notes,
        **{f"alias{position}": name for position, name in sorted(user.aliases.items())},
        **{f"custom_attributes.{name}": value for name, value in user.custom_attributes.items()},
        "status": user.status.value,
        "groups": ", ".join(sorted(group_names.get(group, group) for group in user.groups)),
        "phones": _phones(user.phones),
    }


def _phones(phones: Iterable[Phone]) -> str:
    shown = ((phone.slot or "by hand", written(phone.number, phone.extension) or "no number") for phone in phones)
    return ", ".join(f"{slot} {number}" for slot, number in shown)
