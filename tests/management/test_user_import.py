"""CSV import obeys the locks that the API obeys, line by line (B-079)."""

import pytest

from sync_core.directory.attributes import Mapping
from sync_core.directory.edits import UserEdit
from sync_core.directory.users import Status
from sync_core.errors import Rejected, Transient
from sync_core.management.user_import import MAX_LINES, Line, UserImport
from sync_core.management.users import Users, make_users
from sync_core.storage.tables import Tables
from tests.management.hands import Hands, hands
from tests.runs.picture import check_sound, etags


@pytest.fixture
async def here() -> Hands:
    return await hands()


async def imported(here: Hands, text: str | bytes, *, dry_run: bool = False) -> list[Line]:
    """First as a dry run, which says the same and changes nothing."""

    def users_over(tables: Tables) -> Users:
        return make_users(tables, here.world.clock, here.world.random.getrandbits)

    importing = UserImport(here.world.tables, users_over, here.journal)
    content = text.encode() if isinstance(text, str) else text
    before = etags(here.world)
    told = await importing(content, dry_run=True, by="test")
    assert etags(here.world) == before
    if dry_run:
        return told
    lines = await importing(content, dry_run=False, by="test")
    assert [_plain(line) for line in lines] == [_plain(line) for line in told]
    return lines


def _plain(line: Line) -> tuple[object, ...]:
    return line.number, line.username, line.outcome, line.fields, line.reason.partition(" (DU")[0]


def outcomes(lines: list[Line]) -> list[str]:
    return [line.outcome.value for line in lines]


async def test_users_are_made_and_changed_and_a_file_imported_again_changes_nothing(here: Hands) -> None:  # B-079
    bea = await here.create("bea", alias1="b")
    text = (
        'username,realname,email,alias1,alias8,status,notes\nann,Ann,ann@corp.example,a,,BYPASS,"two\nlines"\n\nBEA,Bea,,bb,z,disabled,\n'
    )

    lines = await imported(here, text)

    assert [(line.number, line.outcome.value) for line in lines] == [(3, "created"), (5, "updated")]
    assert lines[1].fields == ("realname", "alias1", "status", "alias8")
    assert lines[1].user_id == bea.user_id
    ann = await here.world.user("ann")
    assert (ann.user_id, ann.realname, ann.aliases, ann.status, ann.notes) == (
        lines[0].user_id, "Ann", {"1": "a"}, Status.BYPASS, "two\nlines",
    )  # fmt: skip
    after = await here.find(bea.user_id)
    assert after is not None
    assert (after.username, after.aliases, after.status) == ("bea", {"1": "bb", "8": "z"}, Status.DISABLED)
    await check_sound(here.world)
    assert outcomes(await imported(here, text)) == ["unchanged", "unchanged"]


async def test_an_empty_cell_and_a_column_that_is_missing_leave_the_field(here: Hands) -> None:
    ann = await here.change(await here.create("ann", alias2="a"), UserEdit(notes="n", email="ann@corp.example"))

    assert outcomes(await imported(here, "username,email,alias2\nann,,\n")) == ["unchanged"]
    assert await here.find(ann.user_id) == ann


async def test_a_synced_user_is_changed_only_where_no_sync_writes(here: Hands) -> None:  # B-150, B-151, B-152, B-153
    here.world.source.hire("ann@corp.example", "staff", mailNickname="nick")
    await here.world.sync(await here.world.connect("staff", mapping=Mapping(aliases={"1": "mailNickname"})))
    rows = {
        "realname,Other": 'realname of ann@corp.example is written by the sync "Acme"',
        "email,o@corp.example": "email of",
        "alias1,other": "alias 1 of",
        "status,disabled": "status of",
    }
    for row, reason in rows.items():
        column, _, value = row.partition(",")
        (line,) = await imported(here, f"username,{column}\nann@corp.example,{value}\n")
        assert line.outcome == "refused"
        assert line.reason.startswith(reason)
    good = "username,realname,alias1,alias2,status,notes\nANN@corp.example,Ann,nick,second,bypass,by hand\n"
    (line,) = await imported(here, good)
    assert (line.outcome, line.fields) == ("updated", ("notes", "status", "alias2"))


async def test_one_bad_line_does_not_stop_the_others(here: Hands) -> None:  # B-079
    await here.create("taken")
    text = (
        "username,alias1,status\n"
        "one,,\n"
        "two,taken,\n"  # D-03
        ",x,\n"
        "three,,locked out\n"
        "four\n"
        "five,one,\n"  # of an earlier line
        "six,6,\n"
        "SIX,66,\n"
        f"{'n' * 300},,\n"
    )

    lines = await imported(here, text)

    refused = "refused"
    assert outcomes(lines) == ["created", refused, refused, refused, refused, refused, "created", "updated", refused]
    reasons = {line.number: line.reason for line in lines if line.reason}
    for number, words in {
        3: "taken belongs to taken (DU",
        4: "no username",
        5: "locked out",
        6: "1 cells",
        7: "one (DU",
        10: "256",
    }.items():
        assert words in reasons[number]
    assert [user.username for user in await here.called("six")] == ["six"]
    await check_sound(here.world)


async def test_a_line_for_which_storage_was_away_is_told_and_the_others_go_on(here: Hands) -> None:
    here.world.interrupt = None
    failed: list[str] = []

    def busy(point: object, port: object, method: str, call: object) -> None:
        del point, port, call
        if method == "transact" and not failed:
            failed.append(method)
            raise Transient("storage is busy", retry_after=1)

    importing = UserImport(
        here.world.tables, lambda tables: make_users(tables, here.world.clock, here.world.random.getrandbits), here.journal
    )
    here.world.interrupt = busy
    lines = await importing(b"username\none\ntwo\n", dry_run=False, by="test")
    here.world.interrupt = None
    assert [(line.outcome.value, line.reason) for line in lines] == [("refused", "storage is busy"), ("created", "")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "username"),
        (b"name\nann\n", "unknown: name"),
        (b"username,\nann,\n", "one without a name"),
        (b"username,Username\nann,ann\n", "twice"),
        (b"realname\nAnn\n", "no username"),
        (b"username\n\xff\xfe\n", "UTF-8"),
        (b'username\n"ann\n', "not CSV"),
        (b'username\n"ann"x\n', "not CSV"),
        (b"username\n" + b"ann\n" * (MAX_LINES + 1), str(MAX_LINES)),
    ],
)
async def test_a_file_that_is_no_such_table_is_refused_before_anything_is_written(here: Hands, text: bytes, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        await imported(here, text)
    assert await here.world.users() == []


async def test_a_byte_order_mark_and_blanks_are_no_part_of_the_first_column(here: Hands) -> None:
    assert outcomes(await imported(here, "\ufeff Username , Realname\r\n ann , Ann \r\n")) == ["created"]
    assert (await here.world.user("ann")).realname == "Ann"
