"""What a run tells the log of its changes and skips: one event a user, under the run's reference code (B-181)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sync_core.directory.events import Event, Happening
from sync_core.planning.changes import Action, Change
from sync_core.planning.describe import fields_of_new
from sync_core.planning.reasons import Skip

ACTIONS, DETAIL, OBJECT_ID = "Actions", "Detail", "Entra Object Id"
_HAPPENINGS = {
    Action.CREATE: Happening.USER_CREATE,
    Action.TRASH: Happening.USER_PENDING_DELETE,
    Action.RESTORE: Happening.USER_RESTORE,
}
_PLAIN = frozenset({Action.CREATE, Action.UPDATE, Action.GROUPS, Action.TRASH})
"""Those that the event's name, or its fields, tell already."""


def events_of(changes: Iterable[Change], *, at: datetime, actor: str, run: str, group_names: Mapping[str, str]) -> list[Event]:
    """One for each change that comes to anything: its fields with their new values, as the Duo Admin API tells them."""
    return [_event(change, at, actor, run, group_names) for change in changes if change.actions]


def events_of_skips(skips: Iterable[Skip], *, at: datetime, actor: str, run: str) -> list[Event]:
    return [
        Event(
            at=at,
            action=Happening.SYNC_SKIP,
            actor=actor,
            object=skip.username,
            object_id=skip.user_id,
            run=run,
            description={"Reason": skip.reason.value, DETAIL: skip.detail, OBJECT_ID: skip.object_id},
        )
        for skip in skips
    ]


def _event(change: Change, at: datetime, actor: str, run: str, group_names: Mapping[str, str]) -> Event:
    action = next((_HAPPENINGS[action] for action in change.actions if action in _HAPPENINGS), Happening.USER_UPDATE)
    new = action is Happening.USER_CREATE and change.desired is not None
    fields = fields_of_new(change.desired, group_names) if new and change.desired is not None else change.fields
    told = {field.name: field.after for field in fields}
    if not _PLAIN.issuperset(change.actions):
        told[ACTIONS] = ", ".join(change.actions)
    return Event(at=at, action=action, actor=actor, object=change.username, object_id=change.user_id, run=run, description=told)
