"""Whether a user may authenticate, over HTTP."""

import httpx
import pytest
from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.groups import Group, GroupStatus
from sync_core.directory.roles import Role
from sync_core.directory.users import Status, User
from sync_core.storage.groups import GroupRows
from sync_core.storage.users import Edit, UserRows
from tests.http.calls import Api
from tests.http.problem import problem
from tests.management.deployment import NOW


@pytest.fixture
async def user(api: Api) -> User:
    user = User(user_id=ids.new_user_id(), username="user@corp.example", sessions_valid_after=NOW)
    await UserRows(api.deployment.tables).amend([Edit(None, user)])
    return user


async def change(api: Api, user: User, **fields: object) -> None:
    await UserRows(api.deployment.tables).change(user.user_id, lambda now: replace(now, **fields))


async def test_an_active_user_may_authenticate(caller: httpx.AsyncClient, user: User) -> None:
    assert (await caller.get(f"/api/v1/users/{user.user_id}/access")).json() == {
        "status": "active",
        "may_authenticate": True,
        "reason": "it is active",
        "sessions_valid_after": "2026-11-23T13:00:00Z",
    }


async def test_a_member_of_a_disabled_group_may_not_and_the_group_is_named(  # B-157
    api: Api, caller: httpx.AsyncClient, user: User
) -> None:
    group = Group(group_id=ids.new_group_id(), name="Contractors", status=GroupStatus.DISABLED)
    await GroupRows(api.deployment.tables).insert(group)
    await change(api, user, groups=(group.group_id,), status=Status.BYPASS)

    shown = (await caller.get(f"/api/v1/users/{user.user_id}/access")).json()

    assert (shown["status"], shown["may_authenticate"]) == ("disabled", False)
    assert shown["reason"] == "it is disabled by the group Contractors"


async def test_a_user_is_locked_out_with_a_reason_until_that_is_ended(caller: httpx.AsyncClient, user: User) -> None:
    path = f"/api/v1/users/{user.user_id}"
    for _ in range(2):
        assert (await caller.post(f"{path}/lockout", json={"reason": " lost their phone "})).status_code == 204
        shown = (await caller.get(f"{path}/access")).json()
        assert (shown["status"], shown["may_authenticate"]) == ("locked out", False)
        assert shown["reason"] == "it is locked out: lost their phone"
    for _ in range(2):
        assert (await caller.delete(f"{path}/lockout")).status_code == 204
        assert (await caller.get(f"{path}/access")).json()["may_authenticate"] is True


async def test_a_user_in_trash_is_neither_locked_out_nor_unlocked(api: Api, caller: httpx.AsyncClient, user: User) -> None:  # D-24
    await change(api, user, status=Status.PENDING_DELETION, trashed_at=NOW)
    path = f"/api/v1/users/{user.user_id}"

    assert "Trash" in problem(await caller.post(f"{path}/lockout", json={"reason": "lost"}), 400, 40002)["detail"]
    problem(await caller.delete(f"{path}/lockout"), 400, 40002)

    assert (await caller.get(f"{path}/access")).json()["status"] == "pending deletion"


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "x" * 201])
async def test_a_lockout_needs_a_reason_that_a_person_can_read(caller: httpx.AsyncClient, user: User, reason: str) -> None:
    refused = await caller.post(f"/api/v1/users/{user.user_id}/lockout", json={"reason": reason})
    assert problem(refused, 400, 40002)["field"] == "reason"


async def test_who_is_not_there_has_no_access_and_no_lockout(caller: httpx.AsyncClient) -> None:
    for path in ("DU2A3B4C5D6E7F2G3H4I", "~meta"):
        problem(await caller.get(f"/api/v1/users/{path}/access"), 404, 40401)
        problem(await caller.post(f"/api/v1/users/{path}/lockout", json={"reason": "lost"}), 404, 40401)
        problem(await caller.delete(f"/api/v1/users/{path}/lockout"), 404, 40401)


@pytest.mark.parametrize("role", [Role.HELP_DESK, Role.READ_ONLY, Role.APPLICATION_MANAGER])
async def test_a_role_that_may_only_read_locks_nobody_out(api: Api, user: User, role: Role) -> None:  # B-250
    auth, path = await api.caller(role), f"/api/v1/users/{user.user_id}"

    problem(await api.client.post(f"{path}/lockout", json={"reason": "lost"}, auth=auth), 403, 40301)
    problem(await api.client.delete(f"{path}/lockout", auth=auth), 403, 40301)
    assert (await api.client.get(f"{path}/access", auth=auth)).json()["may_authenticate"] is True
