"""Single users over HTTP: synced with an answer for each name, refused with a problem, explained (B-008, B-110, B-116, D-13)."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from sync_core.directory.roles import Role
from sync_core.directory.syncs import Sync
from sync_core.errors import Reauthorize, Transient
from sync_core.individual.explain import Explain
from sync_core.individual.sync import IndividualSync
from tests.http.calls import Api
from tests.http.problem import problem
from tests.management.source import TENANT, guid
from tests.runs.source import ModelDirectory, ModelSource

ANN = "ann@corp.example"


def undisturbed(*_: object) -> None:
    """Around each question: nothing befalls it."""


@pytest.fixture
async def source(api: Api) -> ModelSource:
    """Ann is in the first group of the sync, through Berlin and Germany."""
    source = ModelSource(tenant=TENANT)
    for group in (guid(0), guid(1), "berlin", "germany"):
        source.members[group] = set()
    source.nested = {guid(0): {"germany"}, "germany": {"berlin"}}
    source.hire(ANN, guid(0), "berlin", "germany")
    source.hire("bea@corp.example")

    async def of(_: str) -> ModelDirectory:
        return ModelDirectory(source, undisturbed)

    over = replace(api.deployment.context, source=of)
    api.put(individual=IndividualSync(over), explain=Explain(over))
    return source


@pytest.fixture
def url(sync: Sync, source: ModelSource) -> str:
    assert source.members
    return f"/api/v1/syncs/{sync.directory_key}"


async def call(caller: httpx.AsyncClient, url: str, names: object) -> dict[str, Any]:
    answer = await caller.post(f"{url}/users:sync", json={"names": names})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_name_has_its_answer(caller: httpx.AsyncClient, url: str):  # B-110, D-21
    told = await call(caller, url, f"{ANN}, bea@corp.example, nobody@corp.example")

    assert [(one["name"], one["outcome"]) for one in told["items"]] == [
        (ANN, "created"),
        ("bea@corp.example", "not a member"),
        ("nobody@corp.example", "not found"),
    ]
    kept = (await caller.get(f"/api/v1/runs/{told['reference_code']}/outcomes")).json()
    assert kept["items"] == told["items"]


async def test_this_user_is_synced_by_its_id(caller: httpx.AsyncClient, url: str, source: ModelSource):  # B-116
    user_id = (await call(caller, url, [ANN]))["items"][0]["user_id"]
    source.accounts[source.named("ann")].attributes["displayName"] = "Ann Lind"

    answer = (await caller.post(f"/api/v1/users/{user_id}/sync")).json()

    (told,) = answer["items"][0]["items"]
    assert (told["outcome"], told["fields"]) == ("updated", [{"name": "realname", "before": "Ann", "after": "Ann Lind"}])
    problem(await caller.post("/api/v1/users/DU222222222222222222/sync"), 404, 40401)


@pytest.mark.parametrize(("role", "status"), [(Role.HELP_DESK, 200), (Role.USER_MANAGER, 200), (Role.SECURITY_ANALYST, 403)])
async def test_help_desk_may_sync_single_users(api: Api, url: str, role: Role, status: int):  # B-008
    answer = await api.client.post(f"{url}/users:sync", json={"names": [ANN]}, auth=await api.caller(role))
    assert answer.status_code == status


async def test_what_cannot_be_asked_is_refused_by_field(caller: httpx.AsyncClient, url: str):  # B-110
    body = problem(await caller.post(f"{url}/users:sync", json={"names": [f"u{n}@corp.example" for n in range(51)]}), 400, 40002)
    assert body["field"] == "names"
    assert problem(await caller.post(f"{url}/users:sync", json={"names": 5}), 400, 40002)["field"].startswith("names")
    problem(await caller.post("/api/v1/syncs/DK222222222222222222/users:sync", json={"names": [ANN]}), 404, 40401)


async def test_a_busy_graph_says_when_to_come_again_and_a_refusal_asks_for_consent(
    caller: httpx.AsyncClient, url: str, source: ModelSource
):
    source.away = Transient("Graph is busy", retry_after=7.5)
    answer = await caller.post(f"{url}/users:sync", json={"names": [ANN]})
    problem(answer, 503, 50301)
    assert answer.headers["retry-after"] == "8"
    source.away = Reauthorize("consent is gone")
    problem(await caller.post(f"{url}/users:sync", json={"names": [ANN]}), 424, 42401)


async def test_a_user_that_is_not_here_is_explained_with_the_way_to_its_group(caller: httpx.AsyncClient, url: str, api: Api):  # D-13
    before = len(api.deployment.tables.rows("Users")), len(api.deployment.tables.rows("Runs"))

    told = (await caller.get(f"{url}/explain", params={"user": ANN})).json()

    assert (told["connected"], told["in_entra"], told["enabled"]) == (True, True, True)
    assert [(group["path"], group["nested"]) for group in told["groups"]] == [(["Berlin", "Germany", guid(0).title()], True)]
    assert {value["field"]: (value["source"], value["becomes"]) for value in told["values"]}["username"] == ("userPrincipalName", ANN)
    assert (told["decision"]["outcome"], told["decision"]["user_id"][:2]) == ("created", "DU")
    assert (len(api.deployment.tables.rows("Users")), len(api.deployment.tables.rows("Runs"))) == before


@pytest.mark.parametrize("by", ["name", "object id", "user id"])
async def test_a_user_that_is_here_is_explained_by_any_of_its_names(caller: httpx.AsyncClient, url: str, source: ModelSource, by: str):
    one = (await call(caller, url, [ANN]))["items"][0]
    source.quit(one["object_id"])
    asked = {"name": ANN, "object id": one["object_id"], "user id": one["user_id"]}[by]

    told = (await caller.get(f"{url}/explain", params={"user": asked})).json()

    assert (told["decision"]["outcome"], told["decision"]["reason"]) == ("to Trash", "in no selected group any more")
    assert (await call(caller, url, [ANN]))["items"][0]["outcome"] == "to Trash"


async def test_nobody_and_a_source_that_refuses_are_explained_too(caller: httpx.AsyncClient, url: str, source: ModelSource):
    told = (await caller.get(f"{url}/explain", params={"user": "nobody@corp.example"})).json()
    assert (told["in_entra"], told["decision"]["outcome"]) == (False, "not found")
    source.away = Reauthorize("consent is gone")
    told = (await caller.get(f"{url}/explain", params={"user": ANN})).json()
    assert (told["connected"], told["problem"], told["decision"]) == (False, "consent is gone", None)
