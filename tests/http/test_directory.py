"""Users and groups over HTTP."""

import httpx

from sync_core import ids
from sync_core.directory.groups import Group
from sync_core.directory.syncs import Sync
from sync_core.directory.users import Hold, Status, User
from sync_core.storage.groups import GroupRows
from sync_core.storage.users import Edit, UserRows
from tests.http.calls import Api
from tests.http.problem import problem
from tests.management.deployment import NOW
from tests.management.source import TENANT, guid


async def put(api: Api, user: User) -> None:
    await UserRows(api.deployment.tables).amend([Edit(None, user)])


async def test_a_user_is_shown_with_its_names_groups_and_the_syncs_that_there_are(
    api: Api, caller: httpx.AsyncClient, sync: Sync
) -> None:  # D-17
    hold = Hold(tenant_id=TENANT, object_id=guid(5), fingerprint="hidden")
    user = User(
        user_id=ids.new_user_id(),
        username="user@corp.example",
        aliases={"1": "u@corp.example"},
        status=Status.PENDING_DELETION,
        groups=("DG2A3B4C5D6E7F2G3H4I",),
        held_by={sync.directory_key: hold, "DK2A3B4C5D6E7F2G3H4I": hold},
        created_at=NOW,
        trashed_at=NOW,
    )
    await put(api, user)
    shown = (await caller.get(f"/api/v1/users/{user.user_id}")).json()
    assert (await caller.get("/api/v1/users")).json()["items"] == [shown]
    assert shown == {
        "user_id": user.user_id,
        "username": "user@corp.example",
        "realname": "",
        "email": "",
        "notes": "",
        "aliases": {"1": "u@corp.example"},
        "status": "pending deletion",
        "groups": ["DG2A3B4C5D6E7F2G3H4I"],
        "syncs": [{"directory_key": sync.directory_key, "tenant_id": TENANT, "object_id": guid(5)}],
        "former_username": "",
        "created_at": "2026-11-23T13:00:00Z",
        "synced_at": None,
        "trashed_at": "2026-11-23T13:00:00Z",
    }


async def test_users_are_read_a_page_at_a_time(api: Api, caller: httpx.AsyncClient) -> None:
    made = sorted(ids.new_user_id() for _ in range(5))
    for user_id in made:
        await put(api, User(user_id=user_id, username=user_id))
    first = (await caller.get("/api/v1/users", params={"limit": 3})).json()
    second = (await caller.get("/api/v1/users", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [user["user_id"] for user in first["items"] + second["items"]] == made
    assert (len(first["items"]), second["next_cursor"]) == (3, None)


async def test_a_group_is_shown_under_the_name_that_says_who_keeps_it(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # D-20
    kept = Group(group_id=sync.groups[0].group_id, name="Staff", sync=sync.directory_key, object_id=guid(0))
    await GroupRows(api.deployment.tables).insert(kept)
    shown = (await caller.get(f"/api/v1/groups/{kept.group_id}")).json()
    assert (shown["name"], shown["base_name"]) == ('Staff (from Microsoft Entra ID sync "Head office")', "Staff")
    assert (await caller.get("/api/v1/groups")).json() == {"items": [shown], "next_cursor": None}


async def test_what_is_not_there_is_not_found(caller: httpx.AsyncClient) -> None:
    for path in ("users/DU2A3B4C5D6E7F2G3H4I", "users/~meta", "groups/DG2A3B4C5D6E7F2G3H4I", "groups/x"):
        problem(await caller.get(f"/api/v1/{path}"), 404, 40401)


async def test_a_page_that_cannot_be_is_refused(caller: httpx.AsyncClient) -> None:
    for path in ("users", "groups"):
        for query in ("limit=0", "limit=301", "cursor=nonsense"):
            assert problem(await caller.get(f"/api/v1/{path}?{query}"), 400, 40002)["field"] == query.partition("=")[0]
