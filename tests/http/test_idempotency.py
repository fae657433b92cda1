"""A POST repeated with its Idempotency-Key is done once, and answered as it was."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from sync_core.directory.roles import Role
from sync_core.management.idempotency import MOST_BYTES, Begun, Kept
from tests.http.calls import Api, Signed
from tests.http.problem import problem

KEY = {"Idempotency-Key": "5f0c6f0e"}
ANN = {"username": "ann"}


async def users(caller: httpx.AsyncClient) -> list[str]:
    return [user["username"] for user in (await caller.get("/api/v1/users")).json()["items"]]


async def test_a_repeated_request_is_done_once_and_answered_as_it_was(caller: httpx.AsyncClient) -> None:
    first = await caller.post("/api/v1/users", json=ANN, headers=KEY)
    again = await caller.post("/api/v1/users", json=ANN, headers=KEY)

    assert (again.status_code, again.content, again.headers["etag"]) == (201, first.content, first.headers["etag"])
    assert again.headers["location"] == first.headers["location"]
    assert (again.headers["idempotency-replayed"], "idempotency-replayed" in first.headers) == ("true", False)
    assert await users(caller) == ["ann"]


async def test_a_refusal_is_given_again_too(caller: httpx.AsyncClient) -> None:
    await caller.post("/api/v1/users", json=ANN)
    first = await caller.post("/api/v1/users", json=ANN, headers=KEY)
    again = await caller.post("/api/v1/users", json=ANN, headers=KEY)

    problem(first, 409, 40903)
    assert again.content == first.content


async def test_a_refusal_by_if_match_is_not_kept_so_whoever_has_read_again_may_repeat(caller: httpx.AsyncClient) -> None:
    ann = (await caller.post("/api/v1/users", json=ANN)).headers
    path, phone = f"{ann['location']}/phones", {"number": "+4930901820"}
    problem(await caller.post(path, json=phone, headers={**KEY, "If-Match": '"older"'}), 412, 41201)

    added = await caller.post(path, json=phone, headers={**KEY, "If-Match": ann["etag"]})
    assert added.status_code == 201
    again = await caller.post(path, json=phone, headers={**KEY, "If-Match": '"newer"'})

    assert (again.status_code, again.content) == (201, added.content)
    assert len((await caller.get(path)).json()["items"]) == 1


async def test_a_key_stands_for_one_request_of_one_actor_at_one_path(api: Api, caller: httpx.AsyncClient) -> None:
    await caller.post("/api/v1/users", json=ANN, headers=KEY)

    problem(await caller.post("/api/v1/users", json={"username": "bea"}, headers=KEY), 409, 40905)
    assert (await caller.post("/api/v1/groups", json={"name": "Friends"}, headers=KEY)).status_code == 201
    api.client.auth = await api.caller(Role.ADMINISTRATOR)
    problem(await caller.post("/api/v1/users", json=ANN, headers=KEY), 409, 40903)  # its own request, and the name is in use
    assert await users(caller) == ["ann"]


async def test_of_two_at_once_one_is_done(caller: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(caller.post("/api/v1/users", json=ANN, headers=KEY) for _ in range(2)))

    assert await users(caller) == ["ann"]
    assert sorted(answer.status_code for answer in answers) in ([201, 201], [201, 409])


async def test_after_24_hours_a_key_is_new(api: Api, caller: httpx.AsyncClient, owner: Signed) -> None:
    first = await caller.post("/api/v1/users", json=ANN, headers=KEY)
    api.deployment.clock.at += timedelta(hours=24) - timedelta(microseconds=1)
    caller.auth = owner.on(api.date)
    assert (await caller.post("/api/v1/users", json=ANN, headers=KEY)).content == first.content
    api.deployment.clock.at += timedelta(microseconds=1)
    caller.auth = owner.on(api.date)

    problem(await caller.post("/api/v1/users", json=ANN, headers=KEY), 409, 40903)


@pytest.mark.parametrize(
    "answer", [Kept(500, (), b""), Kept(429, (), b""), Kept(200, (), b"x" * (MOST_BYTES + 1))], ids=["fault", "busy", "long"]
)
async def test_an_answer_that_a_repetition_could_better_or_that_is_too_long_is_not_kept(api: Api, answer: Kept) -> None:
    begun = await api.services.repeats.begin("DI", "key", "/api/v1/users", b"")
    assert isinstance(begun, Begun)
    await api.services.repeats.keep(begun, answer)

    assert isinstance(await api.services.repeats.begin("DI", "key", "/api/v1/users", b""), Begun)


async def test_a_request_whose_process_died_may_be_repeated_later(api: Api, caller: httpx.AsyncClient) -> None:
    repeats, asked = api.services.repeats, (b"\0" + b'{"username":"ann"}')
    ikey = (await caller.get("/api/v1/integrations")).json()["items"][0]["integration_key"]
    await repeats.begin(ikey, KEY["Idempotency-Key"], "/api/v1/users", asked)
    problem(await caller.post("/api/v1/users", content=asked[1:], headers=KEY | {"Content-Type": "application/json"}), 409, 40904)

    api.deployment.clock.at += timedelta(minutes=10)
    begun = await repeats.begin(ikey, KEY["Idempotency-Key"], "/api/v1/users", asked)

    assert isinstance(begun, Begun)


async def test_a_new_key_s_secret_is_not_readable_in_the_rows(api: Api, caller: httpx.AsyncClient) -> None:
    body = {"name": "Reader", "role": "Read-only"}
    first = await caller.post("/api/v1/integrations", json=body, headers=KEY)
    again = await caller.post("/api/v1/integrations", json=body, headers=KEY)

    assert first.status_code == 201, first.text
    assert again.json() == first.json()
    secret = next(value for name, value in first.json().items() if "secret" in name).encode()
    rows = api.deployment.tables.rows("Repeats")
    assert rows
    assert all(secret not in bytes(value) for row in rows for value in row.values.values() if isinstance(value, bytes))


async def test_a_key_that_is_none_is_refused_by_name(caller: httpx.AsyncClient) -> None:
    answer = await caller.post("/api/v1/users", json=ANN, headers={"Idempotency-Key": "a b"})

    assert problem(answer, 400, 40002)["field"] == "Idempotency-Key"
