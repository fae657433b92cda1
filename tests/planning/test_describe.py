"""What a change comes to, in words (D-13)."""

import pytest
from msgspec.structs import replace

from sync_core.directory.phones import Phone, Slot
from sync_core.directory.users import Hold, Status, User
from sync_core.planning.changes import Action, Field
from sync_core.planning.describe import actions, fields

HOLD = Hold(tenant_id="tenant", object_id="o1")
ANN = User(
    user_id="DU1",
    username="ann",
    realname="Ann",
    email="ann@corp.example",
    notes="n",
    aliases={"2": "al", "1": "a"},
    groups=("DG1", "DG2"),
    phones=(
        Phone(phone_id="DP1", number="+17345559876", extension="12", slot=Slot.PRIMARY, sync="DK1"),
        Phone(phone_id="DP2", number="+17345559877"),
        Phone(phone_id="DP3", slot=Slot.SECONDARY, sync="DK1"),
    ),
    held_by={"DK1": HOLD},
)
EXISTING = frozenset({"DK1", "DK2"})
TRASHED = replace(ANN, status=Status.PENDING_DELETION, held_by={})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, ANN, (Action.CREATE,)),
        (ANN, ANN, ()),
        (ANN, replace(TRASHED, username="x", groups=()), (Action.TRASH,)),
        (TRASHED, ANN, (Action.RESTORE,)),
        (TRASHED, replace(ANN, status=Status.DISABLED, username="x"), (Action.RESTORE, Action.RENAME)),
        (TRASHED, replace(TRASHED, username=""), (Action.RENAME,)),
        (replace(ANN, held_by={}), ANN, (Action.TAKEOVER,)),
        (replace(ANN, held_by={"DK404": HOLD}), ANN, (Action.TAKEOVER,)),  # of a sync that was deleted
        (replace(ANN, held_by={"DK2": HOLD}), replace(ANN, held_by={"DK1": HOLD, "DK2": HOLD}), (Action.JOIN,)),
        (replace(ANN, held_by={"DK1": HOLD, "DK2": HOLD}), replace(ANN, held_by={"DK2": HOLD}), (Action.LEAVE,)),
        (ANN, replace(ANN, status=Status.DISABLED), (Action.DISABLE,)),
        (replace(ANN, status=Status.DISABLED), ANN, (Action.ENABLE,)),
        (ANN, replace(ANN, status=Status.BYPASS), ()),
        (ANN, replace(ANN, groups=("DG1",)), (Action.GROUPS,)),
        *((ANN, replace(ANN, **{field: empty}), (Action.UPDATE,)) for field, empty in
          (("realname", ""), ("email", ""), ("notes", ""), ("aliases", dict[str, str]()), ("phones", ()))),
    ],
)  # fmt: skip
def test_an_action_says_what_is_done_to_somebody(before: User | None, after: User, expected: tuple[Action, ...]):
    assert actions(before, after, "DK1", EXISTING) == expected


def test_every_field_is_told_before_and_after_in_the_words_of_a_person():
    nobody = User(user_id="DU1", username="", status=Status.DISABLED)
    names = {"DG1": "Staff"}

    told = fields(ANN, nobody, names)

    texts = {
        "username": "ann",
        "realname": "Ann",
        "email": "ann@corp.example",
        "notes": "n",
        "alias1": "a",
        "alias2": "al",
        "groups": "DG2, Staff",
        "phones": "primary +17345559876 x12, by hand +17345559877, secondary no number",
    }
    assert {field.name: (field.before, field.after) for field in told} == {
        **{name: (text, "") for name, text in texts.items()},
        "status": ("active", "disabled"),
    }
    assert [field.name for field in told] == [
        "username", "realname", "email", "notes", "alias1", "alias2", "status", "groups", "phones",
    ]  # fmt: skip
    assert fields(nobody, ANN, names)[0] == Field("username", "", "ann")
    assert fields(ANN, ANN, names) == ()
