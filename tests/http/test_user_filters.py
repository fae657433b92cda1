"""Lists of users by name, status, sync and group."""

import httpx
import pytest

from sync_core.management import directory


async def named(caller: httpx.AsyncClient, **asked: str) -> list[str]:
    """Usernames, in order of names, over all pages."""
    found: list[str] = []
    while True:
        page = (await caller.get("/api/v1/users", params=asked)).json()
        found += [user["username"] for user in page["items"]]
        if page["next_cursor"] is None:
            return sorted(found)
        asked["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("looked_through", [1, 2, 1000])
async def test_users_are_listed_by_name_status_and_group(
    caller: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, looked_through: int
) -> None:
    monkeypatch.setattr(directory, "LOOKED_THROUGH", looked_through)
    made: dict[str, str] = {}
    for username, status in (("Ann", "active"), ("anna", "disabled"), ("bea", "disabled"), ("cid", "bypass")):
        answer = await caller.post("/api/v1/users", json={"username": username, "status": status})
        made[username] = answer.json()["user_id"]
    group = (await caller.post("/api/v1/groups", json={"name": "Friends"})).json()["group_id"]
    await caller.put(f"/api/v1/groups/{group}/members/{made['bea']}")

    assert await named(caller, username="ANN") == ["Ann"]
    assert await named(caller, username="nobody") == []
    assert await named(caller, prefix="AN", limit="1") == ["Ann", "anna"]
    assert await named(caller, status="disabled") == ["anna", "bea"]
    assert await named(caller, status="disabled", prefix="b", limit="1") == ["bea"]
    assert await named(caller, group=group) == ["bea"]
    assert await named(caller, sync="DK2A3B4C5D6E7F2G3H4I") == []
