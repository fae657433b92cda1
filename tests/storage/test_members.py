"""Members of a group: 32 rows that hold as many as there are, listed in the order of user ids."""

import random

import pytest

from sync_core import ids
from sync_core.storage.members import COLUMN_USERS, TABLE, Edits, MemberRows
from sync_core.storage.memory import MemoryTables
from sync_core.tally import TABLES, tally

GROUP = "DGAAAAAAAAAAAAAAAAAA"


async def rows() -> tuple[MemoryTables, MemberRows]:
    tables = MemoryTables()
    await tables.create([TABLE])
    return tables, MemberRows(tables)


def people(count: int, seed: int = 1) -> list[str]:
    bits = random.Random(seed).getrandbits
    return sorted(ids.new_user_id(bits) for _ in range(count))


@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_pages_follow_each_other_through_every_row_of_the_group(limit: int):  # architecture: Members
    _, members = await rows()
    everybody = people(300)
    await members.edit({GROUP: Edits(set(everybody), set())})

    listed: list[str] = []
    while page := await members.page(GROUP, listed[-1] if listed else "", limit):
        assert len(page) <= limit
        listed += page

    assert listed == everybody
    assert await members.members(GROUP) == everybody


async def test_a_group_has_a_row_for_each_partition_of_users_and_no_empty_one():  # architecture: Members
    tables, members = await rows()
    everybody = people(500)
    await members.edit({GROUP: Edits(set(everybody), set())})
    assert [row.key async for page in tables.query(TABLE, GROUP) for row in page] == sorted({user[2] for user in everybody})

    await members.edit({GROUP: Edits(set(), set(everybody[10:]))})

    assert await members.members(GROUP) == everybody[:10]
    assert [row.key async for page in tables.query(TABLE, GROUP) for row in page] == sorted({user[2] for user in everybody[:10]})


async def test_members_are_counted_without_reading_who_they_are():
    _, members = await rows()
    assert await members.count(GROUP) == 0
    everybody = people(500)
    await members.edit({GROUP: Edits(set(everybody), set())})
    assert await members.count(GROUP) == 500

    await members.edit({GROUP: Edits({*people(7, seed=2)}, set(everybody[10:]))})

    assert await members.count(GROUP) == 17
    with tally() as requests:
        await members.count(GROUP)
    assert requests[TABLES] == 1


async def test_one_row_holds_more_users_than_one_of_its_columns_can():
    tables, members = await rows()
    bits = random.Random(2).getrandbits
    crowd = {f"DUA{ids.new_user_id(bits)[3:]}" for _ in range(COLUMN_USERS + 1)}
    leaver = min(crowd)

    await members.edit({GROUP: Edits(crowd, set())})
    assert await members.members(GROUP) == sorted(crowd)
    row = await tables.get(TABLE, GROUP, "A")
    assert row is not None
    assert {"ids0", "ids1"} <= row.values.keys()

    await members.edit({GROUP: Edits(set(), {leaver})})
    assert await members.members(GROUP) == sorted(crowd - {leaver})
    row = await tables.get(TABLE, GROUP, "A")
    assert row is not None
    assert "ids1" not in row.values


async def test_an_edit_that_the_rows_say_already_writes_nothing():
    tables, members = await rows()
    some = set(people(20))
    await members.edit({GROUP: Edits(some, set())})
    before = {row.key: row.etag async for page in tables.query(TABLE, GROUP) for row in page}

    await members.edit({GROUP: Edits(some, set(people(20, seed=3)))})

    assert {row.key: row.etag async for page in tables.query(TABLE, GROUP) for row in page} == before
