"""What became of each name that an individual sync was asked for, in words."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from sync_core.planning.changes import Action, Change, Field
from sync_core.planning.describe import fields_of_new
from sync_core.planning.reasons import Skip


class Became(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DISABLED = "disabled"
    ENABLED = "enabled"
    RESTORED = "restored"
    TRASHED = "to Trash"
    LEFT = "left to another sync"
    UNCHANGED = "unchanged"
    NOT_A_MEMBER = "not a member"
    NOT_FOUND = "not found"
    SKIPPED = "skipped"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    """As it was asked for; the user id where that was."""
    became: Became
    user_id: str = ""
    object_id: str = ""
    username: str = ""
    """As the user is called here."""
    actions: tuple[Action, ...] = ()
    fields: tuple[Field, ...] = ()
    reason: str = ""

    @property
    def without_values(self) -> "Outcome":
        """What is kept of somebody who was deleted for good (D-35)."""
        fields = tuple(replace(field, before="", after="") for field in self.fields)
        return replace(self, name="", username="", fields=fields, reason="")


_BECAME = {
    Action.CREATE: Became.CREATED,
    Action.RESTORE: Became.RESTORED,
    Action.TRASH: Became.TRASHED,
    Action.LEAVE: Became.LEFT,
    Action.DISABLE: Became.DISABLED,
    Action.ENABLE: Became.ENABLED,
}
"""The first that a change has tells the most of it."""
NO_SUCH_NAME = "no user of Entra has this name"
NOT_SELECTED = "in no selected group, and this sync holds no such user: nothing was changed"
RENAMED = "the username stays; the next full sync changes it to {}"
READ_LATER = "a later reading of this user is there already: nothing was changed"
NAMES_IN_MOTION = "somebody else changed this user while it was looked at: sync it again"
UNREAD = "a group that it was in could not be looked at: nobody is removed before a full sync has read it"


def of_change(name: str, change: Change, group_names: Mapping[str, str], source_username: str) -> Outcome:
    """`source_username` is what the next full run will call the user."""
    became = next((became for action, became in _BECAME.items() if action in change.actions), None)
    fields = change.fields
    if became is Became.CREATED and change.desired is not None:
        fields = fields_of_new(change.desired, group_names)
    differs = change.desired is not None and source_username not in ("", change.username)
    reason = "; ".join(part for part in (change.reason, RENAMED.format(source_username) if differs else "") if part)
    return Outcome(
        name=name,
        became=became or (Became.UPDATED if change.actions else Became.UNCHANGED),
        user_id=change.user_id,
        object_id=change.object_id,
        username=change.username,
        actions=change.actions,
        fields=fields,
        reason=reason,
    )


def of_skip(name: str, skip: Skip, change: Change | None) -> Outcome:
    """A user that is skipped may be disabled all the same (D-04)."""
    actions = change.actions if change is not None else ()
    return Outcome(
        name=name,
        became=Became.DISABLED if Action.DISABLE in actions else Became.SKIPPED,
        user_id=skip.user_id,
        object_id=skip.object_id,
        username=skip.username,
        actions=actions,
        fields=change.fields if change is not None else (),
        reason=f"{skip.reason.value}: {skip.detail}",
    )


def outcome(
    name: str, change: Change | None, skip: Skip | None, group_names: Mapping[str, str], source_username: str = ""
) -> Outcome | None:
    """None where the plan says nothing of the user. Of whom it writes a skip tells only what is kept out, such as a phone."""
    if skip is not None and (change is None or change.desired is None):
        return of_skip(name, skip, change)
    if change is None:
        return None
    found = of_change(name, change, group_names, source_username)
    return found if skip is None else replace(found, reason=f"{found.reason}; {skip.reason.value}: {skip.detail}")
