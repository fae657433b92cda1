"""Pages by offset: complete and without doubles while the directory changes, and what they cost (admin-api.md §2)."""

import random
from datetime import timedelta
from typing import Any

import pytest

from sync_core import ids
from sync_core.directory.roles import Role
from sync_core.directory.users import User
from sync_core.management import memberships
from sync_core.storage.members import Edits, MemberRows
from sync_core.storage.page_ends import KEPT, PageEnds
from sync_core.storage.records import record
from sync_core.storage.users import Edit, Removal, UserRows
from sync_core.tally import TABLES, tally
from tests.admin_api.caller import AdminCaller

MANY = 3600
FEW = 300
"""About ten in each partition."""


@pytest.fixture
async def rows(admin: AdminCaller) -> UserRows:
    return UserRows(admin.api.deployment.tables)


async def populate(rows: UserRows, number: int, seed: int = 1) -> list[str]:
    """User ids, in order."""
    bits = random.Random(seed).getrandbits
    users = [User(user_id=ids.new_user_id(bits), username=f"user{seed}-{n}") for n in range(number)]
    assert await rows.amend([Edit(None, user) for user in users]) == []
    return sorted(user.user_id for user in users)


async def page(admin: AdminCaller, path: str = "/admin/v1/users", **parameters: Any) -> tuple[list[str], dict[str, Any]]:
    def ask() -> Any:
        return admin.client.parse_json_response_and_metadata(*admin.client.api_call("GET", path, parameters))

    admin.client.ask = ask
    found, metadata = await admin("ask")
    return [one.get("user_id") or one.get("group_id") or one["bypass_code_id"] for one in found], metadata


async def test_pages_say_how_to_go_on_and_back(admin: AdminCaller, rows: UserRows) -> None:
    everybody = await populate(rows, 250)
    assert await page(admin) == (everybody[:100], {"total_objects": 250, "next_offset": 100})
    assert await page(admin, offset="100") == (everybody[100:200], {"total_objects": 250, "next_offset": 200, "prev_offset": 0})
    assert await page(admin, offset="200") == (everybody[200:], {"total_objects": 250, "prev_offset": 100})
    assert await page(admin, offset="200", limit="50") == (everybody[200:], {"total_objects": 250, "prev_offset": 150})
    assert await page(admin, offset="250") == ([], {"total_objects": 250, "prev_offset": 150})
    assert await page(admin, limit="1000") == (everybody, {"total_objects": 250})
    assert await page(admin, limit="7", offset="31") == (
        everybody[31:38],
        {"total_objects": 250, "next_offset": 38, "prev_offset": 24},
    )


async def test_a_reader_goes_on_behind_its_last_page_for_a_quarter_of_an_hour(admin: AdminCaller, rows: UserRows) -> None:
    everybody = await populate(rows, 250)
    await page(admin)
    first = (await rows.many(everybody[:1]))[everybody[0]]
    await rows.amend([Removal(first)])

    admin.api.deployment.clock.at += timedelta(minutes=15) - timedelta(seconds=1)
    assert (await page(admin, offset="100"))[0] == everybody[100:200]
    admin.api.deployment.clock.at += timedelta(seconds=1)
    assert (await page(admin, offset="100"))[0] == everybody[101:201]


async def test_where_so_many_pages_ended_is_remembered_of_the_last_fifty(admin: AdminCaller, rows: UserRows) -> None:
    await populate(rows, KEPT + 5)
    for offset in range(KEPT + 4):
        await page(admin, offset=str(offset), limit="1")

    (row,) = admin.api.deployment.tables.rows("PageEnds")
    assert [end.offset for end in record(row, PageEnds).ends] == list(range(KEPT + 4, 4, -1))


@pytest.mark.parametrize("wrong", [{"limit": "many"}, {"offset": "-1"}, {"offset": "1e3"}, {"limit": "9" * 40}])
async def test_a_page_that_is_none_is_refused(admin: AdminCaller, wrong: dict[str, str]) -> None:
    status, code, said = await admin.refused("json_api_call", "GET", "/admin/v1/users", wrong)
    assert (status, code) == (400, 40002)
    assert said.startswith(f"{next(iter(wrong))}: ")


async def test_a_page_anywhere_in_many_users_takes_six_requests_at_most(admin: AdminCaller, rows: UserRows) -> None:
    everybody = await populate(rows, MANY)
    await page(admin)  # the key is known now
    with tally() as requests:
        for offset in (0, 100, 1, 99, 1777, 2048, MANY - 100, MANY - 1, MANY):
            requests.clear()
            found, _ = await page(admin, offset=str(offset))
            assert found == everybody[offset : offset + 100]
            assert requests[TABLES] <= 6, offset


async def test_nor_does_a_page_in_few_users_take_more(admin: AdminCaller, rows: UserRows) -> None:
    everybody = await populate(rows, FEW)
    await page(admin)
    with tally() as requests:
        for offset in (0, 1, 100, 150, FEW - 100, FEW - 1):
            requests.clear()
            found, _ = await page(admin, offset=str(offset))
            assert found == everybody[offset : offset + 100]
            assert requests[TABLES] <= 6, offset


async def test_a_walk_through_all_costs_as_many_requests_as_it_has_pages_times_six(admin: AdminCaller, rows: UserRows) -> None:
    everybody = await populate(rows, MANY)
    with tally() as requests:
        found = await admin("get_users")
    assert [user["user_id"] for user in found] == everybody
    assert requests[TABLES] <= 6 * MANY / 100


async def test_a_walk_is_complete_and_without_doubles_whatever_comes_and_goes_meanwhile(admin: AdminCaller, rows: UserRows) -> None:
    staying, going = await populate(rows, 400), await populate(rows, 150, seed=2)
    choice = random.Random(3)
    seen: list[str] = []
    offset: int | None = 0
    while offset is not None:
        found, metadata = await page(admin, limit="30", offset=str(offset))
        seen += found
        offset = metadata.get("next_offset")
        await populate(rows, choice.randrange(40), seed=10 + len(seen))
        leaving = [going.pop(choice.randrange(len(going))) for _ in range(min(8, len(going)))]
        stored = await rows.many(leaving)
        assert await rows.amend([Removal(one) for one in stored.values()]) == []
    assert len(set(seen)) == len(seen)
    assert set(staying) <= set(seen)
    assert seen == sorted(seen)


async def test_two_keys_walk_each_at_its_own_pace(admin: AdminCaller, rows: UserRows) -> None:
    everybody = await populate(rows, 90)
    other = await AdminCaller.of(admin.api, Role.OWNER)
    first, _ = await page(admin, limit="30")
    earlier = await populate(rows, 60, seed=5)
    second, _ = await page(other, limit="30")
    assert second == sorted([*everybody, *earlier])[:30]
    found, _ = await page(admin, limit="30", offset="30")
    assert found[0] == next(i for i in sorted([*everybody, *earlier]) if i > first[-1])


async def test_a_user_is_read_in_two_point_reads_by_id_by_name_and_by_email(admin: AdminCaller) -> None:
    group = await admin("create_group", "Contractors")
    made = await admin("add_user", "ann", alias1="a1", email="ann@corp.example")
    await admin("add_user_group", made["user_id"], group["group_id"])
    wanted = await admin("get_user_by_id", made["user_id"])  # keys and groups are known now
    assert wanted["groups"] == [group]
    with tally() as requests:
        assert await admin("get_user_by_id", made["user_id"]) == wanted
        assert requests.pop(TABLES) == 1
        for method, value in (("get_users_by_name", "Ann"), ("get_users_by_name", "a1"), ("get_user_by_email", "ANN@corp.example")):
            assert await admin(method, value) == [wanted]
            assert requests.pop(TABLES) == 2


async def test_the_users_of_a_group_are_paged_alike(admin: AdminCaller, rows: UserRows) -> None:
    group = await admin("create_group", "Contractors")
    bits = random.Random(7).getrandbits
    users = [User(user_id=ids.new_user_id(bits), username=f"m{n}", groups=(group["group_id"],)) for n in range(230)]
    await rows.amend([Edit(None, user) for user in users])
    await MemberRows(admin.api.deployment.tables).edit({group["group_id"]: Edits(enters={user.user_id for user in users})})
    everybody = sorted(user.user_id for user in users)
    path = f"/admin/v2/groups/{group['group_id']}/users"
    assert await page(admin, path, offset="200") == (everybody[200:], {"total_objects": 230, "prev_offset": 100})
    assert [user["user_id"] for user in await admin("get_group_users", group["group_id"])] == everybody


@pytest.mark.filterwarnings("ignore:The v1 Admin API:DeprecationWarning")
async def test_a_group_of_very_many_users_is_not_listed_whole(admin: AdminCaller, rows: UserRows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memberships, "MOST_WHOLE", 3)
    group_id = (await admin("create_group", "Staff"))["group_id"]
    for user_id in (members := await populate(rows, 4))[:3]:
        await admin("add_user_group", user_id, group_id)
    assert [user["user_id"] for user in (await admin("get_group", group_id))["users"]] == members[:3]
    await admin("add_user_group", members[3], group_id)

    status, code, said = await admin.refused("get_group", group_id)

    assert (status, code) == (400, 40002)
    assert "a group of 4 users is not listed whole" in said
    assert (await admin("get_group", group_id, api_version=2))["group_id"] == group_id


async def test_bypass_codes_are_counted_at_the_first_page_and_read_on_from_where_the_last_one_ended(
    admin: AdminCaller, rows: UserRows
) -> None:
    for user_id in await populate(rows, 3):
        await admin("add_user_bypass_codes", user_id)
    everybody = [code["bypass_code_id"] for code in await admin("get_bypass_codes")]
    assert (len(everybody), everybody) == (30, sorted(everybody))
    path = "/admin/v1/bypass_codes"
    assert (await page(admin, path, limit="10"))[1] == {"total_objects": 30, "next_offset": 10}

    await admin("delete_bypass_code_by_id", everybody[3])

    assert await page(admin, path, limit="10", offset="10") == (
        everybody[10:20],
        {"total_objects": 30, "next_offset": 20, "prev_offset": 0},
    )
    assert await page(admin, path, limit="10", offset="25") == (everybody[26:], {"total_objects": 29, "prev_offset": 15})


async def test_groups_are_paged_alike(admin: AdminCaller) -> None:
    made = sorted([(await admin("create_group", f"Group {number}"))["group_id"] for number in range(5)])
    assert await page(admin, "/admin/v1/groups", limit="2", offset="2") == (
        made[2:4],
        {"total_objects": 5, "next_offset": 4, "prev_offset": 0},
    )
    admin.client.paging_limit = 2
    assert [group["group_id"] for group in await admin("get_groups")] == made
