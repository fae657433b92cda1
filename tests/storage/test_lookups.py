"""Rows that find users: many at once, in few requests, whatever is there already."""

from sync_core import ids
from sync_core.directory.lookups import Pointer, pointers
from sync_core.directory.phones import Phone
from sync_core.directory.users import User
from sync_core.storage.lookups import MOST, Lookups
from sync_core.storage.memory import MemoryTables
from sync_core.storage.schema import TABLES
from sync_core.storage.users import Edit, UserRows
from sync_core.tally import TABLES as REQUESTS
from sync_core.tally import tally

SHARED = "+17345559870"


async def rows() -> tuple[MemoryTables, UserRows, Lookups]:
    tables = MemoryTables()
    await tables.create(TABLES)
    users = UserRows(tables)
    return tables, users, Lookups(tables, users)


def crowd(count: int, *, shared: bool = False) -> list[User]:
    """Users, each with an address and a phone; all with one number where that is `shared`."""
    made: list[User] = []
    for n in range(count):
        user_id = ids.new_user_id()
        phone = Phone(phone_id=ids.new_phone_id(user_id), number=SHARED if shared else f"+1734{n:07d}")
        made.append(User(user_id=user_id, username=f"user{n}", email=f"user{n}@corp.example", phones=(phone,)))
    return made


def standing(users: list[User]) -> dict[Pointer, bool]:
    return {pointer: True for user in users for pointer in pointers(user)}


async def test_a_thousand_new_users_share_transactions_and_nothing_is_read_first():
    _, _, lookups = await rows()

    with tally() as requests:
        await lookups.follow(standing(crowd(1000)))

    assert requests[REQUESTS] <= 16 + 16 + 32  # a transaction a partition of Emails, Numbers and Phones


async def test_the_same_again_writes_nothing():
    tables, _, lookups = await rows()
    users = crowd(300)
    await lookups.follow(standing(users))
    before = {(table, row.key): row.etag for table in ("Emails", "Numbers", "Phones") for row in tables.rows(table)}

    await lookups.follow(standing(users))

    assert {(table, row.key): row.etag for table in ("Emails", "Numbers", "Phones") for row in tables.rows(table)} == before


async def test_a_number_of_a_whole_company_is_one_row_that_stops_growing():
    tables, users, lookups = await rows()
    company = crowd(MOST + 100, shared=True)
    await users.amend(Edit(None, user) for user in company)
    for start in range(0, len(company), 200):
        await lookups.follow(standing(company[start : start + 200]))

    (row,) = tables.rows("Numbers")
    assert len(row.text("entries").split("\n")) == MOST
    assert len(await lookups.by_number(SHARED)) == MOST


async def test_one_number_that_is_there_already_does_not_have_the_others_read():
    _, _, lookups = await rows()
    await lookups.follow(standing(crowd(1, shared=True)))
    users = [*crowd(500), *crowd(1, shared=True)]

    with tally() as requests:
        await lookups.follow({pointer: True for pointer in standing(users) if pointer.table == "Numbers"})

    assert requests[REQUESTS] <= 16 + 3  # the refused one again, then the row read and written


async def test_what_shall_not_stand_goes_unless_the_record_has_it_by_now():
    tables, users, lookups = await rows()
    one, other = crowd(2)
    await users.amend([Edit(None, one)])
    await lookups.follow(standing([one, other]))

    await lookups.follow(dict.fromkeys(standing([one, other]), False))

    left = {(table, row.key) for table in ("Emails", "Numbers", "Phones") for row in tables.rows(table)}
    assert left == {(pointer.table, pointer.key) for pointer in pointers(one)}


async def test_what_is_erased_goes_although_the_record_has_it():  # D-27
    tables, users, lookups = await rows()
    (one,) = crowd(1)
    await users.amend([Edit(None, one)])
    await lookups.follow(standing([one]))

    await lookups.erase(pointers(one))

    assert [row for table in ("Emails", "Numbers", "Phones") for row in tables.rows(table)] == []
