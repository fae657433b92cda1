"""What a sync makes of a user's phones."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_core.directory.phones import GENERIC_SMARTPHONE, Listed, Phone, PhoneType, Slot, imported, lingering

SYNC, OTHER, DELETED = "DKA", "DKB", "DKX"
HOLDERS = frozenset({SYNC, OTHER})
OLD, NEW, MORE = "+17345550001", "+17345550002", "+442079460316"


def primary(number: str = "", extension: str = "", unread: str = "") -> Listed:
    return Listed(Slot.PRIMARY, number, extension, unread, "DPnew1")


def secondary(number: str = "", extension: str = "", unread: str = "") -> Listed:
    return Listed(Slot.SECONDARY, number, extension, unread, "DPnew2")


def brought(number: str, slot: Slot = Slot.PRIMARY, *, activated: bool = False, sync: str = SYNC) -> Phone:
    return Phone(phone_id=f"DP{slot}{sync}", number=number, slot=slot, sync=sync, activated=activated)


def by_hand(number: str, *, activated: bool = False) -> Phone:
    return Phone(phone_id=f"DPhand{number}", number=number, name="mine", activated=activated)


def bring(phones: tuple[Phone, ...], *listed: Listed) -> tuple[Phone, ...]:
    return imported(phones, listed, SYNC, HOLDERS)


def test_each_number_becomes_a_generic_smartphone_that_is_not_activated():  # B-071, B-072, B-073
    first, second = bring((), primary(OLD), secondary(MORE))

    assert (first.phone_id, first.number, first.slot, first.sync) == ("DPnew1", OLD, Slot.PRIMARY, SYNC)
    assert (second.phone_id, second.number, second.slot) == ("DPnew2", MORE, Slot.SECONDARY)
    assert {phone.platform for phone in (first, second)} == {GENERIC_SMARTPHONE}
    assert {phone.type for phone in (first, second)} == {PhoneType.MOBILE}
    assert not first.activated
    assert not second.activated


def test_a_number_with_an_extension_becomes_a_landline():  # B-075
    (phone,) = bring((), primary(OLD, "123"))

    assert (phone.number, phone.extension, phone.type) == (OLD, "123", PhoneType.LANDLINE)


def test_a_changed_number_updates_the_phone_which_stays_activated():  # D-23
    before = brought(OLD, activated=True)

    assert bring((before,), primary(NEW)) == (replace(before, number=NEW),)


def test_numbers_that_swap_their_places_leave_each_device_its_number():  # D-23
    one, other = brought(OLD, activated=True), brought(NEW, Slot.SECONDARY)

    after = bring((one, other), primary(NEW), secondary(OLD))

    assert after == (replace(one, slot=Slot.SECONDARY), replace(other, slot=Slot.PRIMARY))


def test_a_number_that_is_gone_takes_its_phone_with_it():  # D-23
    other = brought(MORE, Slot.SECONDARY)

    assert bring((brought(OLD), other), primary(), secondary(MORE)) == (other,)


def test_the_last_activated_device_stays_although_its_number_is_gone():  # D-23
    last = brought(OLD, activated=True)

    after = bring((last, brought(MORE, Slot.SECONDARY)), primary(), secondary())

    assert after == (last,)
    assert lingering(after, [primary(), secondary()], SYNC) == [last]


def test_an_activated_phone_goes_with_its_number_where_another_device_is_activated():  # D-23
    mine = by_hand(NEW, activated=True)

    assert bring((brought(OLD, activated=True), mine), primary()) == (mine,)


def test_of_two_activated_devices_whose_numbers_are_gone_one_stays():  # D-23
    one, other = brought(OLD, activated=True), brought(NEW, Slot.SECONDARY, activated=True)

    assert bring((one, other), primary(), secondary()) == (one,)


def test_phones_added_by_hand_stay():  # D-23
    mine = by_hand(MORE)

    assert bring((mine, brought(OLD)), primary()) == (mine,)


def test_a_phone_that_has_the_number_already_is_taken_into_the_slot_with_its_activation():  # D-23, B-010
    mine = by_hand(OLD, activated=True)
    formerly = brought(NEW, Slot.SECONDARY, activated=True, sync=DELETED)

    assert bring((mine, formerly), primary(OLD), secondary(NEW)) == (
        replace(mine, slot=Slot.PRIMARY, sync=SYNC),
        replace(formerly, sync=SYNC),
    )


def test_a_number_listed_twice_is_one_phone():  # D-23
    (phone,) = bring((), primary(OLD), secondary(OLD))

    assert phone.slot is Slot.PRIMARY


def test_a_number_that_another_sync_has_brought_is_not_brought_again():  # D-23, B-011
    theirs = brought(OLD, sync=OTHER)

    assert bring((theirs,), primary(OLD)) == (theirs,)


def test_phones_of_another_sync_are_its_own():  # D-23, B-011
    theirs = brought(OLD, sync=OTHER)

    after = bring((theirs,), primary(NEW))

    assert [(phone.number, phone.sync) for phone in after] == [(OLD, OTHER), (NEW, SYNC)]


def test_what_cannot_be_read_leaves_the_slot_as_it_is():  # B-074
    before = brought(OLD)

    assert bring((before,), primary(unread="none")) == (before,)
    assert bring((), primary(unread="none")) == ()


def test_without_import_nothing_is_brought_and_nothing_removed():  # B-070, B-076
    before = (brought(OLD), by_hand(NEW))

    assert bring(before) == before


LINES = st.sampled_from(["", OLD, NEW, MORE])
PHONES = st.lists(
    st.builds(
        Phone,
        phone_id=st.uuids().map(str),
        number=LINES,
        slot=st.sampled_from(Slot),
        sync=st.sampled_from(["", SYNC, OTHER, DELETED]),
        activated=st.booleans(),
    ),
    max_size=5,
).map(tuple)


@given(PHONES, st.tuples(st.builds(primary, LINES), st.builds(secondary, LINES)))
def test_bringing_is_settled_at_once_and_never_takes_the_last_device(phones: tuple[Phone, ...], listed: tuple[Listed, ...]) -> None:  # D-23
    after = bring(phones, *listed)

    assert bring(after, *listed) == after
    assert any(phone.activated for phone in after) or not any(phone.activated for phone in phones)
    assert len({phone.phone_id for phone in after}) == len(after)
    kept = [phone for phone in phones if phone.sync == OTHER or (phone.sync != SYNC and phone.line not in {one.line for one in listed})]
    assert all(phone in after for phone in kept)
    lines = [phone.number for phone in after]
    assert all(one.number in lines for one in listed if one.number)
