"""Users made, changed and deleted by hand (B-150..B-158)."""

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.edits import MAX_NOTES, MAX_TEXT, UserEdit
from sync_core.directory.names import digest
from sync_core.directory.users import Status, User
from sync_core.errors import NotFound, Rejected
from sync_core.management.naming import NameInUse
from sync_core.management.versions import Outdated, version_of
from tests.management.hands import Hands, check_counts, check_names, hands
from tests.runs.picture import check_sound


@pytest.fixture
async def here() -> Hands:
    return await hands()


async def synced(here: Hands, name: str = "ann@corp.example", mapping: Mapping | None = None) -> tuple[str, User]:
    """The directory key of a sync that has run, and a user of it."""
    here.world.source.hire(name, "staff", mailNickname="nick")
    key = await here.world.connect("staff", mapping=mapping)
    await here.world.sync(key)
    return key, await here.world.user(name)


async def test_a_user_is_made_changed_and_deleted_with_its_names_and_counts(here: Hands) -> None:
    made = await here.users.create(UserEdit(username=" Ann ", realname="Ann", email="ann@corp.example", aliases={"2": "annie"}), by="test")
    assert (made.user.username, made.user.aliases, made.user.held_by, made.user.read_at) == ("Ann", {"2": "annie"}, {}, None)
    assert made.user.created_at == here.world.clock.now()
    await check_sound(here.world)

    changed = await here.change(made.user, UserEdit(username="ann.lind", status=Status.BYPASS, notes="third floor\nleft"))
    assert (changed.username, changed.status, changed.notes, changed.realname) == ("ann.lind", Status.BYPASS, "third floor\nleft", "Ann")
    await check_sound(here.world)

    await here.users.delete(made.user.user_id, by="test")
    assert await here.world.users() == []
    await check_sound(here.world)
    with pytest.raises(NotFound):
        await here.users.delete(made.user.user_id, by="test")


async def test_alias_positions_that_are_not_given_stay_and_an_empty_value_removes_one(here: Hands) -> None:  # E-17
    ann = await here.create("ann", alias1="a", alias3="c")

    changed = await here.change(ann, UserEdit(aliases={"1": "", "2": "b"}))

    assert changed.aliases == {"2": "b", "3": "c"}
    await check_sound(here.world)
    assert (await here.create("a")).username == "a"


@pytest.mark.parametrize("taken", ["ANN", "Straße", "STRASSE"])
async def test_a_name_is_anybodys_username_or_alias_once_in_any_spelling(here: Hands, taken: str) -> None:  # D-03, E-17
    ann = await here.create("ann", alias4="strasse")
    bea = await here.create("bea")
    before = {row.key: row.etag for row in here.world.memory.rows("Names")}

    for attempt, field in (
        (here.create(taken), "username"),
        (here.create("new", alias8=taken), "aliases.8"),
        (here.rename(bea, taken), "username"),
        (here.change(bea, UserEdit(aliases={"1": "free", "2": taken})), "aliases.2"),
    ):
        with pytest.raises(NameInUse) as refusal:
            await attempt
        assert refusal.value.field == field
        assert f"{taken} belongs to ann ({ann.user_id})" in str(refusal.value)
    assert {row.key: row.etag for row in here.world.memory.rows("Names")} == before
    await check_sound(here.world)


async def test_a_name_that_one_user_repeats_is_no_conflict(here: Hands) -> None:  # D-03
    ann = await here.create("ann", alias1="ANN", alias2="a")
    await here.change(ann, UserEdit(username="a", aliases={"2": "ann"}))
    await here.change(ann, UserEdit(aliases={"1": ""}))

    await check_sound(here.world)
    assert (await here.world.user("Ann")).user_id == ann.user_id


async def test_a_user_in_trash_gives_its_names_to_whoever_wants_them(here: Hands) -> None:  # D-07
    _, ann = await synced(here)
    here.world.source.quit(here.world.source.named("ann"))
    await here.world.sync(next(iter(ann.held_by)))

    new = await here.create("new", alias1="ANN@corp.example")

    trashed = await here.find(ann.user_id)
    assert trashed is not None
    assert (trashed.username, trashed.former_username, trashed.status) == ("", "ann@corp.example", Status.PENDING_DELETION)
    assert (await here.world.user("ann@corp.example")).user_id == new.user_id
    await check_sound(here.world)


async def test_the_name_of_a_user_that_is_being_deleted_for_good_is_not_taken(here: Hands) -> None:  # D-27
    ann = await here.create("ann")
    await here.world.context.users.change(ann.user_id, lambda user: replace(user, status=Status.PURGING))

    with pytest.raises(NameInUse, match=ann.user_id):
        await here.create("ann")


async def test_a_synced_user_is_edited_where_no_sync_writes_and_its_reading_stays(here: Hands) -> None:  # B-047, B-051, B-151, B-152, D-16
    key, ann = await synced(here, mapping=Mapping(aliases={"1": "mailNickname"}))
    await here.create("taken")

    changed = await here.change(ann, UserEdit(status=Status.BYPASS, notes="by hand", aliases={"2": "second"}))

    assert (changed.status, changed.notes, changed.aliases) == (Status.BYPASS, "by hand", {"1": "nick", "2": "second"})
    assert (changed.read_at, changed.synced_at, changed.held_by) == (ann.read_at, ann.synced_at, ann.held_by)
    for edit in (UserEdit(realname="x"), UserEdit(aliases={"1": "x"}), UserEdit(status=Status.DISABLED), UserEdit(aliases={"2": "taken"})):
        with pytest.raises(Rejected):
            await here.change(ann, edit)
    await here.world.sync(key)
    assert await here.world.user("second") == changed
    await check_sound(here.world)


async def test_a_synced_user_is_not_deleted_and_one_in_trash_is_read_only(here: Hands) -> None:  # B-158, D-24
    key, ann = await synced(here)
    with pytest.raises(Rejected, match="Acme"):
        await here.users.delete(ann.user_id, by="test")
    here.world.source.quit(here.world.source.named("ann"))
    await here.world.sync(key)

    for attempt in (here.users.delete(ann.user_id, by="test"), here.change(ann, UserEdit(notes="x"))):
        with pytest.raises(Rejected, match="Trash"):
            await attempt


async def test_disabling_ends_sessions_and_enabling_again_does_not_bring_them_back(here: Hands) -> None:  # B-154
    ann = await here.create("ann")
    disabled = await here.change(ann, UserEdit(status=Status.DISABLED))
    enabled = await here.change(ann, UserEdit(status=Status.ACTIVE))

    assert ann.sessions_valid_after is None
    assert disabled.sessions_valid_after == enabled.sessions_valid_after == here.world.clock.now()
    await check_counts(here.world)


async def test_an_edit_and_a_deletion_ask_for_the_version_that_was_seen(here: Hands) -> None:
    stored = await here.users.create(UserEdit(username="ann"), by="test")
    seen = version_of(stored.etag)
    changed = await here.users.update(stored.user.user_id, UserEdit(notes="x"), [seen, "another"], by="test")
    assert version_of(changed.etag) != seen

    for attempt in (
        here.users.update(stored.user.user_id, UserEdit(notes="y"), [seen], by="test"),
        here.users.delete(stored.user.user_id, [seen], by="test"),
    ):
        with pytest.raises(Outdated):
            await attempt
    assert await here.users.get(stored.user.user_id) == changed
    await here.users.delete(stored.user.user_id, ["*"], by="test")


async def test_an_edit_that_says_what_is_there_writes_nothing(here: Hands) -> None:
    ann = await here.create("ann", alias1="a")
    before = {(row.partition, row.key): row.etag for table in ("Users", "Names") for row in here.world.memory.rows(table)}

    await here.change(ann, UserEdit(username="ann", aliases={"1": "a", "2": ""}, status=Status.ACTIVE))

    assert {(row.partition, row.key): row.etag for table in ("Users", "Names") for row in here.world.memory.rows(table)} == before


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (UserEdit(username="  "), "username"),
        (UserEdit(username="n" * (MAX_TEXT + 1)), "username"),
        (UserEdit(realname="two\nlines"), "realname"),
        (UserEdit(email="a\x00b"), "email"),
        (UserEdit(notes="n" * (MAX_NOTES + 1)), "notes"),
        (UserEdit(notes="a\x07b"), "notes"),
        (UserEdit(aliases={"9": "x"}), "aliases"),
        (UserEdit(aliases={"01": "x"}), "aliases"),
        (UserEdit(aliases={"8": "x" * 300}), "aliases.8"),
        (UserEdit(status=Status.PENDING_DELETION), "status"),
        (UserEdit(status=Status.PURGING), "status"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(here: Hands, edit: UserEdit, field: str) -> None:
    ann = await here.create("ann")
    for attempt in (here.change(ann, edit), here.users.create(replace(edit, username=edit.username or "bea"), by="test")):
        with pytest.raises(Rejected) as refusal:
            await attempt
        assert refusal.value.field == field
    assert await here.world.users() == [ann]


async def test_a_user_by_hand_is_taken_over_by_a_sync_that_finds_its_username(here: Hands) -> None:  # B-010
    ann = await here.create("ann@corp.example", alias2="a")
    key, taken = await synced(here)

    assert (taken.user_id, set(taken.held_by), taken.aliases) == (ann.user_id, {key}, {"2": "a"})
    await check_sound(here.world)
    assert digest("ann@corp.example") in taken.name_digests
    await check_names(here.world)
