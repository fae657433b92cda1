"""Attributes and normalization, as they reach the directory."""

from sync_core.directory.attributes import Mapping
from sync_core.planning.changes import Action, Field
from tests.planning.model import SyncModel


def test_by_default_username_full_name_and_email_come_from_their_usual_attributes(sync: SyncModel):  # B-042, B-048, B-049, B-060
    ann = sync.source.hire("ann@corp.example", displayName="Ann Lind", mail="ann.lind@corp.example", jobTitle="Smith")

    sync.run()

    user = sync.user(ann)
    assert (user.username, user.realname, user.email, user.notes) == ("ann@corp.example", "Ann Lind", "ann.lind@corp.example", "")


def test_the_change_tells_the_fields_before_and_after(sync: SyncModel):  # D-13
    ann = sync.source.hire("ann", displayName="Ann", mail="")
    sync.run()
    sync.source.change(ann, displayName="Ann Lind", mail="ann@corp.example")

    planned = sync.run()

    assert planned.change(ann).fields == (Field("realname", "Ann", "Ann Lind"), Field("email", "", "ann@corp.example"))
    assert planned.change(ann).reason == "member of staff"


def test_notes_that_are_not_imported_stay_and_imported_ones_overwrite(sync: SyncModel):  # B-050, B-051
    ann = sync.source.hire("ann", jobTitle="Smith")
    sync.run()
    sync.directory.edit(sync.user(ann), notes="by hand")
    sync.source.change(ann, displayName="Ann Lind")
    sync.run()
    assert sync.user(ann).notes == "by hand"
    sync.mapping = Mapping(notes="jobTitle")

    sync.run()

    assert sync.user(ann).notes == "Smith"


def test_another_source_of_an_attribute_reaches_everybody_at_the_next_run(sync: SyncModel):  # B-040, B-046
    ann = sync.source.hire("ann", mailNickname="a", employeeId="17")
    sync.mapping = Mapping(aliases={"4": "mailNickname"})
    sync.run()
    assert sync.user(ann).aliases == {"4": "a"}
    sync.mapping = Mapping(aliases={"4": "employeeId"})

    assert sync.run().actions == {ann: (Action.UPDATE,)}
    assert sync.user(ann).aliases == {"4": "17"}


def test_normalization_takes_the_part_before_the_at_sign_and_leaves_aliases(sync: SyncModel):  # B-061, B-062
    sync.mapping = Mapping(normalize=True, aliases={"1": "mail"})
    ann = sync.source.hire("ann@corp.example", mail="ann.lind@corp.example")

    sync.run()

    assert (sync.user(ann).username, sync.user(ann).aliases) == ("ann", {"1": "ann.lind@corp.example"})


def test_normalization_switched_on_and_off_later_renames_everybody(sync: SyncModel):  # B-063, B-064
    ann, bea = sync.source.hire("ann@corp.example"), sync.source.hire("bea@corp.example")
    sync.run()
    users = {sync.user(ann).user_id, sync.user(bea).user_id}
    sync.mapping = Mapping(normalize=True)

    assert sync.run().actions == {ann: (Action.RENAME,), bea: (Action.RENAME,)}
    assert (sync.user(ann).username, sync.user(bea).username) == ("ann", "bea")
    sync.mapping = Mapping(normalize=False)
    sync.run()
    assert (sync.user(ann).username, sync.user(bea).username) == ("ann@corp.example", "bea@corp.example")
    assert {sync.user(ann).user_id, sync.user(bea).user_id} == users


def test_a_second_run_on_the_same_source_plans_nothing(sync: SyncModel):
    for name in ("ann", "bea", "cyd"):
        sync.source.hire(name)
    sync.run()

    again = sync.plan()

    assert (again.plan.changes, again.plan.skips, again.plan.repairs) == ([], [], [])


def test_new_settings_that_change_nobody_write_fingerprints_only(sync: SyncModel):
    ann = sync.source.hire("ann")
    sync.run()
    sync.mapping = Mapping(aliases={"1": "mailNickname"})

    planned = sync.run()

    assert [(change.object_id, change.actions) for change in planned.plan.changes] == [(ann, ())]
    assert sync.plan().plan.changes == []
