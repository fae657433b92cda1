"""What a run leaves on a record beside what it maps: when it was read and written, and which syncs know it (D-16, D-17)."""

from tests.planning.model import SyncModel
from tests.planning.source import STAFF


def test_everything_that_is_written_is_stamped_with_its_reading_and_its_time(sync: SyncModel):  # D-16
    second = sync.directory.connect("second", sync.source, "lab")
    ann, bea, cyd = sync.source.hire("ann"), sync.source.hire("bea", STAFF, "lab"), sync.source.hire("cyd")
    sync.run()
    second.run()
    sync.source.change(ann, displayName="Anna")
    sync.source.move(bea, "lab")
    sync.source.move(cyd)

    writer = sync.run().writer

    users = [sync.user(ann), second.user(bea), sync.user(cyd)]
    assert {(user.read_at, user.synced_at) for user in users} == {(writer.read_at, writer.now)}
    assert [user.known_as for user in users] == [{}, {}, {"first": cyd}]
    assert (users[2].trashed_at, users[2].sessions_valid_after) == (writer.now, writer.now)


def test_who_passes_on_or_goes_to_trash_is_still_known_to_syncs_that_were_deleted(sync: SyncModel):  # D-17
    old = sync.directory.connect("old", sync.source, "old")
    second = sync.directory.connect("second", sync.source, "lab")
    ann, bea = sync.source.hire("ann", "old", STAFF, "lab"), sync.source.hire("bea", "old", STAFF)
    for each in (old, sync, second):
        each.run()
    sync.directory.delete_sync("old")
    sync.source.move(ann, "lab")
    sync.source.move(bea)

    sync.run()

    assert second.user(ann).known_as == {"old": ann}
    assert sync.user(bea).known_as == {"old": bea, "first": bea}


def test_who_comes_back_is_known_as_before_to_others_only(sync: SyncModel):  # D-06, B-162
    second = sync.directory.connect("second", sync.source, "lab")
    ann = sync.source.hire("ann", STAFF)
    sync.run()
    sync.source.move(ann, "lab")
    sync.run()
    assert sync.user(ann).known_as == {"first": ann}

    second.run()

    assert second.user(ann).known_as == {"first": ann}
    sync.source.move(ann, "lab", STAFF)
    sync.run()
    assert sync.user(ann).known_as == {}
