"""One name, one user: shared names, names in use, and who waits for whom."""

import unicodedata

import pytest

from sync_core.directory.attributes import USER_PRINCIPAL_NAME, Mapping
from sync_core.planning.changes import Action
from sync_core.planning.reasons import Reason
from tests.planning.model import SyncModel
from tests.planning.source import SourceModel

WITH_ALIASES = Mapping(aliases={"1": "mailNickname", "2": "employeeId"})


@pytest.fixture
def sync(sync: SyncModel) -> SyncModel:
    sync.mapping = WITH_ALIASES
    return sync


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({USER_PRINCIPAL_NAME: "ann"}, {USER_PRINCIPAL_NAME: "ann"}, id="username and username"),
        pytest.param({USER_PRINCIPAL_NAME: "ann"}, {USER_PRINCIPAL_NAME: "bea", "employeeId": "ann"}, id="username and alias"),
        pytest.param(
            {USER_PRINCIPAL_NAME: "ann", "mailNickname": "a"}, {USER_PRINCIPAL_NAME: "bea", "employeeId": "a"}, id="alias and alias"
        ),
        pytest.param({USER_PRINCIPAL_NAME: "ANN"}, {USER_PRINCIPAL_NAME: "ann"}, id="case"),
        pytest.param({USER_PRINCIPAL_NAME: "straße"}, {USER_PRINCIPAL_NAME: "STRASSE"}, id="case folding"),
        pytest.param(
            {USER_PRINCIPAL_NAME: "rené"}, {USER_PRINCIPAL_NAME: unicodedata.normalize("NFD", "rené")}, id="composed and decomposed"
        ),
        pytest.param({USER_PRINCIPAL_NAME: " ann"}, {USER_PRINCIPAL_NAME: "ann "}, id="outer blanks"),
    ],
)
def test_users_of_the_source_that_share_a_name_are_all_skipped(
    sync: SyncModel, one: dict[str, str], other: dict[str, str]
):  # B-013, D-03, D-04
    first, second, bystander = sync.source.hire("ann"), sync.source.hire("bea"), sync.source.hire("cyd")
    sync.source.change(first, **one)
    sync.source.change(second, **other)

    planned = sync.run()

    assert (planned.reason(first), planned.reason(second)) == (Reason.SHARED_NAME, Reason.SHARED_NAME)
    assert planned.actions == {bystander: (Action.CREATE,)}  # B-014
    assert {user.username for user in sync.directory.records.values()} == {"cyd"}


def test_the_reason_of_a_shared_name_says_the_value_and_the_other_objects(sync: SyncModel):  # D-04
    ann, bea, cyd = (sync.source.hire(name, mailNickname="team") for name in ("ann", "bea", "cyd"))

    skip = sync.plan().skip(ann)

    assert skip is not None
    assert skip.detail == f"team also belongs to bea ({bea}), cyd ({cyd})"


def test_a_value_that_one_user_repeats_is_one_claim_and_no_conflict(sync: SyncModel):  # D-03, B-013
    ann = sync.source.hire("ann", mailNickname="Ann", employeeId="ann")

    planned = sync.run()

    assert planned.plan.skips == []
    assert sync.user(ann).aliases == {"1": "Ann", "2": "ann"}
    assert len(sync.directory.claims) == 1
    assert sync.plan().idle


def test_both_who_share_a_name_are_skipped_even_if_one_had_it_for_years(sync: SyncModel):  # B-013
    ann = sync.source.hire("ann")
    sync.run()
    before = sync.user(ann)
    newcomer = sync.source.hire("ann")

    planned = sync.run()

    assert (planned.reason(ann), planned.reason(newcomer)) == (Reason.SHARED_NAME, Reason.SHARED_NAME)
    assert sync.user(ann) == before
    assert newcomer not in sync.objects


def test_an_alias_that_somebody_outside_the_sync_holds_skips_the_user(sync: SyncModel):  # D-04
    sync.directory.by_hand("local", alias3="a")
    ann = sync.source.hire("ann", mailNickname="a")

    planned = sync.run()

    assert planned.reason(ann) is Reason.NAME_IN_USE
    assert ann not in sync.objects


def test_an_alias_that_a_user_of_another_sync_holds_skips_the_user(sync: SyncModel):  # D-04
    other = sync.directory.connect("other", SourceModel("another tenant"), mapping=WITH_ALIASES)
    other.source.hire("olga", mailNickname="a")
    other.run()
    ann = sync.source.hire("ann", mailNickname="a")

    assert sync.run().reason(ann) is Reason.NAME_IN_USE


def test_an_alias_goes_from_one_user_to_another_in_one_run(sync: SyncModel):  # D-03
    ann, bea = sync.source.hire("ann", mailNickname="team"), sync.source.hire("bea")
    sync.run()
    sync.source.change(ann, mailNickname="")
    sync.source.change(bea, mailNickname="team")

    planned = sync.run()

    assert planned.plan.skips == []
    assert (sync.user(ann).aliases, sync.user(bea).aliases) == ({}, {"1": "team"})


def test_a_username_may_become_somebody_elses_alias_and_the_other_way_round(sync: SyncModel):  # D-03
    ann, bea = sync.source.hire("ann"), sync.source.hire("bea", mailNickname="b")
    sync.run()
    sync.source.rename(ann, "b")
    sync.source.change(bea, mailNickname="ann")

    planned = sync.run()

    assert planned.plan.skips == []
    assert (sync.user(ann).username, sync.user(bea).aliases) == ("b", {"1": "ann"})


def test_a_name_nobody_wants_any_more_is_freed(sync: SyncModel):  # D-03
    ann = sync.source.hire("ann", mailNickname="a")
    sync.run()
    sync.source.change(ann, mailNickname="")

    planned = sync.run()

    assert len(planned.change(ann).frees) == 1
    assert sync.directory.named("a") is None
    assert len(sync.directory.claims) == 1


def test_a_name_is_stored_as_the_source_spells_it(sync: SyncModel):  # D-03
    ann = sync.source.hire("Ann.LIND")
    sync.run()
    sync.source.rename(ann, "ann.lind")

    planned = sync.run()

    assert planned.actions == {ann: (Action.RENAME,)}
    assert planned.change(ann).moves == ()
    assert sync.user(ann).username == "ann.lind"


def test_aliases_given_by_hand_stay_and_hold_their_names(sync: SyncModel):  # B-051, D-04
    sync.directory.by_hand("ann", alias5="a", alias1="old")
    ann = sync.source.hire("ann", mailNickname="new")
    sync.run()
    bea = sync.source.hire("bea", employeeId="a")

    planned = sync.run()

    assert sync.user(ann).aliases == {"1": "new", "5": "a"}
    assert planned.reason(bea) is Reason.NAME_IN_USE
    assert sync.directory.named("old") is None


def test_two_principal_names_that_normalize_alike_are_duplicates(sync: SyncModel):  # B-068
    sync.mapping = Mapping(normalize=True)
    one, other = sync.source.hire("ann@corp.example"), sync.source.hire("ann@labs.example")

    planned = sync.run()

    assert (planned.reason(one), planned.reason(other)) == (Reason.SHARED_NAME, Reason.SHARED_NAME)
    assert sync.directory.records == {}
