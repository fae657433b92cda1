"""`$batch`. Source: learn.microsoft.com, "Combine multiple HTTP requests using JSON batching"."""

from typing import Any

from local.tenant.faults import ServerError, Throttle
from local.tenant.serving import Running
from tests.tenant.conftest import ANN, BEA, SALES, STAFF, Caller


def read(number: int, user: str) -> dict[str, Any]:
    return {"id": str(number), "method": "GET", "url": f"/users/{user}?$select=id,accountEnabled"}


def groups_of(number: int, user: str) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    return {
        "id": str(number),
        "method": "POST",
        "url": f"/users/{user}/getMemberGroups",
        "headers": headers,
        "body": {"securityEnabledOnly": True},
    }


async def test_each_step_is_answered_by_itself(graph: Caller):
    answers = (await graph.ask("/$batch", body={"requests": [read(1, ANN), groups_of(2, BEA), read(3, "nobody")]}))["responses"]
    assert [(answer["id"], answer["status"]) for answer in answers] == [("1", 200), ("2", 200), ("3", 404)]
    assert answers[0]["body"] == {"@odata.context": answers[0]["body"]["@odata.context"], "id": ANN, "accountEnabled": True}
    assert answers[1]["body"]["value"] == [STAFF, SALES]
    assert answers[2]["body"]["error"]["code"] == "Request_ResourceNotFound"


async def test_twenty_steps_are_the_limit(graph: Caller):
    assert len((await graph.ask("/$batch", body={"requests": [read(number, ANN) for number in range(20)]}))["responses"]) == 20
    assert await graph.refusal("/$batch", body={"requests": [read(number, ANN) for number in range(21)]}) == (400, "BadRequest")


async def test_repeated_ids_and_malformed_batches_are_refused(graph: Caller):
    assert await graph.refusal("/$batch", body={"requests": [read(1, ANN), read(1, BEA)]}) == (400, "BadRequest")
    assert await graph.refusal("/$batch", body={"steps": []}) == (400, "BadRequest")


async def test_a_step_is_throttled_alone(graph: Caller, running: Running):
    running.faults.add(Throttle(kind="member_groups", user=BEA, retry_after="2.5", times=1))
    running.faults.add(ServerError(kind="user", user=BEA, status=502, times=1))
    body = {"requests": [read(1, ANN), groups_of(2, BEA), read(3, BEA), groups_of(4, BEA)]}
    answers = (await graph.ask("/$batch", body=body))["responses"]
    assert [answer["status"] for answer in answers] == [200, 429, 502, 200]
    assert answers[1]["headers"]["Retry-After"] == "2.5"
    assert "<html>" in answers[2]["body"]


async def test_a_throttled_batch_reaches_no_step(graph: Caller, running: Running):
    running.faults.add(Throttle(kind="batch", times=1))
    assert await graph.refusal("/$batch", body={"requests": [read(1, ANN)]}) == (429, "TooManyRequests")
    assert running.requests.counts == {"batch": 1}


async def test_steps_are_counted_by_kind_too(graph: Caller, running: Running):
    await graph.ask("/$batch", body={"requests": [read(1, ANN), groups_of(2, ANN), read(3, BEA)]})
    assert running.requests.counts == {"batch": 1, "user": 2, "member_groups": 1}
    assert [seen.subject for seen in running.requests.of("user") if seen.inner] == [ANN, BEA]
