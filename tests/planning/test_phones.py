"""What the source says of phones, read, and what is told of those that are not as it says (B-070..B-075, D-23)."""

from msgspec.structs import replace

from sync_core.directory.attributes import Mapped, Mapping
from sync_core.directory.phones import Listed, Phone, Slot
from sync_core.directory.users import User
from sync_core.planning.phones import read_phones, warnings
from sync_core.planning.reasons import Reason
from tests.planning.model import SyncModel

BOTH = Mapping(primary_phone="businessPhones", secondary_phone="mobilePhone")
HOW = "write it as +442079460316, in the US also as 734-555-9876, with x123 behind it for an extension"


def read(primary: str, secondary: str = "") -> tuple[Listed, ...]:
    mapped = Mapped("ann", "", "", None, {}, ((Slot.PRIMARY, primary), (Slot.SECONDARY, secondary)))
    return read_phones(mapped, lambda: "DP9")


def test_each_slot_is_read_and_a_number_gets_an_id_for_its_phone():  # B-071, B-075
    assert read("734-555-9876 x12") == (Listed(Slot.PRIMARY, "+17345559876", "12", phone_id="DP9"), Listed(Slot.SECONDARY))


def test_what_cannot_be_read_says_why_and_leaves_its_slot():  # B-074
    assert read("", "none") == (Listed(Slot.PRIMARY), Listed(Slot.SECONDARY, unread=f"'none' is not a phone number: {HOW}"))


def test_phones_that_cannot_be_read_are_told_by_their_attributes():  # B-074
    told = list(warnings(read("none", "911"), None, BOTH, "DK1"))

    assert told == [
        (
            Reason.PHONE_UNREAD,
            f"businessPhones: 'none' is not a phone number: {HOW}; mobilePhone: '911' is no phone number of the US: {HOW}",
        )
    ]
    assert list(warnings(read("7345559876"), None, BOTH, "DK1")) == []


def test_phones_that_are_kept_although_their_numbers_are_gone_are_told():  # D-23
    phones = (
        Phone(phone_id="DP1", number="+17345559870", extension="12", slot=Slot.PRIMARY, sync="DK1"),
        Phone(phone_id="DP2", number="+17345559871", slot=Slot.SECONDARY, sync="DK1"),
        Phone(phone_id="DP3", number="+17345559872"),
        Phone(phone_id="DP4", number="+17345559873", slot=Slot.PRIMARY, sync="DK2"),
    )
    user = User(user_id="DU1", username="ann", phones=phones)

    assert list(warnings(read(""), user, BOTH, "DK1")) == [(Reason.LAST_DEVICE, "+17345559870 x12, +17345559871")]
    assert list(warnings(read("", "7345559871"), user, BOTH, "DK1")) == [(Reason.LAST_DEVICE, "+17345559870 x12")]
    assert list(warnings(read("none"), user, BOTH, "DK1"))[-1] == (Reason.LAST_DEVICE, "+17345559871")


def test_a_phone_that_is_kept_out_is_told_of_a_user_that_is_imported(sync: SyncModel):  # B-074, D-23
    sync.mapping = BOTH
    ann = sync.source.hire("ann", businessPhones="none", mobilePhone="734-555-9876")

    skip = sync.run().skip(ann)

    assert skip is not None
    assert (skip.user_id, skip.username, skip.reason) == ("", "ann", Reason.PHONE_UNREAD)
    assert [(phone.number, phone.slot) for phone in sync.user(ann).phones] == [("+17345559876", Slot.SECONDARY)]
    sync.source.change(ann, displayName="Ann Lind")
    skip = sync.run().skip(ann)
    assert skip is not None
    assert (skip.user_id, skip.detail) == (sync.user(ann).user_id, f"businessPhones: 'none' is not a phone number: {HOW}")


def test_a_changed_number_stays_its_syncs_and_phones_by_hand_stay(sync: SyncModel):  # D-23
    sync.mapping = BOTH
    ann = sync.source.hire("ann", mobilePhone="734-555-9876")
    sync.run()
    user, by_hand = sync.user(ann), Phone(phone_id="DP1", number="+17345559870")
    sync.directory.edit(user, phones=(by_hand, *user.phones))
    sync.source.change(ann, mobilePhone="734-555-9877")

    sync.run()

    assert sync.user(ann).phones == (by_hand, replace(user.phones[0], number="+17345559877"))
    assert user.phones[0].sync == "first"


def test_somebodys_last_device_is_kept_and_told(sync: SyncModel):  # D-23
    sync.mapping = BOTH
    ann = sync.source.hire("ann", mobilePhone="734-555-9876")
    sync.run()
    user = sync.user(ann)
    sync.directory.edit(user, phones=(Phone(phone_id="DP1", number="+17345559876", slot=Slot.SECONDARY, sync="first", activated=True),))
    sync.source.change(ann, mobilePhone="")

    skip = sync.run().skip(ann)

    assert skip is not None
    assert (skip.user_id, skip.reason, skip.detail) == (user.user_id, Reason.LAST_DEVICE, "+17345559876")
    assert [phone.number for phone in sync.user(ann).phones] == ["+17345559876"]
