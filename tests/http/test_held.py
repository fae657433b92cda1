"""Previews and the brake over HTTP: seen before it is done, approved, discarded, confirmed (D-05, D-12, D-13)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from sync_core.directory.roles import Role
from sync_core.services import make_services
from tests.http.calls import Served, Signed
from tests.http.problem import problem
from tests.http.test_whole_run import SALES, STAFF, Whole
from tests.management.deployment import SETTINGS
from tests.runs.held import approvals
from tests.runs.world import World

PEOPLE = 40


class Decided(Whole):
    """As `Whole`, with a key of a role that may only read."""

    reader: Signed


@pytest.fixture
async def whole() -> AsyncIterator[Decided]:
    world = World()
    await world.prepare()
    served = Served(make_services(world.context, SETTINGS), world.clock)
    async with served.client as client:
        client.auth = await served.caller(Role.USER_MANAGER)
        whole = Decided(world, client)
        whole.reader = await served.caller(Role.HELP_DESK)
        yield whole


async def staffed(whole: Whole) -> str:
    """Forty people, synced, of whom twelve have left by now."""
    for number in range(PEOPLE):
        whole.world.source.hire(f"user{number}@corp.example", STAFF)
    key = await whole.set_up(STAFF)
    await whole.run(key)
    for number in range(12):
        whole.world.source.quit(whole.world.source.named(f"user{number}"), STAFF)
    return key


async def previewed(whole: Whole, key: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    started = await whole.client.post(f"/api/v1/syncs/{key}/preview", json=body)
    assert started.status_code == 202, started.text
    assert started.headers["location"] == f"/api/v1/runs/{started.json()['reference_code']}"
    await whole.world.drain()
    return await whole.get(started.headers["location"])


async def test_a_preview_is_followed_like_a_run_and_listed_as_a_file(whole: Decided) -> None:  # D-13
    key = await staffed(whole)

    seen = await previewed(whole, key, {"brake": {"removals": 100}})

    assert (seen["kind"], seen["state"]) == ("preview", "previewed")
    assert seen["counts"]["users trash"] == 12
    changes = await whole.all(f"/api/v1/runs/{seen['reference_code']}/changes", limit=5)
    assert [change["actions"] for change in changes] == [["trash"]] * 12
    file = await whole.client.get(f"/api/v1/runs/{seen['reference_code']}/changes", params={"format": "csv"})
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.count("trash") >= 12
    shown = await whole.get(f"/api/v1/syncs/{key}")
    assert (shown["brake"]["removals"], shown["held"], shown["last_run"]["kind"]) == (10, None, "full")


async def test_settings_of_a_preview_are_checked_as_saving_would(whole: Decided) -> None:
    key = await staffed(whole)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"brake": {"removals": -1}}, "brake.removals"),
        ({"groups": []}, "groups"),
        ({"mapping": {"email": "onPremises"}}, "mapping.email"),
        ({"mapping": {"username": "mail"}}, "mapping.username"),
        ({"nonsense": 1}, "nonsense"),
    ]
    for body, field in wrong:
        assert problem(await whole.client.post(f"/api/v1/syncs/{key}/preview", json=body), 400, 40002)["field"] == field
    problem(await whole.client.post("/api/v1/syncs/DK2A3B4C5D6E7F2G3H4I/preview"), 404, 40401)


async def test_new_groups_of_a_preview_are_nobodys_afterwards(whole: Decided) -> None:
    key = await staffed(whole)
    whole.world.source.hire("seller@corp.example", SALES)

    seen = await previewed(whole, key, {"groups": [STAFF, SALES], "brake": {"removals": 100}})

    assert seen["counts"]["users create"] == 1
    assert [group["object_id"] for group in (await whole.get(f"/api/v1/syncs/{key}"))["groups"]] == [STAFF]


async def test_a_second_preview_waits_for_the_first(whole: Decided) -> None:
    key = await staffed(whole)
    first = await whole.client.post(f"/api/v1/syncs/{key}/preview")
    refused = problem(await whole.client.post(f"/api/v1/syncs/{key}/preview"), 409, 40901)
    assert refused["running"] == first.json()["reference_code"]
    assert "a preview is running" in refused["detail"]


async def test_what_is_held_shows_on_the_sync_and_is_approved_by_its_digest(whole: Decided) -> None:  # D-12
    key = await staffed(whole)
    problem(await whole.client.get(f"/api/v1/syncs/{key}/held"), 404, 40401)
    run = await whole.run(key)
    assert (run["state"], run["counts"]["held"]) == ("held", 12)

    held = await whole.get(f"/api/v1/syncs/{key}/held")

    assert held == (await whole.get(f"/api/v1/syncs/{key}"))["held"]
    assert (held["users"], held["reference_code"]) == (12, run["reference_code"])
    assert [(one["what"], one["count"], one["of"]) for one in held["classes"]] == [("removals and disables", 12, 40)]
    listed = await whole.all(f"/api/v1/runs/{run['reference_code']}/held", limit=5)
    assert [(one["actions"], one["since"]) for one in listed] == [(["trash"], "new")] * 12
    path = f"/api/v1/syncs/{key}/held/approve"
    problem(await whole.client.post(path, json={"digest": "0" * 32}), 412, 41201)
    problem(await whole.client.post(path, json={"digest": held["digest"]}, auth=whole.reader), 403, 40301)
    started = await whole.client.post(path, json={"digest": held["digest"]})
    assert started.status_code == 202
    problem(await whole.client.post(path, json={"digest": held["digest"]}), 409, 40901)
    await whole.world.drain()
    assert (await whole.get(started.headers["location"]))["counts"]["users trash"] == 12
    problem(await whole.client.post(path, json={"digest": held["digest"]}), 412, 41201)
    assert (await whole.get(f"/api/v1/syncs/{key}"))["held"] is None


async def test_what_is_held_is_not_approved_a_day_later(whole: Decided) -> None:
    key = await staffed(whole)
    await whole.run(key)
    held = await whole.get(f"/api/v1/syncs/{key}/held")
    approve = approvals(whole.world)
    whole.world.clock.at += timedelta(days=1)
    with pytest.raises(Exception, match="24 hours"):
        await approve.approve(key, held["digest"], by="late")


async def test_what_is_held_is_discarded(whole: Decided) -> None:
    key = await staffed(whole)
    await whole.run(key)
    digest = {"digest": (await whole.get(f"/api/v1/syncs/{key}/held"))["digest"]}
    path = f"/api/v1/syncs/{key}/held/discard"
    problem(await whole.client.post(path, json=digest, auth=whole.reader), 403, 40301)
    assert (await whole.client.post(path, json=digest)).status_code == 204
    problem(await whole.client.get(f"/api/v1/syncs/{key}/held"), 404, 40401)
    problem(await whole.client.post(f"/api/v1/syncs/{key}/held/approve", json=digest), 412, 41201)


async def test_only_takeovers_that_wait_for_it_are_confirmed(whole: Decided) -> None:  # D-05
    key = await staffed(whole)
    run = await whole.run(key)
    held_back = whole.world.source.named("user3")
    path = f"/api/v1/runs/{run['reference_code']}/skips"
    assert problem(await whole.client.post(f"{path}/{held_back}/confirm"), 400, 40002)["field"] == "object_id"
    problem(await whole.client.post(f"{path}/{held_back}/confirm", auth=whole.reader), 403, 40301)
    problem(await whole.client.post(f"{path}/nobody/confirm"), 404, 40401)
