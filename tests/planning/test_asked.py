"""Whom an individual sync may be asked for (B-066, B-110, B-111)."""

from collections.abc import Sequence

import pytest

from sync_core.directory.attributes import Mapping
from sync_core.errors import Rejected
from sync_core.planning.asked import asked_names, may_be_name, stored_name

NORMALIZED, BY_MAIL = Mapping(normalize=True), Mapping(username="mail")


@pytest.mark.parametrize("names", [" ann , Bea,,ANN, straße , STRASSE ", ["ann", "", "Bea", " ANN", "straße", "STRASSE"]])
def test_each_name_is_asked_for_once_as_it_was_first_spelled(names: str | Sequence[str]):  # B-110, D-03
    assert asked_names(names) == ("ann", "Bea", "straße")


def test_fifty_users_are_synced_at_a_time_and_51_are_refused():  # B-110
    names = [f"ann{number}" for number in range(51)]

    assert asked_names([*names[:50], "ANN0"]) == tuple(names[:50])
    assert refused(names) == "at most 50 users can be synced at a time, not 51"


@pytest.mark.parametrize("names", ["", " , ", [], [" "]])
def test_an_individual_sync_names_somebody(names: str | Sequence[str]):
    assert refused(names) == "name at least one user"


@pytest.mark.parametrize("name", ["x" * 513, "a\nb"])
def test_a_name_is_512_printable_characters(name: str):
    assert asked_names(["x" * 512]) == ("x" * 512,)
    assert refused([name]) == "a name is at most 512 printable characters"


def refused(names: str | Sequence[str]) -> str:
    with pytest.raises(Rejected) as refusal:
        asked_names(names)
    assert refusal.value.field == "names"
    return str(refusal.value)


@pytest.mark.parametrize("mapping", [Mapping(), NORMALIZED])
def test_a_whole_principal_name_is_asked_for_normalized_or_not(mapping: Mapping):  # B-066, B-111
    assert may_be_name("ann@corp.example", mapping)
    assert may_be_name("a@b@corp.example", mapping)
    assert [name for name in ("ann", "@corp.example", "ann@", "a@b@", "") if may_be_name(name, mapping)] == []


def test_of_another_source_any_value_may_be_a_name():  # B-111
    assert may_be_name("ann", BY_MAIL)


def test_the_stored_name_stays_normalized():  # B-066
    assert stored_name("ann@corp.example", NORMALIZED) == "ann"
    assert stored_name("ann@corp.example", Mapping()) == "ann@corp.example"
