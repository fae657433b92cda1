"""What a run tells the log of its changes and skips (B-181)."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapped
from sync_core.directory.events import Event, Happening
from sync_core.planning.changes import Action, Change, Desired, Field, Kind
from sync_core.planning.events import events_of, events_of_skips
from sync_core.planning.reasons import Reason, Skip

NOW = datetime(2026, 11, 23, tzinfo=UTC)
GROUPS = {"DG1": "Staff"}
CHANGE = Change(
    kind=Kind.WRITE,
    user_id="DU1",
    object_id="o1",
    username="ann",
    actions=(Action.UPDATE,),
    fields=(Field("realname", "Ann", "Ann Lind"), Field("notes", "n", "")),
)
TOLD = Event(
    at=NOW,
    action=Happening.USER_UPDATE,
    actor="System",
    object="ann",
    object_id="DU1",
    run="r1",
    description={"realname": "Ann Lind", "notes": ""},
)


def events(*changes: Change) -> list[Event]:
    return events_of(changes, at=NOW, actor="System", run="r1", group_names=GROUPS)


def test_a_change_is_told_by_its_fields_and_their_new_values():
    assert events(CHANGE, replace(CHANGE, actions=(Action.UPDATE, Action.GROUPS))) == [TOLD, TOLD]


def test_a_change_that_comes_to_nothing_is_not_told():
    assert events(replace(CHANGE, actions=())) == []


@pytest.mark.parametrize(
    ("actions", "happening", "named"),
    [
        ((Action.TRASH,), Happening.USER_PENDING_DELETE, None),
        ((Action.RESTORE, Action.RENAME), Happening.USER_RESTORE, "restore, rename"),
        ((Action.TAKEOVER, Action.UPDATE), Happening.USER_UPDATE, "takeover, update"),
        ((Action.DISABLE,), Happening.USER_UPDATE, "disable"),
    ],
)
def test_what_the_name_of_the_event_does_not_tell_is_told_beside(actions: tuple[Action, ...], happening: Happening, named: str | None):
    described = TOLD.description | ({"Actions": named} if named else {})

    assert events(replace(CHANGE, actions=actions)) == [replace(TOLD, action=happening, description=described)]


def test_somebody_new_is_told_with_all_that_it_begins_with():
    desired = Desired(Mapped("ann", "Ann", "", None, {}), enabled=True, groups=("DG1",), fingerprint="f")
    created = replace(CHANGE, actions=(Action.CREATE,), fields=(), desired=desired)

    described = {"username": "ann", "realname": "Ann", "status": "active", "groups": "Staff"}
    assert events(created) == [replace(TOLD, action=Happening.USER_CREATE, description=described)]


def test_an_update_tells_what_differs_and_not_all_that_is_desired():
    desired = Desired(Mapped("ann", "Ann", "", None, {}), enabled=True, groups=("DG1",), fingerprint="f")

    assert events(replace(CHANGE, desired=desired)) == [TOLD]


def test_a_skip_is_told_with_its_reason_and_the_object_in_entra():  # B-014
    skip = Skip(object_id="o1", user_id="DU1", username="ann", reason=Reason.SHARED_NAME, detail="ann also belongs to bea (o2)")

    assert events_of_skips([skip], at=NOW, actor="System", run="r1") == [
        replace(
            TOLD,
            action=Happening.SYNC_SKIP,
            description={
                "Reason": "a username or alias belongs to several users of the source",
                "Detail": "ann also belongs to bea (o2)",
                "Entra Object Id": "o1",
            },
        )
    ]


def test_in_the_log_the_events_of_a_run_carry_its_reference_code():  # B-181
    assert TOLD.told == {"realname": "Ann Lind", "notes": "", "Sync Ref. Code": "r1"}
    assert replace(TOLD, run="").told == TOLD.description
