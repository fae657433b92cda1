"""Settings of syncs, pauses, and connections that change, over HTTP (B-025..B-067, B-106, B-120, D-08, D-12)."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from sync_core.directory.roles import Role
from sync_core.directory.schedules import SyncKind
from sync_core.directory.syncs import Sync
from sync_core.errors import Reauthorize
from sync_core.management.sync_settings import make_sync_settings
from sync_core.management.syncs import make_syncs
from sync_core.runs.record import RunKind, State
from sync_core.settings import Settings
from sync_core.storage.lives import LifeRows
from sync_core.storage.runs import RunRows
from sync_core.storage.syncs import SyncRows
from tests.http.calls import Api
from tests.http.problem import problem
from tests.management.deployment import randbits
from tests.management.source import TENANT, guid

CONNECTIONS, SYNCS = "/api/v1/connections", "/api/v1/syncs"


async def patch(caller: httpx.AsyncClient, sync: Sync, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await caller.patch(f"{SYNCS}/{sync.directory_key}", json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


async def saved(caller: httpx.AsyncClient, sync: Sync, body: dict[str, Any]) -> dict[str, Any]:
    answer = await patch(caller, sync, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_is_not_given_stays(caller: httpx.AsyncClient, sync: Sync) -> None:  # RFC 7396
    before = (await caller.get(f"{SYNCS}/{sync.directory_key}")).json()

    after = await saved(caller, sync, {"mapping": {"notes": "jobTitle", "aliases": {"2": "mail"}}, "brake": {"removals": 3}})

    mapping = before["mapping"] | {"notes": "jobTitle", "aliases": {"2": "mail"}}
    changed = {"mapping": mapping, "brake": before["brake"] | {"removals": 3}, "version": 2}
    assert after == {name: before[name] for name in after} | changed


async def test_null_takes_the_default(caller: httpx.AsyncClient, sync: Sync) -> None:  # B-040
    first = (await caller.get(f"{SYNCS}/{sync.directory_key}")).json()
    everything = {
        "mapping": {"username": "mail", "realname": "givenName", "aliases": {"1": "mail", "2": "mailNickname"}, "notes": "city"},
        "brake": {"removals": 3, "renames": 4},
        "interval": 60,
        "enrollment_mail": True,
    }
    await saved(caller, sync, everything)

    partly = await saved(caller, sync, {"mapping": {"realname": None, "notes": None, "aliases": {"1": None}}, "brake": {"removals": None}})
    assert (partly["mapping"]["realname"], partly["mapping"]["notes"], partly["mapping"]["username"]) == ("displayName", "", "mail")
    assert (partly["mapping"]["aliases"], partly["brake"]["removals"], partly["brake"]["renames"]) == ({"2": "mailNickname"}, 10, 4)
    assert (await saved(caller, sync, {"mapping": {"aliases": None}}))["mapping"]["aliases"] == {}

    after = await saved(caller, sync, dict.fromkeys(everything))
    assert {name: after[name] for name in everything} == {name: first[name] for name in everything}


@pytest.mark.parametrize("body", [{"groups": None}, {"groups": []}])
async def test_without_groups_it_is_paused_until_it_has_some_and_is_resumed(
    caller: httpx.AsyncClient, sync: Sync, body: dict[str, Any]
) -> None:  # B-035..B-037
    path = f"{SYNCS}/{sync.directory_key}"

    after = await saved(caller, sync, body)
    assert (after["schedule"]["state"], after["schedule"]["next_run_at"], after["alert"]) == ("paused", None, "no groups selected")
    assert problem(await caller.post(f"{path}/resume"), 400, 40002)["field"] == "groups"

    assert (await saved(caller, sync, {"groups": [guid(2)]}))["schedule"]["state"] == "paused"
    resumed = (await caller.post(f"{path}/resume")).json()
    assert (resumed["state"], resumed["next_run_at"] is None) == ("active", False)
    assert (await caller.get(SYNCS)).json()["items"][0]["schedule"] == resumed


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "name"),
    ({"name": " "}, "name"),
    ({"name": "n" * 129}, "name"),
    ({"groups": [guid(number) for number in range(401)]}, "groups"),  # B-031
    ({"groups": [guid(77)]}, "groups"),  # B-034
    ({"groups": [guid(0), guid(0)]}, "groups"),
    ({"groups": ["x"]}, "groups.0"),
    ({"mapping": {"username": "onPremisesSamAccountName"}}, "mapping.username"),  # B-044
    ({"mapping": {"username": ""}}, "mapping.username"),
    ({"mapping": {"aliases": {"9": "mail"}}}, "mapping.aliases"),
    ({"mapping": {"colour": "mail"}}, "mapping.colour"),
    ({"mapping": {"username": "mail", "normalize": True}}, "mapping.normalize"),  # B-065
    ({"mapping": {"normalize": "yes"}}, "mapping.normalize"),
    ({"mapping": []}, "mapping"),
    ({"interval": 29}, "interval"),
    ({"interval": 10**30}, "interval"),
    ({"interval": "60"}, "interval"),
    ({"enrollment_mail": 1}, "enrollment_mail"),
    ({"brake": {"removals": -1}}, "brake.removals"),
    ({"brake": {"group_losses_percent": 101}}, "brake.group_losses_percent"),
    ({"brake": {"colour": 1}}, "brake.colour"),
    ({"connection_id": "DC2A3B4C5D6E7F2G3H4I"}, "connection_id"),
    ({"tenant_id": TENANT}, "tenant_id"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
async def test_what_cannot_be_is_refused_by_its_field_and_changes_nothing(
    api: Api, caller: httpx.AsyncClient, sync: Sync, body: dict[str, Any], field: str
) -> None:
    before = await api.deployment.rows()

    assert problem(await patch(caller, sync, {"interval": 90, **body}), 400, 40002)["field"] == field

    assert await api.deployment.rows() == before


async def test_the_source_of_usernames_is_refused_by_name_once_it_is_fixed(
    api: Api, caller: httpx.AsyncClient, sync: Sync
) -> None:  # B-043
    await LifeRows(api.deployment.tables).change(sync.directory_key, lambda life: replace(life, wrote=True))

    assert problem(await patch(caller, sync, {"mapping": {"username": "mail"}}), 400, 40002)["field"] == "mapping.username"
    assert (await saved(caller, sync, {"mapping": {"username": "userPrincipalName", "normalize": True}}))["mapping"]["normalize"]


async def test_a_stale_version_is_refused(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # RFC 9110
    etag = (await caller.get(f"{SYNCS}/{sync.directory_key}")).headers["etag"]
    first = await patch(caller, sync, {"interval": 60}, If_Match=etag)
    assert first.status_code == 200
    before = await api.deployment.rows()

    problem(await patch(caller, sync, {"interval": 90}, If_Match=etag), 412, 41201)
    assert await api.deployment.rows() == before

    assert (await patch(caller, sync, {"interval": 90}, If_Match=first.headers["etag"])).json()["interval"] == 90


async def test_pausing_and_resuming_are_told_on_the_sync(caller: httpx.AsyncClient, sync: Sync) -> None:  # B-106, B-120
    path = f"{SYNCS}/{sync.directory_key}"
    shown = (await caller.get(path)).json()
    assert (shown["schedule"]["state"], shown["connection_status"], shown["last_full_sync_at"]) == ("active", "Connected", None)
    etag = (await caller.get(path)).headers["etag"]

    paused = (await caller.post(f"{path}/pause")).json()

    assert (paused["state"], paused["paused_because"]) == ("paused", "paused by an administrator")
    assert paused["paused_by"].startswith("A script")
    assert (await caller.get(path)).json()["schedule"] == paused
    assert (await caller.post(f"{path}/pause")).json() == paused
    assert (await caller.post(f"{path}/runs")).status_code == 202  # B-108
    assert (await caller.post(f"{path}/resume")).json() == shown["schedule"]
    assert (await caller.get(path)).headers["etag"] == etag


async def test_what_entra_refuses_is_not_resumed(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # B-028, B-132
    path = f"{SYNCS}/{sync.directory_key}"
    await caller.post(f"{path}/pause")
    await LifeRows(api.deployment.tables).change(sync.directory_key, lambda life: replace(life, needs_authorization=True))
    api.deployment.source.fault = Reauthorize("the application was removed: consent again")

    problem(await caller.post(f"{path}/resume"), 424, 42401)

    shown = (await caller.get(path)).json()
    assert (shown["connection_status"], shown["schedule"]["state"]) == ("Could not connect to Entra ID: Reauthorization required", "paused")
    assert shown["alert"] == shown["connection_status"]


async def test_a_moved_sync_waits_for_a_preview(api: Api, caller: httpx.AsyncClient, sync: Sync) -> None:  # D-08
    path, rows = f"{SYNCS}/{sync.directory_key}", SyncRows(api.deployment.tables)
    stored = await rows.read(sync.directory_key)
    assert stored is not None
    moved = replace(sync, moved_from=guid(9), version=2)
    await rows.replace(moved, stored.etag)
    await caller.post(f"{path}/pause")
    assert problem(await caller.post(f"{path}/resume"), 400, 40002)["field"] == "tenant_id"
    assert problem(await caller.post(f"{path}/accept-move", json={"preview": "0" * 32}), 400, 40002)["field"] == "preview"
    now = api.deployment.clock.now()
    await api.deployment.tables.create(["Runs"])
    preview = {"kind": RunKind.PREVIEW, "state": State.PREVIEWED, "sync": moved, "ended_at": now}
    template = await api.runs.start(sync.directory_key, "test")
    await RunRows(api.deployment.tables).insert(replace(template, **preview))

    accepted = (await caller.post(f"{path}/accept-move", json={"preview": template.run})).json()

    assert (accepted["moved_from"], accepted["version"]) == ("", 3)
    assert (await caller.post(f"{path}/resume")).json()["state"] == "active"


async def test_a_connection_is_renamed_authorized_again_and_deleted(
    api: Api, caller: httpx.AsyncClient, connection_id: str, sync: Sync
) -> None:  # B-025, B-131, B-144
    path = f"{CONNECTIONS}/{connection_id}"
    etag = (await caller.get(path)).headers["etag"]
    renamed = await caller.patch(path, json={"name": "Branch"}, headers={"If-Match": etag})
    assert renamed.json()["name"] == "Branch"
    problem(await caller.patch(path, json={"name": "Other"}, headers={"If-Match": etag}), 412, 41201)
    assert problem(await caller.patch(path, json={"name": "\n"}), 400, 40002)["field"] == "name"

    await LifeRows(api.deployment.tables).change(sync.directory_key, lambda life: replace(life, needs_authorization=True))
    assert (await caller.post(f"{path}/move", json={"tenant_id": TENANT})).json()["name"] == "Branch"
    assert (await caller.get(f"{SYNCS}/{sync.directory_key}")).json()["connection_status"] == "Connected"

    assert "Head office" in problem(await caller.delete(path), 400, 40002)["detail"]
    await caller.delete(f"{SYNCS}/{sync.directory_key}")
    assert (await caller.delete(path)).status_code == 204
    problem(await caller.get(path), 404, 40401)


@pytest.mark.parametrize("way", ["pause", "resume", "accept-move"])
async def test_a_sync_that_is_not_there_is_not_found(caller: httpx.AsyncClient, way: str) -> None:
    body = {"preview": "0" * 32} if way == "accept-move" else None
    problem(await caller.post(f"{SYNCS}/DK2A3B4C5D6E7F2G3H4I/{way}", json=body), 404, 40401)


@pytest.mark.parametrize("role", [Role.HELP_DESK, Role.READ_ONLY, Role.APPLICATION_MANAGER])
async def test_settings_and_schedules_are_for_those_who_manage_syncs(
    api: Api, caller: httpx.AsyncClient, connection_id: str, sync: Sync, role: Role
) -> None:  # B-006, B-250
    caller.auth = await api.caller(role)
    path, at = f"{SYNCS}/{sync.directory_key}", f"{CONNECTIONS}/{connection_id}"
    before = await api.deployment.rows()

    for answer in (
        await caller.patch(path, json={"interval": 60}),
        await caller.post(f"{path}/pause"),
        await caller.post(f"{path}/resume"),
        await caller.post(f"{path}/accept-move", json={"preview": "0" * 32}),
        await caller.patch(at, json={"name": "Branch"}),
        await caller.post(f"{at}/move", json={"tenant_id": TENANT}),
        await caller.delete(at),
    ):
        problem(answer, 403, 40301)

    after = await api.deployment.rows()
    assert after | {"Integrations": []} == before | {"Integrations": []}


async def test_a_deployment_has_intervals_of_its_own_and_a_sync_may_have_another(
    api: Api, connection_id: str
) -> None:  # B-003, B-106, D-26
    settings = Settings.model_validate({"secret_key": "x", "user_sync_minutes": "240", "admin_sync_minutes": "15"})
    assert settings.intervals == {SyncKind.USER: 240, SyncKind.ADMIN: 15}
    deployment = api.deployment
    over = (deployment.tables, deployment._source_of, deployment.clock, randbits, settings.intervals)
    api.put(syncs=make_syncs(*over), sync_settings=make_sync_settings(*over))

    made = await api.client.post("/api/v1/syncs", json={"connection_id": connection_id, "groups": [guid(0)]})
    assert (made.status_code, made.json()["kind"], made.json()["interval"]) == (201, "user", 240)
    path = made.headers["location"]
    assert (await api.client.patch(path, json={"interval": 60})).json()["interval"] == 60
    back = (await api.client.patch(path, json={"interval": None})).json()
    assert back["interval"] == 240
    soon = datetime.fromisoformat(back["schedule"]["next_run_at"]) - deployment.clock.now()
    assert timedelta() < soon <= timedelta(minutes=240)
    assert [sync["kind"] for sync in (await api.client.get("/api/v1/syncs")).json()["items"]] == ["user"]


@pytest.mark.parametrize(
    "values", [{"user_sync_minutes": "29"}, {"admin_sync_minutes": "9"}, {"user_sync_minutes": "10081"}, {"admin_sync_minutes": "soon"}]
)
def test_an_interval_that_cannot_be_is_refused_when_the_deployment_starts(values: dict[str, str]) -> None:  # D-26
    with pytest.raises(ValidationError, match=next(iter(values))):
        Settings.model_validate({"secret_key": "x", **values})
