"""Counts follows the partitions of users: never back, whoever dies, and nobody is misled by a copy that is behind."""

import pytest

from sync_core import ids
from sync_core.directory.users import User
from sync_core.errors import Overtaken
from sync_core.storage import user_counts
from sync_core.storage.memory import MemoryTables
from sync_core.storage.schema import TABLES
from sync_core.storage.user_counts import count_users
from sync_core.storage.users import Edit, UserRows
from sync_core.tally import TABLES as REQUESTS
from sync_core.tally import tally

PARTITION = "A"


async def rows() -> tuple[MemoryTables, UserRows]:
    tables = MemoryTables()
    await tables.create(TABLES)
    return tables, UserRows(tables)


def hired(count: int, partition: str = PARTITION) -> list[Edit]:
    made = [f"DU{partition}{ids.new_user_id()[3:]}" for _ in range(count)]
    return [Edit(None, User(user_id=user_id, username=f"{user_id}@corp.example")) for user_id in made]


async def counted(tables: MemoryTables) -> int:
    return (await count_users(tables)).total


async def test_users_of_all_partitions_are_counted_in_one_transaction():
    tables, users = await rows()

    with tally() as requests:
        await users.amend([edit for partition in ids.ALPHABET for edit in hired(3, partition)])

    assert await counted(tables) == 3 * len(ids.ALPHABET)
    assert requests[REQUESTS] == len(ids.ALPHABET) + 2  # what is known of them, and the copy


async def test_an_earlier_copy_never_takes_the_place_of_a_later_one():
    tables, users = await rows()
    (begun,) = (await users.known(PARTITION)).values()
    slow = await users.write(begun, hired(2), "DK", 1)
    fast = await users.write(slow.known, hired(3), "DK", 1)
    await users.copy_counts([fast.known])

    await users.copy_counts([slow.known])

    assert await counted(tables) == 5


async def test_two_that_copy_at_once_leave_the_later_copy():
    tables, users = await rows()
    (begun,) = (await users.known(PARTITION)).values()
    first = await users.write(begun, hired(2), "DK", 1)
    await users.copy_counts([first.known])
    (seen_by_both,) = (await users.known(PARTITION)).values()
    mine = await users.write(seen_by_both, hired(1), "DK", 1)
    theirs = await users.write(mine.known, hired(1), "DK", 1)

    await users.copy_counts([mine.known])
    await users.copy_counts([theirs.known])  # meets a copy that is not the one it knew
    await users.copy_counts([mine.known])

    assert await counted(tables) == 4


async def test_who_begins_with_a_copy_that_is_behind_counts_right():
    tables, users = await rows()
    (begun,) = (await users.known(PARTITION)).values()
    await users.write(begun, hired(2), "DK", 1)  # and dies before the copy

    assert await users.amend(hired(3)) == []

    assert await counted(tables) == 5


async def test_a_fence_holds_for_who_knows_the_partition_from_before():
    _, users = await rows()
    await users.amend(hired(1))
    (known,) = (await users.known(PARTITION)).values()
    await users.raise_fence("DK", 2)

    with pytest.raises(Overtaken):
        await users.write(known, hired(1), "DK", 1)


async def test_raising_a_fence_counts_what_somebody_wrote_and_died():
    tables, users = await rows()
    (begun,) = (await users.known(PARTITION)).values()
    await users.write(begun, hired(2), "DK", 1)

    await users.raise_fence("DK", 2)

    assert await counted(tables) == 2


async def test_what_is_counted_already_is_not_copied_again():
    tables, users = await rows()
    (edit,) = hired(1)
    await users.amend([edit])
    before = tables.rows(user_counts.TABLE)

    assert await users.amend([edit]) == [edit]  # refused: there is one
    await users.recount([PARTITION])

    assert tables.rows(user_counts.TABLE) == before
