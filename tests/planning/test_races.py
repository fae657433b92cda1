"""The newer reading wins (D-16), and what dead runs left is put right."""

from datetime import timedelta

from sync_core.directory.attributes import Mapping
from sync_core.directory.names import digest
from sync_core.directory.users import Status
from sync_core.planning.changes import Action
from sync_core.planning.claims import Alive, Claim, edit_mark, holder
from tests.planning import agreement
from tests.planning.model import SyncModel
from tests.planning.source import STAFF

ALIASED = Mapping(aliases={"1": "mailNickname"})


def read_later(sync: SyncModel, object_id: str) -> None:
    """Somebody else reads the user, and writes, after the run that is planned next has begun to read."""
    sync.directory.edit(sync.user(object_id), read_at=sync.directory.now.replace(year=2027))


def test_a_record_that_was_read_later_is_not_written(sync: SyncModel):  # D-16
    ann, bea = sync.source.hire("ann", STAFF), sync.source.hire("bea", STAFF)
    sync.run()
    before = {person: sync.user(person) for person in (ann, bea)}
    sync.source.change(ann, displayName="Ann Lind")
    sync.source.disable(ann)
    sync.source.delete(bea)
    planned = sync.plan()
    for person in (ann, bea):
        read_later(sync, person)

    sync.apply(planned)

    for person in (ann, bea):
        assert sync.user(person) == sync.directory.records[before[person].user_id]
        assert (sync.user(person).realname, sync.user(person).status) == (before[person].realname, Status.ACTIVE)


def test_a_skipped_user_that_was_read_later_is_not_disabled(sync: SyncModel):  # D-16: the later reading knew better
    ann = sync.source.hire("ann")
    sync.run()
    read_later(sync, ann)
    sync.source.hire("ann")
    sync.source.disable(ann)

    assert sync.run().actions == {}
    assert sync.user(ann).status is Status.ACTIVE


def test_a_leaver_that_was_read_later_than_the_plan_leaves_at_the_next_run(sync: SyncModel):  # D-16, D-07
    old = sync.source.hire("ann")
    sync.run()
    sync.source.delete(old)
    new = sync.source.hire("ann")
    planned = sync.plan()
    sync.directory.edit(sync.user(old), read_at=sync.directory.tick())

    sync.apply(planned)

    assert (sync.user(old).username, sync.user(old).status) == ("ann", Status.ACTIVE)
    assert sync.directory.named("ann") == sync.user(new)
    assert sync.run().actions == {old: (Action.TRASH,)}


def test_nothing_is_written_to_a_user_whose_purge_began_after_planning(sync: SyncModel):  # D-27
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.move(ann)
    sync.run()
    sync.source.move(ann, STAFF)
    planned = sync.plan()
    sync.directory.edit(sync.user(ann), status=Status.PURGING)
    purging = sync.user(ann)

    sync.apply(planned)

    assert sync.user(ann) == purging
    assert sync.objects[ann].trashed


def test_a_username_moved_in_claim_is_written_whoever_read_last(sync: SyncModel):  # D-16
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.rename(ann, "ann.lind")
    sync.source.change(ann, displayName="Ann Lind")
    planned = sync.plan()
    read_later(sync, ann)

    sync.apply(planned)

    assert (sync.user(ann).username, sync.user(ann).realname) == ("ann.lind", "Ann")
    agreement.rows_agree(sync.directory)


def test_a_username_that_needed_no_claim_is_not_written_over_a_later_reading(sync: SyncModel):  # D-16
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.rename(ann, "ANN")
    planned = sync.plan()
    read_later(sync, ann)

    sync.apply(planned)

    assert sync.user(ann).username == "ann"


def test_what_a_later_reading_kept_from_a_run_is_written_by_the_next(sync: SyncModel):  # D-16
    ann = sync.source.hire("ann")
    sync.run()
    sync.source.change(ann, displayName="Ann Lind")
    planned = sync.plan()
    sync.directory.tick()
    sync.directory.edit(sync.user(ann), read_at=sync.directory.tick())
    sync.apply(planned)

    assert sync.run().actions == {ann: (Action.UPDATE,)}
    assert sync.user(ann).realname == "Ann Lind"


def test_a_leaver_that_was_read_later_gives_no_name_up(sync: SyncModel):  # D-16, D-07
    old = sync.source.hire("ann")
    sync.run()
    read_later(sync, old)
    sync.source.delete(old)
    new = sync.source.hire("ann")

    sync.run()

    assert new not in sync.objects
    assert sync.directory.named("ann") == sync.user(old)
    agreement.rows_agree(sync.directory)


def test_a_user_that_was_read_later_keeps_its_aliases_from_others(sync: SyncModel):  # D-16
    sync.mapping = ALIASED
    ann, bea = sync.source.hire("ann", mailNickname="team"), sync.source.hire("bea")
    sync.run()
    read_later(sync, ann)
    sync.source.change(ann, mailNickname="")
    sync.source.change(bea, mailNickname="team")

    sync.run()

    assert (sync.user(ann).aliases, sync.user(bea).aliases) == ({"1": "team"}, {})
    agreement.rows_agree(sync.directory)


def test_a_username_of_a_user_that_was_read_later_still_goes_around(sync: SyncModel):  # D-16, D-02
    ann, bea = sync.source.hire("ann"), sync.source.hire("bea")
    sync.run()
    read_later(sync, ann)
    sync.source.rotate(ann, bea)

    sync.run()

    assert (sync.user(ann).username, sync.user(bea).username) == ("bea", "ann")
    agreement.rows_agree(sync.directory)


def test_an_alias_that_becomes_the_username_of_a_user_that_was_read_later_moves_no_name(sync: SyncModel):  # D-16
    sync.mapping = ALIASED
    ann, bea = sync.source.hire("ann", mailNickname="a"), sync.source.hire("bea")
    sync.run()
    read_later(sync, ann)
    sync.source.rename(ann, "a")
    sync.source.rename(bea, "ann")

    sync.run()

    assert (sync.user(ann).username, sync.user(bea).username) == ("ann", "bea")
    agreement.rows_agree(sync.directory)


def test_whatever_changes_the_record_empties_what_other_syncs_believe_of_it(sync: SyncModel):  # D-06, D-04, D-16
    second = sync.directory.connect("second", sync.source, STAFF)
    ann = sync.source.hire("ann")
    sync.run()
    second.run()
    sync.source.hire("ann")
    sync.source.disable(ann)

    sync.run()

    assert second.objects[ann].fingerprint == sync.user(ann).held_by["second"].fingerprint == ""


# Claims


def test_a_claim_is_believed_as_far_as_a_record_agrees(sync: SyncModel):
    user, other = sync.directory.by_hand("ann"), sync.directory.by_hand("bea")
    records, key = sync.directory.records, digest("ann")

    assert holder(None, key, records) == ""
    assert holder(Claim("ann", user.user_id, ""), key, records) == user.user_id
    assert holder(Claim("ann", other.user_id, user.user_id), key, records) == user.user_id
    assert holder(Claim("ann", "DUdead", user.user_id), key, records) == user.user_id
    assert holder(Claim("ann", other.user_id, ""), key, records) == ""


def test_a_name_that_a_dead_run_claimed_for_nobody_is_free(sync: SyncModel):
    sync.directory.claims[digest("ann")] = Claim("ann", "DUdead", "")
    ann = sync.source.hire("ann")

    planned = sync.run()

    assert [(move.seen, move.holder) for move in planned.change(ann).moves] == [("DUdead", "")]
    assert sync.directory.named("ann") == sync.user(ann)


def test_while_the_run_that_claimed_a_name_goes_on_the_name_is_its_owners(sync: SyncModel):
    user = sync.directory.by_hand("ann")
    records, key = sync.directory.records, digest("ann")
    claim = Claim("ann", "DUcoming", user.user_id, "going on")

    assert holder(claim, key, records, Alive(frozenset({"going on"}))) == "DUcoming"
    assert holder(claim, key, records, Alive(frozenset({"another"}))) == user.user_id


def test_an_edit_outside_a_run_keeps_what_it_claimed_for_ten_minutes(sync: SyncModel):
    user, begun = sync.directory.by_hand("ann"), sync.directory.tick()
    records, key = sync.directory.records, digest("ann")
    claim = Claim("ann", "DUcoming", user.user_id, edit_mark(begun, "1"))

    assert holder(claim, key, records, Alive(now=begun + timedelta(minutes=9))) == "DUcoming"
    assert holder(claim, key, records, Alive(now=begun + timedelta(minutes=10))) == user.user_id
