"""Who may change what of a synced user or group: one table, a rule a test."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.locks import (
    check_group_edit,
    check_group_removal,
    check_membership,
    check_phone_addition,
    check_phone_edit,
    check_user_edit,
    check_user_removal,
    group_locks,
    phone_lock,
    user_locks,
)
from sync_core.directory.phones import Phone, Slot
from sync_core.directory.syncs import Sync
from sync_core.directory.users import Hold, Status, User
from sync_core.errors import Rejected

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def sync(key: str, name: str, mapping: Mapping | None = None, *, deleted: bool = False) -> Sync:
    return Sync(
        directory_key=key,
        name=name,
        connection_id="DC1",
        tenant_id="tenant",
        groups=(),
        mapping=mapping or Mapping(),
        created_at=NOW,
        deleted_at=NOW if deleted else None,
    )


ACME = sync("DK1", "Acme")
ALIASES = sync("DK2", "Aliases", Mapping(notes="jobTitle", aliases={"1": "mailNickname"}))
DELETED = sync("DK3", "Deleted", deleted=True)
SYNCS = {one.directory_key: one for one in (ACME, ALIASES, DELETED)}
STAFF = Group(group_id="DG1", name="Staff", sync="DK1", object_id="staff")
ALONE = Group(group_id="DG2", name="Alone")


def held(*keys: str, status: Status = Status.ACTIVE) -> User:
    holds = {key: Hold(tenant_id="tenant", object_id="ann") for key in keys}
    return User(user_id="DU1", username="ann", aliases={"1": "a", "2": "b"}, notes="n", status=status, held_by=holds)


def refused(before: User, **changes: object) -> Rejected:
    with pytest.raises(Rejected) as refusal:
        check_user_edit(before, replace(before, **changes), SYNCS)
    return refusal.value


@pytest.mark.parametrize("field", ["username", "realname", "email"])
def test_what_every_sync_writes_is_locked_and_the_refusal_names_field_and_sync(field: str):  # B-150
    refusal = refused(held("DK1"), **{field: "other"})

    assert refusal.field == field
    assert str(refusal) == f'{field} of ann is written by the sync "Acme" and cannot be changed here'


def test_groups_of_a_synced_user_are_locked():  # B-150, B-170
    assert refused(held("DK1"), groups=("DG9",)).field == "groups"


def test_notes_and_each_alias_position_are_locked_only_when_they_are_mapped():  # B-151
    free, mapped = held("DK1"), held("DK2")
    check_user_edit(free, replace(free, notes="other", aliases={"1": "x"}), SYNCS)
    check_user_edit(mapped, replace(mapped, aliases={"1": "a", "2": "other", "8": "y"}), SYNCS)

    assert refused(mapped, notes="other").field == "notes"
    alias = refused(mapped, aliases={"1": "other", "2": "b"})
    assert alias.field == "aliases.1"
    assert str(alias) == 'alias 1 of ann is written by the sync "Aliases" and cannot be changed here'
    assert refused(mapped, aliases={"2": "b"}).field == "aliases.1"


def test_the_eighth_alias_is_locked_as_the_first():  # B-151
    syncs = {"DK6": sync("DK6", "Eight", Mapping(aliases={"8": "mail"}))}
    user = held("DK6")

    with pytest.raises(Rejected) as refusal:
        check_user_edit(user, replace(user, aliases={**user.aliases, "8": "y"}), syncs)
    assert refusal.value.field == "aliases.8"


@pytest.mark.parametrize(("before", "after"), [(Status.ACTIVE, Status.BYPASS), (Status.BYPASS, Status.ACTIVE)])
def test_bypass_is_set_and_ended_on_a_synced_user(before: Status, after: Status):  # B-152
    user = held("DK1", "DK2", status=before)

    check_user_edit(user, replace(user, status=after), SYNCS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.ACTIVE, Status.DISABLED),  # B-153
        (Status.BYPASS, Status.DISABLED),
        (Status.DISABLED, Status.ACTIVE),  # B-154
        (Status.DISABLED, Status.BYPASS),
    ],
)
def test_a_synced_user_is_neither_disabled_nor_enabled_by_hand(before: Status, after: Status):
    refusal = refused(held("DK1", status=before), status=after)

    assert refusal.field == "status"
    assert str(refusal).endswith('is written by the sync "Acme" and cannot be changed here; only active and bypass may be exchanged')


def test_of_several_syncs_each_that_writes_the_field_is_named():  # B-011, B-150
    assert 'the syncs "Acme" and "Aliases"' in str(refused(held("DK1", "DK2"), email="other"))
    assert 'the sync "Aliases"' in str(refused(held("DK1", "DK2"), notes="other"))


def test_a_value_that_is_repeated_is_no_edit():
    user = held("DK1", "DK2")

    check_user_edit(user, replace(user, username="ann"), SYNCS)


@pytest.mark.parametrize("user", [held(), held("DK3"), held("DK404")])
def test_an_unmanaged_user_and_one_whose_sync_was_deleted_have_no_locks(user: User):  # B-140, D-17
    check_user_edit(user, replace(user, username="bea", status=Status.DISABLED, notes=""), SYNCS)
    check_user_removal(user, SYNCS)
    assert user_locks(user, SYNCS) == ()


@pytest.mark.parametrize("status", [Status.PENDING_DELETION, Status.PURGING])
@pytest.mark.parametrize("keys", [(), ("DK1",)])
def test_everything_in_trash_is_read_only(status: Status, keys: tuple[str, ...]):  # D-24, B-159
    user = held(*keys, status=status)

    assert "Trash" in str(refused(user, notes="other"))
    assert "Trash" in str(refused(user, status=Status.ACTIVE))
    with pytest.raises(Rejected, match="Trash"):
        check_user_removal(user, SYNCS)
    with pytest.raises(Rejected, match="Trash"):
        check_membership(user, ALONE, SYNCS)
    words = " is in Trash and read-only: it can only be deleted for good, or come back by a sync"
    assert str(refused(user, notes="other")) == "ann" + words
    assert str(refused(replace(user, username="", former_username="anna"), notes="other")) == "anna" + words


def test_a_synced_user_is_not_deleted_while_it_is_managed():  # B-158
    with pytest.raises(Rejected, match='the sync "Acme"'):
        check_user_removal(held("DK1", "DK3"), SYNCS)


def test_of_a_synced_group_only_the_status_is_editable():  # B-170, B-175
    check_group_edit(STAFF, replace(STAFF, status=GroupStatus.DISABLED), SYNCS)
    for field in ("name", "description"):
        with pytest.raises(Rejected, match='the sync "Acme"') as refusal:
            check_group_edit(STAFF, replace(STAFF, **{field: "other"}), SYNCS)
        assert refusal.value.field == field
        assert str(refusal.value).startswith(f"{field} of the group Staff is written by")
    with pytest.raises(Rejected, match='the sync "Acme"'):
        check_group_removal(STAFF, SYNCS)


@pytest.mark.parametrize("group", [ALONE, replace(STAFF, sync="DK3")])
def test_a_group_that_no_sync_keeps_is_editable_and_deletable(group: Group):  # B-143, B-174
    check_group_edit(group, replace(group, name="other", status=GroupStatus.BYPASS), SYNCS)
    check_group_removal(group, SYNCS)
    check_membership(held(), group, SYNCS)
    assert group_locks(group, SYNCS) == ()


def test_members_of_a_synced_group_are_locked_whoever_they_are():  # B-170
    for user in (held(), held("DK1")):
        with pytest.raises(Rejected, match='the sync "Acme"') as refusal:
            check_membership(user, STAFF, SYNCS)
        assert refusal.value.field == "members"
        assert str(refusal.value).startswith("members of the group Staff is written by")


def test_a_managed_user_is_not_mixed_into_an_unmanaged_group():  # B-173
    with pytest.raises(Rejected, match='the sync "Acme"') as refusal:
        check_membership(held("DK1"), ALONE, SYNCS)

    assert refusal.value.field == "groups"


PHONES = sync("DK5", "Phones", Mapping(primary_phone="businessPhones"))


def having(*phones: Phone, by: Sync = PHONES) -> User:
    hold = Hold(tenant_id="tenant", object_id="o1")
    return User(user_id="DUAAAAAAAAAAAAAAAAAA", username="ann", phones=phones, held_by={by.directory_key: hold})


BROUGHT = Phone(phone_id="DP1", number="+17345559870", slot=Slot.PRIMARY, sync="DK5")


def test_phones_are_among_the_locks_of_a_sync_that_imports_them():  # B-076, B-150
    assert "phones" in {lock.field for lock in user_locks(having(BROUGHT), {"DK5": PHONES})}
    assert "phones" not in {lock.field for lock in user_locks(having(by=ACME), {"DK1": ACME})}


def test_a_phone_is_locked_while_its_sync_brings_its_slot():  # B-076, B-150
    with pytest.raises(Rejected, match=r'the phone \+17345559870 of ann is written by the sync "Phones"') as refusal:
        check_phone_edit(BROUGHT, having(BROUGHT), {"DK5": PHONES})
    assert refusal.value.field == "phones"
    landline = replace(BROUGHT, extension="12")
    with pytest.raises(Rejected, match=r"the phone \+17345559870 x12 of ann"):
        check_phone_edit(landline, having(landline), {"DK5": PHONES})


@pytest.mark.parametrize(
    ("phone", "syncs"),
    [
        (replace(BROUGHT, slot=Slot.NONE, sync=""), {"DK5": PHONES}),  # added by hand
        (BROUGHT, {"DK5": replace(PHONES, mapping=Mapping())}),  # import is off
        (replace(BROUGHT, slot=Slot.SECONDARY), {"DK5": PHONES}),  # this slot is not imported
        (BROUGHT, {"DK5": replace(PHONES, deleted_at=NOW)}),  # B-140
        (replace(BROUGHT, sync="DK1"), {"DK5": PHONES, "DK1": replace(ACME, mapping=PHONES.mapping)}),  # it holds the user no more
    ],
)
def test_other_phones_are_everybodys(phone: Phone, syncs: dict[str, Sync]):  # B-076, B-142
    check_phone_edit(phone, having(phone), syncs)
    assert phone_lock(phone, having(phone), syncs) == ""


def test_the_phones_of_a_user_in_trash_are_read_only():  # D-24
    trashed = replace(having(BROUGHT), held_by={}, status=Status.PENDING_DELETION)
    with pytest.raises(Rejected, match="in Trash"):
        check_phone_edit(BROUGHT, trashed, {})
    with pytest.raises(Rejected, match="in Trash"):
        check_phone_addition(trashed)
