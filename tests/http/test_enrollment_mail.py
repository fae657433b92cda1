"""Enrollment mail switched on for a sync that has users already (D-32)."""

import httpx
from msgspec.structs import replace

from sync_core import ids
from sync_core.directory.phones import Phone
from sync_core.directory.syncs import Sync
from sync_core.directory.users import Hold, Status, User
from sync_core.storage.users import Edit, UserRows
from tests.http.calls import Api
from tests.http.problem import problem


async def people(api: Api, sync: Sync) -> None:
    """Two who would get a link, one of whom has a phone that is not activated; and all kinds of who would not (B-082)."""
    held = {sync.directory_key: Hold(object_id="o", tenant_id=sync.tenant_id, fingerprint="f", groups=())}
    phone = Phone(phone_id="DP2A3B4C5D6E7F2G3H4I", number="+442079460316")
    new = User(user_id="", username="u", email="u@corp.example", held_by=held)
    users = [
        new,
        replace(new, phones=(phone,)),
        replace(new, phones=(replace(phone, activated=True),)),
        replace(new, email=""),
        replace(new, status=Status.DISABLED),
        replace(new, status=Status.PENDING_DELETION),
        replace(new, held_by={}),
        replace(new, held_by={"DK2A3B4C5D6E7F2G3H4I": held[sync.directory_key]}),
    ]
    bits = api.deployment.context.random_bits
    await UserRows(api.deployment.tables).amend(Edit(None, replace(user, user_id=ids.new_user_id(bits))) for user in users)


async def test_switching_mail_on_says_for_how_many_and_asks_once(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # D-32
    await people(api, sync)
    path = f"/api/v1/syncs/{sync.directory_key}"
    before = await api.deployment.rows()

    asked = problem(await caller.patch(path, json={"enrollment_mail": True}), 400, 40002)
    assert (asked["field"], asked["users"]) == ("confirm", 2)
    assert "2 users" in asked["detail"]
    assert await api.deployment.rows() == before

    assert (await caller.patch(path, json={"enrollment_mail": True, "confirm": True})).json()["enrollment_mail"] is True
    again = await caller.patch(path, json={"enrollment_mail": True, "interval": 60})
    assert (again.status_code, again.json()["interval"]) == (200, 60)  # it is on: nobody is asked


async def test_nobody_is_asked_where_nobody_waits_or_mail_stays_off(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # D-32
    path = f"/api/v1/syncs/{sync.directory_key}"
    assert (await caller.patch(path, json={"enrollment_mail": True})).status_code == 200
    assert (await caller.patch(path, json={"enrollment_mail": False})).status_code == 200
    await people(api, sync)
    assert (await caller.patch(path, json={"interval": 60, "enrollment_mail": False})).status_code == 200


async def test_a_preview_of_the_switch_asks_nothing(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # D-13, D-32
    await people(api, sync)
    assert (await caller.post(f"/api/v1/syncs/{sync.directory_key}/preview", json={"enrollment_mail": True})).status_code == 202
