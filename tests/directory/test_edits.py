"""What comes of a wish to change a user or a group, and which wishes cannot be (B-045, B-154, D-07, E-17)."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from sync_core.directory.edits import GroupEdit, UserEdit, edited, edited_group, without_names
from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.names import digest
from sync_core.directory.users import Status, User
from sync_core.errors import Rejected

NOW, EARLIER = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
ANN = User(
    user_id="DU1",
    username="ann",
    realname="Ann Lind",
    firstname="Ann",
    lastname="Lind",
    email="ann@corp.example",
    notes="first\nsecond",
    aliases={"1": "a", "3": "al"},
    read_at=EARLIER,
    sessions_valid_after=EARLIER,
)
STAFF = Group(group_id="DG1", name="Staff", description="all", status=GroupStatus.BYPASS, former_sync_name="Acme")
TEXTS = ("username", "realname", "firstname", "lastname", "email")


def refused(edit: UserEdit, user: User = ANN) -> tuple[str, str]:
    """Field and words of the refusal."""
    with pytest.raises(Rejected) as refusal:
        edited(user, edit, NOW)
    return refusal.value.field, str(refusal.value)


def test_what_is_not_given_stays():
    assert edited(ANN, UserEdit(), NOW) == ANN


@pytest.mark.parametrize("field", TEXTS)
def test_a_text_is_changed_alone_and_loses_its_outer_blanks(field: str):
    assert edited(ANN, replace(UserEdit(), **{field: f"  {'x' * 256} "}), NOW) == replace(ANN, **{field: "x" * 256})


@pytest.mark.parametrize("field", TEXTS[1:])
def test_a_text_may_be_emptied(field: str):
    assert edited(ANN, replace(UserEdit(), **{field: ""}), NOW) == replace(ANN, **{field: ""})


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("text", ["x" * 257, "a\nb", "a\x00b"])
def test_a_text_is_256_printable_characters_on_one_line(field: str, text: str):
    assert refused(replace(UserEdit(), **{field: text})) == (field, f"{field} is at most 256 printable characters, on one line")


@pytest.mark.parametrize("name", ["", "   "])
def test_a_user_needs_a_username_but_in_trash(name: str):  # D-07
    assert refused(UserEdit(username=name)) == ("username", "a user needs a username")
    trashed = replace(ANN, username="", former_username="ann", status=Status.PENDING_DELETION)
    assert edited(trashed, UserEdit(notes="left"), NOW).username == ""


def test_notes_have_lines_and_512_characters():
    assert edited(ANN, UserEdit(notes=" \na\n" + "x" * 508), NOW).notes == " \na\n" + "x" * 508
    assert edited(ANN, UserEdit(notes=""), NOW) == replace(ANN, notes="")
    for text in ("x" * 513, "a\nb\x00"):
        assert refused(UserEdit(notes=text)) == ("notes", "notes are at most 512 printable characters")


def test_alias_positions_that_are_not_given_stay_and_empty_ones_go():  # B-045, E-17
    assert edited(ANN, UserEdit(aliases={"8": " an ", "1": ""}), NOW) == replace(ANN, aliases={"3": "al", "8": "an"})
    assert list(edited(ANN, UserEdit(aliases={"2": "x"}), NOW).aliases) == ["1", "2", "3"]


@pytest.mark.parametrize("position", ["0", "9", "01", "", "x" * 300])
def test_aliases_have_positions_1_to_8(position: str):  # B-045
    assert refused(UserEdit(aliases={position: "x"})) == ("aliases", f'alias positions are "1" to "8", not {position[:64]!r}')


def test_an_alias_that_cannot_be_is_named_by_its_position():
    assert refused(UserEdit(aliases={"2": "x" * 257})) == ("aliases.2", "aliases.2 is at most 256 printable characters, on one line")


@pytest.mark.parametrize("status", [Status.PENDING_DELETION, Status.PURGING])
def test_a_status_is_one_that_can_be_set(status: Status):
    assert refused(UserEdit(status=status)) == ("status", "a status is one of active, bypass, disabled")


def test_a_status_that_is_repeated_is_none_that_is_set():
    trashed = replace(ANN, status=Status.PENDING_DELETION)

    assert edited(trashed, UserEdit(status=Status.PENDING_DELETION), NOW) == trashed


def test_sessions_end_when_somebody_is_disabled_and_only_then():  # B-154
    disabled = edited(ANN, UserEdit(status=Status.DISABLED), NOW)

    assert disabled == replace(ANN, status=Status.DISABLED, sessions_valid_after=NOW)
    later = datetime(2026, 12, 1, tzinfo=UTC)
    assert edited(disabled, UserEdit(status=Status.DISABLED), later) == disabled
    assert edited(disabled, UserEdit(status=Status.BYPASS), later) == replace(disabled, status=Status.BYPASS)


def test_a_group_keeps_what_is_not_given():
    assert edited_group(STAFF, GroupEdit()) == STAFF
    assert edited_group(STAFF, GroupEdit(description=" new ")) == replace(STAFF, description="new")
    assert edited_group(STAFF, GroupEdit(description="")) == replace(STAFF, description="")
    assert edited_group(STAFF, GroupEdit(status=GroupStatus.DISABLED)) == replace(STAFF, status=GroupStatus.DISABLED)


def test_a_group_with_a_name_of_its_own_is_not_called_after_a_former_sync():  # B-143
    assert edited_group(STAFF, GroupEdit(name=" Crew ")) == replace(STAFF, name="Crew", former_sync_name="")


@pytest.mark.parametrize(
    ("edit", "field", "words"),
    [
        (GroupEdit(name=" "), "name", "a group needs a name"),
        (GroupEdit(name="x" * 257), "name", "name is at most 256 printable characters, on one line"),
        (GroupEdit(description="a\nb"), "description", "description is at most 256 printable characters, on one line"),
    ],
)
def test_a_group_that_cannot_be_is_refused_by_its_field(edit: GroupEdit, field: str, words: str):
    with pytest.raises(Rejected) as refusal:
        edited_group(STAFF, edit)

    assert (refusal.value.field, str(refusal.value)) == (field, words)


def test_a_user_in_trash_gives_up_names_and_is_remembered_by_its_username():  # D-07
    trashed = replace(ANN, status=Status.PENDING_DELETION)

    assert without_names(trashed, {digest("ANN"), digest("al")}) == replace(trashed, username="", former_username="ann", aliases={"1": "a"})
    assert without_names(trashed, {digest("a")}) == replace(trashed, aliases={"3": "al"})
    nameless = replace(trashed, username="", former_username="ann")
    assert without_names(nameless, {digest(""), digest("a")}) == replace(nameless, aliases={"3": "al"})
