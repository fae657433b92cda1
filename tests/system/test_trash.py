"""Trash end to end: whoever leaves is listed with a date, and is gone for good soon after somebody says so."""

import asyncio

import pytest

from tests.system.driver import Driver

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_whom_an_admin_deletes_from_trash_is_gone_and_comes_back_as_somebody_new(driver: Driver):  # B-161, B-163, B-164, D-27
    (group, *_) = [group for group in await driver.groups() if group["members"]]
    leaver = (await driver.control.post("/users", json={"name": "Ann Lind", "groups": [group["id"]]})).raise_for_status().json()
    await driver.connect([group["id"]])
    await driver.run()
    (await driver.control.delete(f"/groups/{group['id']}/members/{leaver['id']}")).raise_for_status()
    await driver.run()
    (trashed,) = await driver.all("/api/v1/trash")
    assert trashed["username"] == leaver["userPrincipalName"]

    told = await driver.api.delete(f"/api/v1/trash/{trashed['user_id']}")

    assert told.status_code == 202
    await gone(driver, f"/api/v1/users/{trashed['user_id']}")
    assert await driver.all("/api/v1/trash") == []
    (await driver.control.post(f"/groups/{group['id']}/members", json={"members": [leaver["id"]]})).raise_for_status()
    assert (await driver.run())["counts"]["users create"] == 1


async def gone(driver: Driver, path: str) -> None:
    """Comes back when nothing is there any more."""
    async with asyncio.timeout(60):
        while True:
            if (await driver.api.get(path)).status_code == 404:
                return
            await asyncio.sleep(0.1)
