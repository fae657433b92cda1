"""Integration keys over the API: shown once, never above their maker (D-34)."""

import httpx
import pytest

from sync_core.directory.integrations import Grant
from sync_core.directory.roles import Role
from tests.http.calls import Api, Signed
from tests.http.problem import problem

KEYS = "/api/v1/integrations"
REPORT = {"name": "Nightly report", "role": "Read-only", "grants": ["read log", "read resource"]}


async def test_a_key_is_made_with_its_secret_shown_once(api: Api, caller: httpx.AsyncClient) -> None:
    answer = await caller.post(KEYS, json=REPORT)
    made = answer.json()
    assert answer.status_code == 201
    secret = made.pop("secret_key")
    assert len(secret) == 40
    assert {name: made[name] for name in ("name", "role", "grants", "rotated_at")} == {
        **REPORT,
        "grants": ["read resource", "read log"],
        "rotated_at": None,
    }
    assert made["created_by"].startswith("A script of role Owner (DI")
    assert (await caller.get(f"{KEYS}/{made['integration_key']}")).json() == made
    listed = await caller.get(KEYS)
    assert made in listed.json()["items"]
    assert secret not in listed.text
    assert (await api.client.get("/api/v1/users", auth=Signed(made["integration_key"], secret, api.date))).status_code == 200


async def test_a_new_secret_ends_the_old_one_at_once(api: Api, caller: httpx.AsyncClient) -> None:
    made = (await caller.post(KEYS, json=REPORT)).json()
    before = Signed(made["integration_key"], made["secret_key"], api.date)
    assert (await api.client.get("/api/v1/users", auth=before)).status_code == 200
    rotated = (await caller.post(f"{KEYS}/{made['integration_key']}/secret")).json()
    assert rotated["rotated_at"] is not None
    problem(await api.client.get("/api/v1/users", auth=before), 401, 40103)
    after = Signed(made["integration_key"], rotated["secret_key"], api.date)
    assert (await api.client.get("/api/v1/users", auth=after)).status_code == 200


async def test_a_revoked_key_signs_nothing_any_more(api: Api, caller: httpx.AsyncClient) -> None:
    made = (await caller.post(KEYS, json=REPORT)).json()
    signed = Signed(made["integration_key"], made["secret_key"], api.date)
    assert (await api.client.get("/api/v1/users", auth=signed)).status_code == 200
    assert (await caller.delete(f"{KEYS}/{made['integration_key']}")).status_code == 204
    problem(await api.client.get("/api/v1/users", auth=signed), 401, 40103)
    problem(await caller.get(f"{KEYS}/{made['integration_key']}"), 404, 40401)


@pytest.mark.parametrize(
    ("maker", "wanted"),
    [
        (Role.ADMINISTRATOR, {"role": "Owner"}),
        (Role.APPLICATION_MANAGER, {"role": "User Manager"}),
        (Role.APPLICATION_MANAGER, {"role": "Read-only", "grants": ["write resource"]}),
        (Role.ADMINISTRATOR, {"role": "Read-only", "grants": ["administrators"]}),
        (Role.ADMINISTRATOR, {"role": "Read-only", "grants": ["settings"]}),
        (Role.USER_MANAGER, {"role": "Read-only"}),
    ],
)
async def test_nobody_makes_a_key_that_may_more_than_they_may(api: Api, maker: Role, wanted: dict[str, object]) -> None:  # D-34
    auth = await api.caller(maker)
    before = await api.deployment.rows()
    problem(await api.client.post(KEYS, json={"name": "More", **wanted}, auth=auth), 403, 40301)
    assert await api.deployment.rows() == before


async def test_nobody_takes_over_or_ends_a_key_that_may_more_than_they_may(api: Api) -> None:  # D-34
    owner, skey = await api.services.integrations.create("Console", Role.OWNER, tuple(Grant))
    administrator = await api.caller(Role.ADMINISTRATOR)
    problem(await api.client.post(f"{KEYS}/{owner}/secret", auth=administrator), 403, 40301)
    problem(await api.client.delete(f"{KEYS}/{owner}", auth=administrator), 403, 40301)
    assert (await api.client.get(KEYS, auth=Signed(owner, skey, api.date))).status_code == 200


async def test_a_key_without_a_known_role_or_grant_is_refused_by_field(caller: httpx.AsyncClient) -> None:
    assert problem(await caller.post(KEYS, json={"name": "One", "role": "King"}), 400, 40002)["field"] == "role"
    wrong = {"name": "One", "role": "Read-only", "grants": ["everything"]}
    assert problem(await caller.post(KEYS, json=wrong), 400, 40002)["field"] == "grants.0"
