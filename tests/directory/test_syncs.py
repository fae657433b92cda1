"""What may be selected, how often a sync runs, what keeps it from running, and how it may be called."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.syncs import (
    MAX_GROUPS,
    SelectedGroup,
    Sync,
    check_groups,
    check_name,
    check_runnable,
    moved,
    shared_groups,
)
from sync_core.errors import Rejected

SYNC = Sync(
    directory_key="DK1",
    name="Acme",
    connection_id="c1",
    tenant_id="here",
    groups=(SelectedGroup(object_id="g", group_id="DG1", name="staff"),),
    mapping=Mapping(),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def test_400_groups_may_be_selected_and_401_may_not():  # B-031
    groups = tuple(str(number) for number in range(401))

    assert MAX_GROUPS == 400
    check_groups(groups[:400])
    with pytest.raises(Rejected, match="at most 400 groups can be selected, not 401") as refusal:
        check_groups(groups)
    assert refusal.value.field == "groups"


def test_no_group_may_be_selected_twice():
    with pytest.raises(Rejected, match=r"^a group is selected twice$") as refusal:
        check_groups(("a", "b", "a"))

    assert refusal.value.field == "groups"


def test_a_selection_may_be_empty_but_such_a_sync_does_not_run():  # B-035, D-20
    check_groups(())

    with pytest.raises(Rejected, match=r"^no groups are selected: select at least one, then run the sync$") as refusal:
        check_runnable(replace(SYNC, groups=()))
    assert refusal.value.field == "groups"
    check_runnable(SYNC)


def test_user_syncs_run_every_12_hours_by_default():  # B-100, D-26
    assert SYNC.interval == 12 * 60


def test_a_sync_whose_connection_moved_waits_for_a_preview():  # D-08
    there = moved(replace(SYNC, relink=True), "there")

    assert (there.tenant_id, there.moved_from, there.relink, there.version) == ("there", "here", False, 2)
    with pytest.raises(
        Rejected, match=r"^the connection has moved to another tenant: preview the sync, and accept the preview, before it runs there$"
    ) as refusal:
        check_runnable(there)
    assert refusal.value.field == "tenant_id"


def test_a_sync_that_moved_on_or_back_still_knows_which_tenant_it_left():  # D-08
    there = moved(SYNC, "there")

    assert moved(there, "elsewhere").moved_from == "here"
    back = moved(there, "here")
    assert (back.moved_from, back.version) == ("", 3)
    check_runnable(back)


def test_a_name_loses_its_outer_blanks():  # B-025
    assert check_name("  Acme Corp  ") == "Acme Corp"
    assert check_name("é" * 128) == "é" * 128


@pytest.mark.parametrize("name", ["", "   ", "x" * 129, "a\nb", "a\tb", "a\x00b"])
def test_a_name_is_1_to_128_printable_characters(name: str):  # B-025
    with pytest.raises(Rejected, match="1 to 128 printable characters") as refusal:
        check_name(name)

    assert refusal.value.field == "name"


def test_a_group_that_another_sync_of_the_tenant_selects_is_warned_of():  # B-012
    def sync(key: str, tenant: str, *groups: str) -> Sync:
        selected = tuple(SelectedGroup(object_id=group, group_id=f"DG-{key}-{group}", name=group.title()) for group in groups)
        return replace(SYNC, directory_key=key, name=f"Sync {key}", tenant_id=tenant, groups=selected)

    one = sync("a", "t", "staff", "sales")
    others = [
        one,
        sync("b", "t", "sales", "legal"),
        sync("c", "other", "staff"),
        replace(sync("d", "t", "staff"), deleted_at=SYNC.created_at),
    ]
    assert shared_groups(one, others) == ('the group Sales is selected in the sync "Sync b", too: both write its members',)
    assert shared_groups(one, [one]) == ()
