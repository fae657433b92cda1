"""Trash over HTTP."""

from datetime import datetime, timedelta

import httpx
import pytest
from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.roles import Role
from sync_core.directory.users import Status, User
from sync_core.storage.trash import TrashRows
from sync_core.storage.users import Edit, UserRows
from sync_core.trash.messages import Purge
from tests.http.calls import Api
from tests.http.problem import problem
from tests.management.deployment import NOW


async def put(api: Api, username: str, *, trashed_at: datetime = NOW, status: Status = Status.PENDING_DELETION) -> User:
    user = User(user_id=ids.new_user_id(), username=username, status=status, trashed_at=trashed_at)
    await TrashRows(api.deployment.tables).point([user])
    await UserRows(api.deployment.tables).amend([Edit(None, user)])
    return user


async def test_a_user_in_trash_is_listed_with_its_target_deletion_date(api: Api, caller: httpx.AsyncClient) -> None:  # B-161
    user = await put(api, "user@corp.example")

    assert (await caller.get("/api/v1/trash")).json() == {
        "items": [
            {
                "user_id": user.user_id,
                "username": "user@corp.example",
                "realname": "",
                "email": "",
                "trashed_at": "2026-11-23T13:00:00Z",
                "deletion_due_at": "2026-11-30T13:00:00Z",
                "purging": False,
            }
        ],
        "next_cursor": None,
    }


async def test_trash_is_read_a_page_at_a_time_the_nearest_day_first(api: Api, caller: httpx.AsyncClient) -> None:  # B-161
    made = [await put(api, f"{n}@corp.example", trashed_at=NOW - timedelta(days=n // 3)) for n in range(12)]
    made.sort(key=lambda user: (user.trashed_at, user.user_id))
    await put(api, "restored@corp.example", status=Status.ACTIVE)
    await TrashRows(api.deployment.tables).point([replace(made[0], trashed_at=NOW - timedelta(days=9))])  # once before

    read: list[str] = []
    cursor, pages = "", 0
    while pages == 0 or cursor:
        answer = (await caller.get("/api/v1/trash", params={"limit": 5, "cursor": cursor})).json()
        read += [item["user_id"] for item in answer["items"]]
        cursor, pages = answer["next_cursor"] or "", pages + 1

    assert read == [user.user_id for user in made]
    assert pages == 3


async def test_an_empty_trash_is_an_empty_list(caller: httpx.AsyncClient) -> None:
    assert (await caller.get("/api/v1/trash")).json() == {"items": [], "next_cursor": None}


async def test_a_user_in_trash_is_told_to_go(api: Api, caller: httpx.AsyncClient) -> None:  # B-164
    user = await put(api, "user@corp.example")

    answer = await caller.delete(f"/api/v1/trash/{user.user_id}")

    assert answer.status_code == 202
    assert answer.json()["purging"] is True
    (body,) = api.deployment.queues.bodies(Purge.queue)
    assert Purge.model_validate_json(body).user_ids == (user.user_id,)
    assert (await caller.get("/api/v1/trash")).json()["items"] == [answer.json()]
    access = (await caller.get(f"/api/v1/users/{user.user_id}/access")).json()
    assert (access["status"], access["reason"]) == ("pending deletion", "it is being deleted for good")


async def test_only_users_in_trash_are_told_to_go(api: Api, caller: httpx.AsyncClient) -> None:  # B-158
    user = await put(api, "user@corp.example", status=Status.ACTIVE)

    assert "not in Trash" in problem(await caller.delete(f"/api/v1/trash/{user.user_id}"), 400, 40002)["detail"]
    for nobody in ("DU2A3B4C5D6E7F2G3H4I", "~meta"):
        problem(await caller.delete(f"/api/v1/trash/{nobody}"), 404, 40401)
    assert api.deployment.queues.bodies(Purge.queue) == []


@pytest.mark.parametrize("role", [Role.HELP_DESK, Role.READ_ONLY])
async def test_a_role_that_may_not_delete_users_deletes_nobody_from_trash(api: Api, role: Role) -> None:  # B-250
    user, auth = await put(api, "user@corp.example"), await api.caller(role)

    problem(await api.client.delete(f"/api/v1/trash/{user.user_id}", auth=auth), 403, 40301)
    assert len((await api.client.get("/api/v1/trash", auth=auth)).json()["items"]) == 1


@pytest.mark.parametrize("cursor", ["nonsense", "dHJhc2gvMjAyNi0xMy00NS1EVTJBM0I0QzVENkU3RjJHM0g0SQ"])
async def test_a_cursor_that_trash_never_gave_is_refused(caller: httpx.AsyncClient, cursor: str) -> None:
    assert problem(await caller.get("/api/v1/trash", params={"cursor": cursor}), 400, 40002)["field"] == "cursor"
