"""Reading users one by one with their groups, in batches."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import httpx
import msgspec
import pytest

from local.tenant.faults import Denied, ServerError, Throttle
from local.tenant.serving import Running
from sync_core.entra.client import GraphClient, open_http
from sync_core.entra.credentials import credential_for
from sync_core.entra.port import Directory, Presence, SourceUser
from sync_core.entra.presence import PresenceReader
from sync_core.entra.rows import reader
from sync_core.errors import Reauthorize, StopRun, Transient
from sync_core.tally import tally
from tests.entra.conftest import GRAPH, OnAnswers, settings

GONE = "00000000-0000-4000-8000-000000000000"


async def test_a_user_comes_with_all_groups_that_they_are_in(directory: Directory, running: Running):  # D-11
    person = next(iter(running.tenant.users.values()))

    found = await directory.presence([person["id"]], ["userPrincipalName"])

    user = SourceUser(person["id"], person["accountEnabled"], (person["userPrincipalName"],))
    assert found == {person["id"]: Presence(user, frozenset(running.tenant.transitive_groups(person["id"])))}
    assert len(found[person["id"]].groups) > 1


async def test_a_user_whom_entra_no_longer_has_is_gone(directory: Directory):  # D-11
    assert await directory.presence([GONE], ["mail"]) == {GONE: Presence(None)}


async def test_ten_users_share_a_request(directory: Directory, running: Running):
    ids = list(running.tenant.users)[:25]

    with tally() as counts:
        found = await directory.presence(ids, ["mail"])

    assert (set(found), counts, running.requests.counts["batch"]) == (set(ids), {"graph": 3}, 3)
    assert {request.headers["x-ms-throttle-priority"] for request in running.requests.of("user")} == {"Low"}


async def test_a_user_asked_for_twice_is_read_once(directory: Directory, running: Running):
    one = next(iter(running.tenant.users))

    assert set(await directory.presence([one, one], ["mail"])) == {one}
    assert running.requests.counts["user"] == 1


async def test_nobody_asked_for_is_no_request(directory: Directory, running: Running):
    assert await directory.presence([], ["mail"]) == {}
    assert not running.requests.counts


async def test_a_batch_that_is_refused_as_a_whole_says_when_to_come_again(directory: Directory, running: Running):
    running.faults.add(Throttle(kind="batch", retry_after="12.5"))

    with pytest.raises(Transient) as caught:
        await directory.presence(list(running.tenant.users)[:3], ["mail"])
    assert (caught.value.retry_after, running.requests.counts["batch"]) == (12.5, 1)


async def test_a_throttled_request_inside_a_batch_is_asked_again_alone(directory: Directory, running: Running):
    ids = list(running.tenant.users)[:10]
    running.faults.add(Throttle(kind="user", user=ids[3], retry_after="0.01", times=1))
    running.faults.add(ServerError(kind="member_groups", user=ids[4], status=502, times=1))

    found = await directory.presence(ids, ["mail"])

    assert len(found) == 10
    assert [(request.kind, request.subject) for request in running.requests][-2:] == [("user", ids[3]), ("member_groups", ids[4])]
    assert running.requests.counts == {"batch": 2, "user": 11, "member_groups": 11}


async def test_a_request_that_stays_throttled_says_the_longest_time_to_wait(directory: Directory, running: Running):
    ids = list(running.tenant.users)[:3]
    running.faults.add(Throttle(kind="user", user=ids[0], retry_after="4"))
    running.faults.add(Throttle(kind="user", user=ids[1], retry_after="30.5"))

    with pytest.raises(Transient) as caught:
        await directory.presence(ids, ["mail"])
    assert (caught.value.retry_after, running.requests.counts["batch"]) == (30.5, 1)


async def test_a_permission_that_was_taken_away_asks_for_consent_again(directory: Directory, running: Running):  # B-130
    running.faults.add(Denied(kind="member_groups", times=1))

    with pytest.raises(Reauthorize):
        await directory.presence(list(running.tenant.users)[:1], ["mail"])


type Answers = Callable[[Mapping[str, Any]], dict[str, Any] | None]
"""One inner request's status and body, by the request; None for none at all."""


def batches(answers: Answers) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = msgspec.json.decode(request.content)["requests"]
        told = [{"id": one["id"], **body} for one in reversed(asked) if (body := answers(one)) is not None]
        return httpx.Response(200, json={"responses": told})

    return answer


def found(request: Mapping[str, Any]) -> dict[str, Any]:
    if request["method"] == "POST":
        return {"status": 200, "body": {"value": ["g"]}}
    return {"status": 200, "body": {"id": request["url"].split("/")[2].partition("?")[0], "accountEnabled": True, "mail": "m"}}


def missing() -> dict[str, Any]:
    return {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound", "message": "Resource does not exist."}}}


async def presence(answers: Answers, object_ids: Sequence[str], sleep: Callable[[float], Awaitable[None]]) -> Mapping[str, Presence]:
    async with open_http(GRAPH, httpx.MockTransport(batches(answers))) as http:
        client = GraphClient(http, credential_for(settings(GRAPH, graph_static_token="token"), "tenant"), GRAPH)
        return await PresenceReader(client, sleep=sleep).read(object_ids, reader(("mail",)))


class Slept(list[float]):
    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def test_answers_are_matched_by_their_id_in_whatever_order_they_come():
    told = await presence(found, ["a", "b", "c"], Slept())

    assert told == {name: Presence(SourceUser(name, True, ("m",)), frozenset({"g"})) for name in "abc"}


async def test_answers_that_disagree_whether_a_user_exists_are_asked_for_again():  # D-11
    asked: list[str] = []

    def answers(request: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(request["method"])
        return missing() if len(asked) == 2 else found(request)

    assert (await presence(answers, ["a"], slept := Slept()))["a"].user is not None
    assert (asked, slept) == (["POST", "GET", "POST", "GET"], [0.5])


async def test_answers_that_never_come_end_the_patience_after_two_seconds():
    slept = Slept()

    with pytest.raises(Transient, match="busy") as caught:
        await presence(lambda request: found(request) if request["method"] == "GET" else None, ["a"], slept)
    assert (sum(slept), caught.value.retry_after) == (2.0, 10.0)


async def test_a_not_found_that_is_not_graphs_own_does_not_make_a_user_gone():  # D-11
    with pytest.raises(StopRun):
        await presence(lambda _: {"status": 404, "body": "<h1>Not Found</h1>"}, ["a"], Slept())


async def test_groups_that_are_listed_in_part_prove_no_absence():  # D-11
    def answers(request: Mapping[str, Any]) -> dict[str, Any]:
        told = found(request)
        if request["method"] == "POST":
            told["body"]["@odata.nextLink"] = f"{GRAPH}/next"
        return told

    with pytest.raises(StopRun, match="in part"):
        await presence(answers, ["a"], Slept())


async def test_a_user_without_properties_is_a_missing_permission(on_answers: OnAnswers):  # D-10
    def answers(request: Mapping[str, Any]) -> dict[str, Any]:
        told = found(request)
        if request["method"] == "GET":
            told["body"] |= {"accountEnabled": None, "mail": None}
        return told

    with pytest.raises(StopRun, match=r"User\.Read\.All"):
        await on_answers(batches(answers)).presence(["a"], ["mail"])


@pytest.mark.parametrize("body", ["[]", '{"responses":[{"id":"77","status":200}]}', '{"responses":[{"id":"0","status":200}]}', "{"])
async def test_a_batch_that_cannot_be_read_is_tried_again_later(on_answers: OnAnswers, body: str):
    directory = on_answers(lambda _: httpx.Response(200, text=body))

    with pytest.raises(Transient):
        await directory.presence(["a"], ["mail"])


async def test_a_strange_object_id_stays_one_part_of_the_path():
    asked: list[str] = []

    def answers(request: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(request["url"])
        return missing()

    await presence(answers, ["../groups?x=1#y"], Slept())

    assert asked == ["/users/..%2Fgroups%3Fx%3D1%23y/getMemberGroups", "/users/..%2Fgroups%3Fx%3D1%23y?$select=id,accountEnabled,mail"]
