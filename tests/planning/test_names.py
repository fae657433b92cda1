"""One name, one user: shared names, names in use, and who waits for whom."""

import unicodedata

import pytest

from sync_core.directory.attributes import USER_PRINCIPAL_NAME, Mapping
from sync_core.directory.users import Status
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


def test_a_user_that_shares_a_name_is_told_with_its_user_id(sync: SyncModel):  # B-014
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.hire("ann")

    skip = sync.plan().skip(ann)

    assert skip is not None
    assert skip.user_id == sync.user(ann).user_id


def test_an_empty_username_is_skipped_and_an_empty_mail_is_not(sync: SyncModel):  # E-03, D-04
    nameless, ann = sync.source.hire("  ", mail="nameless@corp.example"), sync.source.hire("ann", mail="")

    planned = sync.run()

    assert planned.reason(nameless) is Reason.EMPTY_USERNAME
    assert planned.actions == {ann: (Action.CREATE,)}


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


def test_a_skipped_user_is_still_disabled_and_keeps_everything_else(sync: SyncModel):  # D-04, B-154
    ann = sync.source.hire("ann")
    sync.run()
    before = sync.user(ann)
    sync.directory.by_hand("local", alias3="a")
    sync.source.change(ann, mailNickname="a", displayName="Ann Lind")
    sync.source.disable(ann)

    planned = sync.run()

    assert planned.reason(ann) is Reason.NAME_IN_USE
    assert planned.actions == {ann: (Action.DISABLE,)}
    after = sync.user(ann)
    assert after.status is Status.DISABLED
    assert after.sessions_valid_after == planned.writer.now
    assert (after.username, after.realname, after.aliases, after.groups) == (before.username, before.realname, {}, before.groups)
    assert sync.plan().actions == {}


@pytest.mark.parametrize("sharing", [True, False])
def test_whoever_shares_a_name_or_lost_it_is_still_disabled(sync: SyncModel, *, sharing: bool):  # D-04
    ann = sync.source.hire("ann")
    sync.run()
    if sharing:
        sync.source.hire("ann")
    else:
        sync.source.rename(ann, "")
    sync.source.disable(ann)

    planned = sync.run()

    assert planned.reason(ann) is (Reason.SHARED_NAME if sharing else Reason.EMPTY_USERNAME)
    assert planned.actions == {ann: (Action.DISABLE,)}
    assert sync.user(ann).username == "ann"


def test_a_skipped_user_is_not_enabled(sync: SyncModel):  # D-04: skipping withholds everything but safety
    ann = sync.source.hire("ann", enabled=False)
    sync.run()
    sync.source.hire("ann")
    sync.source.enable(ann)

    sync.run()

    assert sync.user(ann).status is Status.DISABLED


def test_a_user_that_no_sync_holds_is_not_disabled_when_its_takeover_is_skipped(sync: SyncModel):  # D-04, B-150
    local = sync.directory.by_hand("ann")
    sync.directory.by_hand("other", alias1="a")
    ann = sync.source.hire("ann", mailNickname="a", enabled=False)

    planned = sync.run()

    assert planned.reason(ann) is Reason.NAME_IN_USE
    assert sync.directory.records[local.user_id] == local


def test_whoever_waits_for_a_skipped_users_name_is_skipped_too(sync: SyncModel):  # D-04, a cascade
    sync.directory.by_hand("outsider", alias1="taken")
    ann, bea, cyd, dan = (sync.source.hire(name) for name in ("ann", "bea", "cyd", "dan"))
    sync.run()
    for person, name in ((ann, "bea"), (bea, "cyd"), (cyd, "taken"), (dan, "free")):
        sync.source.rename(person, name)

    planned = sync.run()

    assert [planned.reason(person) for person in (cyd, bea, ann, dan)] == [
        Reason.NAME_IN_USE,
        Reason.HOLDER_SKIPPED,
        Reason.HOLDER_SKIPPED,
        None,
    ]
    skip = planned.skip(ann)
    assert skip is not None
    assert skip.detail == f"bea ({sync.user(bea).user_id}) is skipped and keeps its names"
    assert [sync.user(person).username for person in (ann, bea, cyd, dan)] == ["ann", "bea", "cyd", "free"]


def test_a_swap_fails_as_a_whole_when_one_side_cannot_have_all_it_wants(sync: SyncModel):  # D-02, D-04
    sync.directory.by_hand("outsider", alias1="a")
    ann, bea = sync.source.hire("ann"), sync.source.hire("bea")
    sync.run()
    sync.source.rotate(ann, bea)
    sync.source.change(bea, mailNickname="a")

    planned = sync.run()

    assert (planned.reason(ann), planned.reason(bea)) == (Reason.HOLDER_SKIPPED, Reason.NAME_IN_USE)
    assert planned.actions == {}


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


def test_skips_do_not_stop_the_others(sync: SyncModel):  # B-014
    ann = sync.source.hire("ann")
    sync.run()
    for name in ("same", "same", ""):
        sync.source.hire(name)
    sync.source.change(ann, displayName="Ann Lind")
    bea = sync.source.hire("bea")

    planned = sync.run()

    assert planned.actions == {ann: (Action.UPDATE,), bea: (Action.CREATE,)}
    assert len(planned.plan.skips) == 3


def test_two_principal_names_that_normalize_alike_are_duplicates(sync: SyncModel):  # B-068
    sync.mapping = Mapping(normalize=True)
    one, other = sync.source.hire("ann@corp.example"), sync.source.hire("ann@labs.example")

    planned = sync.run()

    assert (planned.reason(one), planned.reason(other)) == (Reason.SHARED_NAME, Reason.SHARED_NAME)
    assert sync.directory.records == {}


def test_a_conflict_that_was_solved_is_made_good_at_the_next_run(sync: SyncModel):  # D-04
    ann, bea = sync.source.hire("ann"), sync.source.hire("ann")
    sync.run()
    sync.source.change(bea, **{USER_PRINCIPAL_NAME: "bea"})

    planned = sync.run()

    assert planned.plan.skips == []
    assert planned.actions == {ann: (Action.CREATE,), bea: (Action.CREATE,)}
