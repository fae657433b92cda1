"""What each name of an individual sync is told, in words (B-112..B-115, D-02, D-04, D-35)."""

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapped
from sync_core.directory.phones import Listed, Slot
from sync_core.planning.changes import Action, Change, Desired, Field, Kind
from sync_core.planning.outcomes import Became, Outcome, of_change, outcome
from sync_core.planning.reasons import Reason, Skip

MAPPED = Mapped("ann", "Ann Lind", "ann@corp.example", None, {"2": "al", "1": "a", "3": ""})
LISTED = (Listed(Slot.PRIMARY, "+17345559876", "12", phone_id="DP1"), Listed(Slot.SECONDARY))
DESIRED = Desired(MAPPED, enabled=True, groups=("DG2", "DG1"), fingerprint="f", phones=LISTED)
GROUPS = {"DG1": "Staff", "DG2": "Sales"}
NAMED = (Field("realname", "Ann", "Ann Lind"),)
CHANGE = Change(
    kind=Kind.WRITE, user_id="DU1", object_id="o1", username="ann", actions=(Action.UPDATE,), reason="member of Staff", fields=NAMED
)
SKIP = Skip(object_id="o1", user_id="DU1", username="ann", reason=Reason.NAME_IN_USE, detail="a belongs to bea (DU2)")
IN_USE = "a username or alias is in use by another user here: a belongs to bea (DU2)"
TOLD = Outcome(
    name="ANN",
    became=Became.UPDATED,
    user_id="DU1",
    object_id="o1",
    username="ann",
    actions=(Action.UPDATE,),
    fields=NAMED,
    reason="member of Staff",
)


@pytest.mark.parametrize(
    ("actions", "became"),
    [
        ((), Became.UNCHANGED),
        ((Action.UPDATE, Action.GROUPS), Became.UPDATED),
        ((Action.RENAME,), Became.UPDATED),
        ((Action.TAKEOVER, Action.ENABLE), Became.ENABLED),
        ((Action.DISABLE, Action.UPDATE), Became.DISABLED),
        ((Action.RESTORE, Action.GROUPS), Became.RESTORED),
        ((Action.TRASH,), Became.TRASHED),
        ((Action.LEAVE,), Became.LEFT),
    ],
)
def test_what_somebody_became_is_the_most_that_happened(actions: tuple[Action, ...], became: Became):  # B-114, B-115
    told = of_change("ANN", replace(CHANGE, actions=actions), GROUPS, "")

    assert told == replace(TOLD, became=became, actions=actions)


def test_of_somebody_new_everything_it_begins_with_is_told():  # B-113
    new = replace(CHANGE, actions=(Action.CREATE,), fields=(), desired=DESIRED)

    told = of_change("ANN", new, GROUPS, "ann")

    assert told.became is Became.CREATED
    assert told.fields == (
        Field("username", "", "ann"),
        Field("realname", "", "Ann Lind"),
        Field("email", "", "ann@corp.example"),
        Field("alias1", "", "a"),
        Field("alias2", "", "al"),
        Field("status", "", "active"),
        Field("groups", "", "Sales, Staff"),
        Field("phones", "", "primary +17345559876 x12"),
    )


def test_of_somebody_new_and_disabled_notes_and_groups_without_a_name_are_told_too():  # B-154
    desired = Desired(Mapped("ann", "", "", "n", {}), enabled=False, groups=("DG9",), fingerprint="f")

    told = of_change("ann", replace(CHANGE, actions=(Action.CREATE,), desired=desired), GROUPS, "ann")

    assert told.fields == (
        Field("username", "", "ann"),
        Field("notes", "", "n"),
        Field("status", "", "disabled"),
        Field("groups", "", "DG9"),
    )


def test_a_username_that_the_next_full_sync_changes_is_told():  # B-114, D-02
    told = of_change("ann", replace(CHANGE, desired=DESIRED), GROUPS, "anna")

    assert told.reason == "member of Staff; the username stays; the next full sync changes it to anna"
    assert of_change("ann", replace(CHANGE, desired=DESIRED), GROUPS, "ann").reason == "member of Staff"
    assert of_change("ann", replace(CHANGE, desired=DESIRED), GROUPS, "").reason == "member of Staff"
    assert of_change("ann", replace(CHANGE, desired=DESIRED, reason=""), GROUPS, "anna").reason.startswith("the username stays")
    assert of_change("ann", CHANGE, GROUPS, "anna").reason == "member of Staff"


def test_of_somebody_skipped_the_reason_is_told():  # D-04, B-014
    skipped = replace(TOLD, became=Became.SKIPPED, actions=(), fields=(), reason=IN_USE)

    assert outcome("ANN", None, SKIP, GROUPS) == skipped
    keep = replace(CHANGE, kind=Kind.KEEP, actions=(), fields=())
    assert outcome("ANN", keep, SKIP, GROUPS) == skipped


def test_somebody_skipped_may_be_disabled_all_the_same():  # D-04
    disable = replace(CHANGE, kind=Kind.DISABLE, actions=(Action.DISABLE,))

    assert outcome("ANN", disable, SKIP, GROUPS) == replace(TOLD, became=Became.DISABLED, actions=(Action.DISABLE,), reason=IN_USE)


def test_of_whom_is_written_a_skip_tells_only_what_is_kept_out():  # B-074
    unread = replace(SKIP, reason=Reason.PHONE_UNREAD, detail="mobilePhone: 'none' is not a phone number")

    told = outcome("ANN", replace(CHANGE, desired=DESIRED), unread, GROUPS, "anna")

    assert told is not None
    assert told.became is Became.UPDATED
    assert told.reason == (
        "member of Staff; the username stays; the next full sync changes it to anna; a phone number cannot be read: it is kept out, "
        "and everything else is imported: mobilePhone: 'none' is not a phone number"
    )


def test_where_the_plan_says_nothing_nothing_is_told():  # B-112
    assert outcome("ANN", None, None, GROUPS) is None
    assert outcome("ANN", CHANGE, None, GROUPS) == TOLD


def test_of_somebody_changed_only_what_differs_is_told():
    assert outcome("ANN", replace(CHANGE, desired=DESIRED), None, GROUPS) == TOLD


def test_groups_of_somebody_new_are_told_by_their_names():
    told = outcome("ANN", replace(CHANGE, actions=(Action.CREATE,), desired=DESIRED), None, GROUPS)

    assert told is not None
    assert Field("groups", "", "Sales, Staff") in told.fields


def test_of_somebody_deleted_for_good_ids_and_names_of_fields_stay():  # D-35
    assert TOLD.without_values == replace(TOLD, name="", username="", fields=(Field("realname", "", ""),), reason="")
