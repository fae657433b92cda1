"""Phones imported by whole runs, and the rows by which users are found."""

from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.phones import GENERIC_SMARTPHONE, Phone, Slot
from sync_core.directory.users import Status, User
from sync_core.planning.changes import Change
from sync_core.planning.reasons import Reason
from sync_core.runs.record import Run, State
from sync_core.tally import TABLES, tally
from tests.runs.picture import check_sound, etags
from tests.runs.world import World

PHONES = Mapping(primary_phone="businessPhones", secondary_phone="mobilePhone")
OFFICE, MOBILE = "+17345559870", "+447946001000"


async def importing(mapping: Mapping = PHONES, **attributes: str) -> tuple[World, str]:
    """Ann, with what she has, and Bea, with no phone, after a first run."""
    world = World()
    await world.prepare()
    world.source.hire("ann@corp.example", "staff")
    says(world, **attributes)
    world.source.hire("bea@corp.example", "staff")
    key = await world.connect("staff", mapping=mapping)
    await world.sync(key)
    await check_sound(world)
    return world, key


async def ann(world: World) -> User:
    (user,) = (user for user in await world.users() if user.username == "ann@corp.example")
    return user


def says(world: World, **attributes: str) -> None:
    world.source.accounts[world.source.named("ann")].attributes |= attributes


async def edit(world: World, user: User, *phones: Phone) -> None:
    """What a person does to phones, past the API."""
    await world.context.users.change(user.user_id, lambda before: replace(before, phones=phones))


async def activate(world: World) -> Phone:
    """Ann's first phone, activated."""
    user = await ann(world)
    activated = replace(user.phones[0], activated=True)
    await edit(world, user, activated, *user.phones[1:])
    return activated


async def remap(world: World, key: str, mapping: Mapping) -> None:
    """Saves the settings with other sources."""
    stored = await world.context.syncs.read(key)
    assert stored is not None
    await world.context.syncs.replace(replace(stored.sync, mapping=mapping, version=stored.sync.version + 1), stored.etag)


async def changes(world: World, run: Run) -> list[Change]:
    (plan,) = await world.context.changes.plans(run.run)
    return [change async for _, part in world.context.changes.slices(run.run, plan) for change in part]


async def reasons(world: World, run: Run) -> dict[str, str]:
    verdict = await world.context.changes.verdict(run.run, run.plan_attempt)
    assert verdict is not None
    return {skip.reason: skip.detail async for _, skips in world.context.changes.skips(run.run, verdict.plan) for skip in skips}


async def test_phones_are_not_imported_unless_asked_for():  # B-070
    world, _ = await importing(Mapping(), businessPhones="734-555-9870")

    assert (await ann(world)).phones == ()


async def test_office_and_mobile_numbers_become_phones_of_the_user():  # B-071, B-072, B-073, B-074
    world, key = await importing(businessPhones="734-555-9870", mobilePhone="+44 7946 001000")

    office, mobile = (await ann(world)).phones
    assert (office.number, office.slot, office.sync) == (OFFICE, Slot.PRIMARY, key)
    assert (mobile.number, mobile.slot, mobile.platform, mobile.activated) == (MOBILE, Slot.SECONDARY, GENERIC_SMARTPHONE, False)


async def test_a_second_run_writes_nothing():  # D-13
    world, key = await importing(businessPhones="734-555-9870", mobilePhone="+44 7946 001000")
    before = etags(world)

    run = await world.sync(key)

    assert run.counts["unchanged"] == 2
    assert etags(world) == before


async def test_a_changed_number_updates_the_phone_and_the_run_tells_so():  # D-23
    world, key = await importing(businessPhones="734-555-9870")
    before = await activate(world)
    says(world, businessPhones="734-555-9871x12")

    run = await world.sync(key)

    (phone,) = (await ann(world)).phones
    assert (phone.phone_id, phone.number, phone.extension) == (before.phone_id, "+17345559871", "12")
    assert phone.activated
    assert [(change.username, change.fields[0].name, change.fields[0].after) for change in await changes(world, run)] == [
        ("ann@corp.example", "phones", "primary +17345559871 x12")
    ]
    await check_sound(world)
    assert await world.context.lookups.by_number(OFFICE) == []
    assert [found for found, _ in await world.context.lookups.by_number("+17345559871", "12")] == [phone]


async def test_a_number_that_is_gone_takes_its_phone_and_what_finds_it():  # D-23
    world, key = await importing(businessPhones="734-555-9870", mobilePhone="+44 7946 001000")
    says(world, businessPhones="")

    await world.sync(key)

    assert [phone.number for phone in (await ann(world)).phones] == [MOBILE]
    await check_sound(world)


async def test_a_users_last_activated_device_is_kept_with_a_warning():  # D-23
    world, key = await importing(businessPhones="734-555-9870")
    last = await activate(world)
    says(world, businessPhones="")

    run = await world.sync(key)

    assert (await ann(world)).phones == (last,)
    assert run.state is State.WARNINGS
    assert await reasons(world, run) == {Reason.LAST_DEVICE: OFFICE}


async def test_what_is_no_number_is_kept_out_with_a_reason_and_the_user_is_imported():  # B-074, B-075
    world, key = await importing()
    says(world, businessPhones="089 1234567", mobilePhone="+44 7946 001000", displayName="Ann Lind")

    run = await world.sync(key)

    user = await ann(world)
    assert (user.realname, [phone.number for phone in user.phones]) == ("Ann Lind", [MOBILE])
    assert run.state is State.WARNINGS
    told = await reasons(world, run)
    assert "businessPhones: '089 1234567'" in told[Reason.PHONE_UNREAD]


async def test_phones_stay_when_import_is_switched_off_and_come_under_the_sync_again_when_it_is_on():  # B-076
    world, key = await importing(businessPhones="734-555-9870")
    before = (await ann(world)).phones
    await remap(world, key, Mapping())
    says(world, businessPhones="734-555-9999", displayName="Ann Lind")
    await world.sync(key)
    assert (await ann(world)).phones == before

    await remap(world, key, PHONES)
    await world.sync(key)

    assert [phone.number for phone in (await ann(world)).phones] == ["+17345559999"]
    await check_sound(world)


async def test_phones_go_to_trash_and_come_back_with_their_user():  # B-162, D-07
    world, key = await importing(businessPhones="734-555-9870")
    before = await activate(world)
    object_id = world.source.named("ann")
    world.source.quit(object_id)
    await world.sync(key)
    assert (trashed := await ann(world)).status is Status.PENDING_DELETION
    assert trashed.phones == (before,)
    world.source.join(object_id, "staff")

    await world.sync(key)

    assert (await ann(world)).phones == (before,)
    await check_sound(world)


async def test_a_deleted_sync_leaves_phones_and_the_next_one_takes_them_up_as_they_are():  # B-142, B-010, D-23
    world, key = await importing(businessPhones="734-555-9870")
    before = await activate(world)
    stored = await world.context.syncs.read(key)
    assert stored is not None
    await world.context.syncs.delete(replace(stored.sync, deleted_at=world.clock.now()), stored.etag)
    assert (await ann(world)).phones == (before,)

    other = await world.connect("staff", name="Again", mapping=PHONES)
    await world.sync(other)

    assert (await ann(world)).phones == (replace(before, sync=other),)


async def test_a_phone_that_two_syncs_list_is_one_and_each_keeps_its_own():  # B-011, D-23
    world, key = await importing(businessPhones="734-555-9870")
    other = await world.connect("staff", name="Other", mapping=Mapping(primary_phone="businessPhones", secondary_phone="mobilePhone"))
    says(world, mobilePhone="+447946001000")

    await world.sync(other)
    await world.sync(key)
    await world.sync(other)

    assert sorted((phone.number, phone.sync) for phone in (await ann(world)).phones) == sorted([(OFFICE, key), (MOBILE, other)])
    await check_sound(world)


# What finds a user


async def test_users_are_found_by_mail_number_and_phone_in_two_requests_each():  # issue 7: at most 2 point reads
    world, _ = await importing(businessPhones="734-555-9870")
    user = await ann(world)
    lookups, (phone,) = world.context.lookups, user.phones
    counts: list[int] = []

    with tally() as requests:
        assert await lookups.by_email("ANN@Corp.example") == [user]
        counts.append(requests[TABLES])
        assert await lookups.by_number(OFFICE) == [(phone, user)]
        counts.append(requests[TABLES])
        assert await lookups.phone(phone.phone_id) == (phone, user)
        counts.append(requests[TABLES])

    assert counts == [2, 4, 6]


async def test_everybody_with_one_address_is_found_by_it():  # B-049
    world, key = await importing(mail="office@corp.example")
    world.source.accounts[world.source.named("bea")].attributes["mail"] = "Office@corp.example"
    await world.sync(key)

    found = await world.context.lookups.by_email("office@corp.example")

    assert sorted(user.username for user in found) == ["ann@corp.example", "bea@corp.example"]
    says(world, mail="ann@corp.example")
    await world.sync(key)
    assert [user.username for user in await world.context.lookups.by_email("office@corp.example")] == ["bea@corp.example"]
    await check_sound(world)


async def test_a_row_that_no_record_agrees_with_finds_nobody():
    world, _ = await importing(businessPhones="734-555-9870")
    user = await ann(world)
    await world.context.users.change(user.user_id, lambda before: replace(before, email="", phones=()))

    assert await world.context.lookups.by_email("ann@corp.example") == []
    assert await world.context.lookups.by_number(OFFICE) == []
    assert await world.context.lookups.phone(user.phones[0].phone_id) is None


async def test_only_what_changed_is_written_around_the_records():
    world, key = await importing(businessPhones="734-555-9870")
    before = etags(world)
    says(world, mail="ann.lind@corp.example")

    await world.sync(key)

    after = etags(world)
    assert after["Numbers"] == before["Numbers"]
    assert after["Phones"] == before["Phones"]
    assert len(after["Emails"].items() - before["Emails"].items()) == 1
