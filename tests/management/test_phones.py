"""Phones by hand: a user's, nobody's, handed over; and what finds them and their users, wherever an edit dies."""

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.edits import UserEdit
from sync_core.directory.phone_edits import MAX_PHONES, PhoneEdit
from sync_core.directory.phones import Phone, PhoneType
from sync_core.directory.users import User
from sync_core.errors import NotFound, Rejected
from sync_core.management.phones import Phones, make_phones
from sync_core.storage.user_counts import count_users
from tests.management.hands import Hands, die_anywhere, hands, meanwhile

BY = "test"
OFFICE, MOBILE = "+17345559870", "+447946001000"
IMPORTING = Mapping(primary_phone="businessPhones")


def phones(here: Hands) -> Phones:
    return make_phones(here.world.tables, here.world.clock, here.world.random.getrandbits)


async def found(here: Hands, number: str) -> list[tuple[Phone, User | None]]:
    return await here.world.context.lookups.by_number(number)


async def imported(mapping: Mapping = IMPORTING) -> tuple[Hands, str, User]:
    """Ann, with an imported phone."""
    here = await hands()
    here.world.source.hire("ann@corp.example", "staff")
    here.world.source.accounts[here.world.source.named("ann")].attributes["businessPhones"] = OFFICE
    key = await here.world.connect("staff", mapping=mapping)
    await here.world.sync(key)
    (ann,) = await here.called("ann@corp.example")
    return here, key, ann


async def test_a_phone_is_added_changed_found_and_deleted():  # B-142, E-09
    here = await hands()
    ann = await here.create("ann")

    stored, phone = await phones(here).add(ann.user_id, PhoneEdit(number="734-555-9870x12", name="desk"), by=BY)
    assert (phone.number, phone.extension, phone.type, phone.sync) == (OFFICE, "12", PhoneType.LANDLINE, "")
    assert await found(here, OFFICE) == [(phone, stored.user)]

    stored, phone = await phones(here).change(ann.user_id, phone.phone_id, PhoneEdit(number="+44 7946 001000"), by=BY)
    assert (phone.number, phone.extension, phone.name) == (MOBILE, "", "desk")
    assert await found(here, OFFICE) == []
    assert await found(here, MOBILE) == [(phone, stored.user)]

    await phones(here).remove(ann.user_id, phone.phone_id, by=BY)
    assert await found(here, MOBILE) == []
    with pytest.raises(NotFound):
        await phones(here).get(phone.phone_id)


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (PhoneEdit(number="none"), "number"),
        (PhoneEdit(extension="12"), "extension"),
        (PhoneEdit(number=OFFICE, extension="x1"), "extension"),
        (PhoneEdit(number=f"{OFFICE}x1", extension="2"), "extension"),
        (PhoneEdit(name="n" * 200), "name"),
        (PhoneEdit(platform="a\nb"), "platform"),
        (PhoneEdit(predelay="soon"), "predelay"),
        (PhoneEdit(postdelay="12345"), "postdelay"),
    ],
)
async def test_a_value_that_cannot_be_is_refused_by_its_field_and_changes_nothing(edit: PhoneEdit, field: str):
    here = await hands()
    ann = await here.create("ann")

    with pytest.raises(Rejected) as refusal:
        await phones(here).add(ann.user_id, edit, by=BY)

    assert refusal.value.field == field
    assert await here.find(ann.user_id) == ann


async def test_an_imported_phone_is_its_syncs_while_that_imports_phones():  # B-076, B-150
    here, _, ann = await imported()
    (phone,) = ann.phones

    for attempt in (
        phones(here).change(ann.user_id, phone.phone_id, PhoneEdit(name="mine"), by=BY),
        phones(here).remove(ann.user_id, phone.phone_id, by=BY),
        phones(here).detach(ann.user_id, phone.phone_id, by=BY),
        phones(here).delete(phone.phone_id, by=BY),
    ):
        with pytest.raises(Rejected, match='written by the sync "Acme"') as refusal:
            await attempt
        assert refusal.value.field == "phones"
    assert await here.find(ann.user_id) == ann


async def test_a_phone_by_hand_stands_beside_the_imported_ones_and_stays_editable():  # D-23
    here, key, ann = await imported()

    _, mine = await phones(here).add(ann.user_id, PhoneEdit(number=MOBILE), by=BY)
    await here.world.sync(key)
    stored, mine = await phones(here).change(ann.user_id, mine.phone_id, PhoneEdit(name="mine"), by=BY)

    assert stored.user.phones == (*ann.phones, mine)


async def test_phones_can_be_edited_once_their_sync_imports_none():  # B-076
    here, key, ann = await imported()
    stored = await here.world.context.syncs.read(key)
    assert stored is not None
    await here.world.context.syncs.replace(replace(stored.sync, mapping=Mapping(), version=2), stored.etag)

    _, phone = await phones(here).change(ann.user_id, ann.phones[0].phone_id, PhoneEdit(name="mine"), by=BY)

    assert phone.name == "mine"


async def test_phones_can_be_edited_once_their_sync_is_deleted():  # B-140, B-142
    here, key, ann = await imported()
    await here.delete_sync(key, by=BY)

    stored = await phones(here).remove(ann.user_id, ann.phones[0].phone_id, by=BY)

    assert stored.user.phones == ()


async def test_the_phones_of_a_user_in_trash_are_read_only():  # D-24
    here, key, ann = await imported()
    here.world.source.quit(here.world.source.named("ann"))
    await here.world.sync(key)

    for attempt in (
        phones(here).add(ann.user_id, PhoneEdit(number=MOBILE), by=BY),
        phones(here).remove(ann.user_id, ann.phones[0].phone_id, by=BY),
    ):
        with pytest.raises(Rejected, match="in Trash"):
            await attempt


async def test_an_admin_may_remove_the_last_activated_device():  # D-23
    here = await hands()
    ann = await here.create("ann")
    _, phone = await phones(here).add(ann.user_id, PhoneEdit(number=OFFICE), by=BY)
    await here.world.context.users.change(ann.user_id, lambda user: replace(user, phones=(replace(phone, activated=True),)))

    stored = await phones(here).remove(ann.user_id, phone.phone_id, by=BY)

    assert stored.user.phones == ()


async def test_a_user_has_a_hundred_phones_at_most():  # facts/field.md: Duo's limits
    here = await hands()
    ann = await here.create("ann")
    many = tuple(Phone(phone_id=f"DP{n:018d}") for n in range(MAX_PHONES))
    await here.world.context.users.change(ann.user_id, lambda user: replace(user, phones=many))

    with pytest.raises(Rejected, match="at most 100 phones"):
        await phones(here).add(ann.user_id, PhoneEdit(number=OFFICE), by=BY)


async def test_nobodys_phone_is_given_to_a_user_and_taken_back():  # admin-api.md §5
    here = await hands()
    ann, bea = await here.create("ann"), await here.create("bea")
    phone = await phones(here).create(PhoneEdit(number=OFFICE), by=BY)
    assert await found(here, OFFICE) == [(phone, None)]

    await phones(here).attach(ann.user_id, phone.phone_id, by=BY)
    stored = await phones(here).attach(ann.user_id, phone.phone_id, by=BY)
    assert stored.user.phones == (phone,)
    assert await found(here, OFFICE) == [(phone, stored.user)]
    with pytest.raises(Rejected, match="belongs to ann"):
        await phones(here).attach(bea.user_id, phone.phone_id, by=BY)

    await phones(here).detach(ann.user_id, phone.phone_id, by=BY)
    assert await found(here, OFFICE) == [(phone, None)]
    phone, _ = await phones(here).update(phone.phone_id, PhoneEdit(number=MOBILE), by=BY)
    assert (await found(here, OFFICE), await found(here, MOBILE)) == ([], [(phone, None)])

    await phones(here).delete(phone.phone_id, by=BY)
    assert await found(here, MOBILE) == []
    assert here.world.memory.rows("Phones") == []
    assert here.world.memory.rows("Numbers") == []


async def test_a_user_deleted_by_hand_leaves_its_phones_to_nobody():  # E-11
    here = await hands()
    ann = await here.create("ann")
    _, phone = await phones(here).add(ann.user_id, PhoneEdit(number=OFFICE), by=BY)

    await here.users.delete(ann.user_id, by=BY)

    assert await found(here, OFFICE) == [(phone, None)]
    assert await phones(here).page("", 10) == [(phone, None)]


async def test_all_phones_are_listed_in_the_order_of_their_ids():  # admin-api.md §5
    here = await hands()
    ann = await here.create("ann")
    made = [await phones(here).create(PhoneEdit(name=str(n)), by=BY) for n in range(5)]
    made += [(await phones(here).add(ann.user_id, PhoneEdit(name=str(n)), by=BY))[1] for n in range(5, 8)]
    made.sort(key=lambda phone: phone.phone_id)

    first = [phone for phone, _ in await phones(here).page("", 5)]
    rest = [phone for phone, _ in await phones(here).page(first[-1].phone_id, 5)]

    assert [*first, *rest] == made


async def test_who_has_no_device_is_counted_exactly():  # B-078
    here, _, ann = await imported()
    await here.create("bea")
    before = (await count_users(here.world.tables)).without_device

    await here.world.context.users.change(ann.user_id, lambda user: replace(user, phones=(replace(user.phones[0], activated=True),)))

    assert before == {"active": 2}
    assert (await count_users(here.world.tables)).without_device == {"active": 1}


async def test_wherever_handing_over_dies_the_phone_is_somewhere_and_only_once():
    here = await hands()
    ann = await here.create("ann")
    phone = await phones(here).create(PhoneEdit(number=OFFICE), by=BY)

    for died in await die_anywhere(here, lambda there: phones(there).attach(ann.user_id, phone.phone_id, by=BY)):
        (one,) = await found(died, OFFICE)
        assert one[0].phone_id == phone.phone_id
        stored = await phones(died).attach(ann.user_id, phone.phone_id, by=BY)
        assert await found(died, OFFICE) == [(phone, stored.user)]
    await phones(here).attach(ann.user_id, phone.phone_id, by=BY)
    for died in await die_anywhere(here, lambda there: phones(there).detach(ann.user_id, phone.phone_id, by=BY)):
        (one,) = await found(died, OFFICE)
        assert one[0].phone_id == phone.phone_id


async def test_two_who_give_one_phone_away_give_it_once():
    here = await hands()
    ann, bea = await here.create("ann"), await here.create("bea")
    phone = await phones(here).create(PhoneEdit(number=OFFICE), by=BY)

    for there, _, _ in await meanwhile(
        here,
        lambda there: phones(there).attach(ann.user_id, phone.phone_id, by=BY),
        lambda there: phones(there).attach(bea.user_id, phone.phone_id, by=BY),
    ):
        having = [user.username for user in await there.world.users() if user.phones]
        assert len(having) == 1
        (one,) = await found(there, OFFICE)
        assert one[1] is not None
        assert one[1].username == having[0]


async def test_wherever_an_edit_dies_the_user_is_found_by_the_address_of_its_record():
    here = await hands()
    ann = await here.create("ann")
    ann = await here.change(ann, UserEdit(email="one@corp.example"))

    for died in await die_anywhere(here, lambda there: there.change(ann, UserEdit(email="two@corp.example"))):
        user = await died.find(ann.user_id)
        assert user is not None
        assert await died.world.context.lookups.by_email(user.email) == [user]
        assert await died.world.context.lookups.by_email({"one@corp.example", "two@corp.example"}.difference({user.email}).pop()) == []


async def test_two_edits_of_one_address_leave_the_user_found_by_the_last():
    here = await hands()
    ann = await here.create("ann")
    ann = await here.change(ann, UserEdit(email="one@corp.example"))

    for there, _, _ in await meanwhile(
        here,
        lambda there: there.change(ann, UserEdit(email="two@corp.example")),
        lambda there: there.change(ann, UserEdit(email="one@corp.example")),
    ):
        user = await there.find(ann.user_id)
        assert user is not None
        assert await there.world.context.lookups.by_email(user.email) == [user]
