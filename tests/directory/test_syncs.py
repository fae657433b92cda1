"""What may be selected, and how a sync may be called."""

import pytest

from sync_core.directory.syncs import MAX_GROUPS, check_groups, check_name
from sync_core.errors import Rejected


def test_400_groups_may_be_selected_and_401_may_not():  # B-031
    groups = tuple(str(number) for number in range(401))

    assert MAX_GROUPS == 400
    check_groups(groups[:400])
    with pytest.raises(Rejected, match="400"):
        check_groups(groups)


@pytest.mark.parametrize("groups", [(), ("a", "b", "a")])
def test_a_selection_has_groups_and_none_twice(groups: tuple[str, ...]):  # B-035, D-20
    with pytest.raises(Rejected) as refusal:
        check_groups(groups)

    assert refusal.value.field == "groups"


def test_a_name_loses_its_outer_blanks():  # B-025
    assert check_name("  Acme Corp  ") == "Acme Corp"
    assert check_name("é" * 128) == "é" * 128


@pytest.mark.parametrize("name", ["", "   ", "x" * 129, "a\nb", "a\tb", "a\x00b"])
def test_a_name_is_1_to_128_printable_characters(name: str):  # B-025
    with pytest.raises(Rejected):
        check_name(name)
