"""What single records become: by individual syncs, by changes that come late, and what shall point to them (B-114, D-02, D-16)."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapped
from sync_core.directory.lookups import pointers
from sync_core.directory.phones import Listed, Slot
from sync_core.directory.users import Hold, Status, User
from sync_core.entra.port import SourceUser
from sync_core.planning.changes import Action, Change, Desired, Kind
from sync_core.planning.identity import Match, Stored, match
from sync_core.planning.reading import Candidate
from sync_core.planning.settle import Writer, gained, settle

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FULL = Writer("DK1", "tenant", NOW, NOW + MINUTE, frozenset({"DK1"}))
SINGLE = Writer("DK1", "tenant", NOW, NOW + MINUTE, frozenset({"DK1"}), individual=True)
MAPPED = Mapped("anna", "Ann", "ann@corp.example", None, {"1": "a"})
DESIRED = Desired(MAPPED, enabled=True, groups=("DG1",), fingerprint="f", phones=(Listed(Slot.PRIMARY, "+17345559876", phone_id="DP1"),))
CHANGE = Change(kind=Kind.WRITE, user_id="DU1", object_id="o1", username="anna", desired=DESIRED)


def ann(username: str = "ann", **fields: object) -> User:
    hold = Hold(tenant_id="tenant", object_id="o1", groups=("DG1",), fingerprint="old")
    user = User(user_id="DU1", username=username, held_by={"DK1": hold}, groups=("DG1",), read_at=NOW - MINUTE)
    return replace(user, **fields)


def settled(before: User | None, writer: Writer = SINGLE, change: Change = CHANGE) -> User:
    after = settle(before, change, writer)
    assert after is not None
    return after


def test_an_individual_sync_writes_everything_but_the_username_and_the_next_full_run_renames():  # B-114, D-02
    after = settled(ann())

    assert (after.username, after.realname, after.email, after.aliases) == ("ann", "Ann", "ann@corp.example", {"1": "a"})
    assert after.held_by["DK1"].fingerprint == ""
    full = settled(ann(), FULL)
    assert (full.username, full.held_by["DK1"].fingerprint) == ("anna", "f")


@pytest.mark.parametrize("username", ["anna", ""])
def test_a_username_that_is_right_already_or_was_taken_in_trash_is_written(username: str):  # D-07
    after = settled(ann(username))

    assert (after.username, after.held_by["DK1"].fingerprint) == ("anna", "f")


def test_an_individual_sync_stamps_its_reading_where_it_changes_nothing():  # D-16
    once = settled(ann("anna"))
    later = replace_writer(SINGLE, NOW + MINUTE)

    again = settled(once, later)

    assert again.read_at == NOW + MINUTE
    assert replace(again, read_at=once.read_at, synced_at=once.synced_at) == once
    assert settle(once, CHANGE, replace_writer(FULL, NOW + MINUTE)) is once


def replace_writer(writer: Writer, read_at: datetime) -> Writer:
    return Writer(writer.directory_key, writer.tenant_id, read_at, read_at, writer.existing, writer.individual)


def candidate(fingerprint: str = "f") -> Candidate:
    return Candidate(SourceUser("o1", True, ()), MAPPED, 1, fingerprint, None)


@pytest.mark.parametrize(
    ("before", "writer", "username", "fingerprint"),
    [
        (ann(), SINGLE, "ann", ""),
        (ann(), FULL, "anna", "f"),
        (ann("anna"), SINGLE, "anna", "f"),
        (ann("", former_username="ann", status=Status.PENDING_DELETION), SINGLE, "anna", "f"),
    ],
)
def test_an_individual_sync_plans_with_the_username_that_there_is(before: User, writer: Writer, username: str, fingerprint: str):  # D-02
    stored = Stored(records={"DU1": before}, elsewhere={"o1": "DU1"})

    found = match(candidate(), stored, writer, lambda: "DU9")

    assert isinstance(found, Match)
    assert (found.user_id, found.candidate.mapped.username, found.candidate.fingerprint) == ("DU1", username, fingerprint)
    assert username in [name for _, name in found.wanted]


def test_somebody_new_is_made_by_an_individual_sync_under_its_name():  # B-113
    found = match(candidate(), Stored(), SINGLE, lambda: "DU9")

    assert isinstance(found, Match)
    assert (found.user_id, found.candidate) == ("DU9", candidate())


def test_nobody_whose_purge_has_begun_is_written():  # D-27
    purging = ann(status=Status.PURGING)

    assert settle(purging, CHANGE, SINGLE) is purging


def test_where_there_is_no_record_nothing_but_a_write_makes_one():
    assert settle(None, replace(CHANGE, kind=Kind.LEAVE, desired=None), FULL) is None


def test_what_finds_somebody_new_is_what_its_record_will_have():
    created = replace(CHANGE, actions=(Action.CREATE,))
    record = settled(None, FULL, created)

    assert gained(created) == pointers(record) != frozenset()


def test_what_finds_a_user_that_there_was_is_in_the_change():
    gains = tuple(pointers(ann(email="new@corp.example")))

    assert gained(replace(CHANGE, actions=(Action.UPDATE,), gains=gains)) == frozenset(gains)
    assert gained(replace(CHANGE, actions=(Action.CREATE,), desired=None, gains=gains)) == frozenset(gains)
    assert gained(replace(CHANGE, kind=Kind.LEAVE, desired=None)) == frozenset()
