"""Who wants which names, and who keeps them from whom (B-013, D-02..D-04, D-07)."""

from sync_core.directory.attributes import Mapping
from sync_core.directory.names import digest
from sync_core.entra.port import SourceUser
from sync_core.planning.changes import NameMove
from sync_core.planning.claims import Alive, edit_mark, shared_with_others
from sync_core.planning.reading import Comparison, Indexed, Reading
from sync_core.planning.reasons import Reason
from tests.planning.model import SyncModel

ALIASED = Mapping(aliases={"1": "mailNickname"})


def test_names_that_the_last_full_run_knew_to_be_shared_keep_single_users_out():  # D-04
    reading = Reading((), ALIASED)
    reading.users = {
        o: SourceUser(o, True, (name, "", "", alias)) for o, name, alias in (("o1", "Ann", "a"), ("o2", "x", "B"), ("o3", "y", ""))
    }

    assert shared_with_others(reading, {"ann": {"o8": "ANN"}, "b": {"o9": "bea"}}) == {
        "o1": ("ann", {"o8": "ANN"}),
        "o2": ("b", {"o9": "bea"}),
    }
    assert shared_with_others(reading, {}) == {}


def test_a_name_of_its_own_does_not_hide_another_that_is_in_use(sync: SyncModel):  # D-04
    sync.mapping = ALIASED
    ann = sync.source.hire("ann", mailNickname="a")
    sync.run()
    sync.directory.by_hand("bea")
    sync.source.rename(ann, "bea")

    assert sync.plan().reason(ann) is Reason.NAME_IN_USE


def test_whoever_is_taken_over_claims_even_its_own_names_anew_as_the_source_spells_them(sync: SyncModel):  # B-010
    user = sync.directory.by_hand("ann")
    ann = sync.source.hire("Ann")

    assert sync.plan().change(ann).moves == (NameMove(digest("ann"), "Ann", user.user_id, user.user_id),)


def test_whoever_has_not_changed_is_counted():
    reading = Reading((), Mapping())
    people = [SourceUser(f"o{n}", True, (f"user{n}", "", "")) for n in range(3)]
    reading.users, reading.masks = {user.object_id: user for user in people}, {user.object_id: 0 for user in people}
    first = Comparison(reading, frozenset())
    first.finish()
    rows = [Indexed(one.user.object_id, "DU1", one.fingerprint, False, 0, "") for one in first.candidates]

    again = Comparison(reading, frozenset())
    again.take(rows)
    again.finish()

    assert (first.unchanged, again.unchanged, again.candidates) == (0, 3, [])
    assert {len(one.fingerprint) for one in first.candidates} == {24}


def test_an_edit_is_alive_for_ten_minutes_whatever_it_is_called(sync: SyncModel):
    begun = sync.directory.now

    assert edit_mark(begun, "a-b") in Alive(now=begun)
