"""Faults: what each one does, and to which requests only."""

import httpx
import pytest

from local.tenant.faults import (
    AnyFault,
    Denied,
    DropConnection,
    EmptyPage,
    Expired,
    ExpiredPageToken,
    Faults,
    ForeignLink,
    HtmlAnswer,
    LaggingIndex,
    Latency,
    Missing,
    MissingRows,
    NullProperties,
    RepeatedLink,
    ServerError,
    Throttle,
    TruncatedJson,
    Unauthenticated,
)
from local.tenant.serving import Running
from local.tenant.wire import Seen
from tests.tenant.conftest import ANN, BEA, CARL, GUEST, SALES, STAFF, Caller, members_path


@pytest.mark.parametrize("wait", ["7", "2.128", ""])
async def test_a_throttled_request_says_how_long_to_wait_in_whole_or_fractional_seconds_or_not_at_all(
    graph: Caller, running: Running, wait: str
):
    running.faults.add(Throttle(retry_after=wait))
    answer = await graph.answer("/organization")
    assert (answer.status_code, answer.headers.get("retry-after", "")) == (429, wait)


@pytest.mark.parametrize(
    ("fault", "status", "content"),
    [
        (ServerError(status=500), 500, "application/json"),
        (ServerError(status=502), 502, "text/html"),
        (ServerError(status=503, retry_after="3"), 503, "application/json"),
        (ServerError(status=504), 504, "application/json"),
        (Denied(), 403, "application/json"),
        (Unauthenticated(), 401, "application/json"),
        (Missing(), 404, "application/json"),
        (Expired(), 410, "application/json"),
        (HtmlAnswer(), 200, "text/html"),
    ],
)
async def test_a_refusal_has_its_status_and_form(graph: Caller, running: Running, fault: AnyFault, status: int, content: str):
    running.faults.add(fault)
    answer = await graph.answer(members_path(STAFF), count="true")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (status, content)


async def test_who_asks_again_before_the_time_is_counted(graph: Caller, running: Running):
    time = 0.0
    running.simulation.graph.patience.now = lambda: time
    running.faults.add(Throttle(retry_after="2.5", times=3))
    await graph.answer("/organization")
    await graph.answer("/groups")
    assert running.simulation.graph.patience.early == 0
    time = 2.4
    await graph.answer("/organization")
    assert running.simulation.graph.patience.early == 1
    time = 4.9
    assert (await graph.answer("/organization")).status_code == 200
    assert running.simulation.graph.patience.early == 1


async def test_a_dropped_connection_ends_in_the_middle_of_the_body(graph: Caller, running: Running):
    running.faults.add(DropConnection(times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        await graph.ask("/organization")
    assert (await graph.answer("/organization")).status_code == 200


async def test_truncated_json_arrives_as_if_it_were_whole(graph: Caller, running: Running):
    running.faults.add(TruncatedJson())
    answer = await graph.answer("/organization")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


async def test_latency_delays_the_answer(running: Running):
    running.faults.add(Latency(seconds=30))
    headers = {"authorization": f"Bearer {running.token}"}
    async with httpx.AsyncClient(headers=headers, timeout=httpx.Timeout(5, read=0.05)) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"{running.graph_url}/organization")


async def test_an_empty_page_has_no_rows_but_a_next_link(graph: Caller, running: Running):
    running.faults.add(EmptyPage(page=1))
    pages = await graph.members(STAFF, top=2)
    assert [len(page["value"]) for page in pages] == [0, 2]
    assert pages[0]["@odata.count"] == 4


async def test_an_empty_last_page_has_a_next_link_too(graph: Caller, running: Running):
    running.faults.add(EmptyPage(page=2))
    assert [len(page["value"]) for page in await graph.members(STAFF, top=2)] == [2, 0, 0]


async def test_missing_rows_are_counted_all_the_same(graph: Caller, running: Running):  # D-10
    running.faults.add(MissingRows(rows=1, page=2))
    pages = await graph.members(STAFF, top=2)
    assert ([len(page["value"]) for page in pages], pages[0]["@odata.count"]) == ([2, 1], 4)


async def test_a_page_token_expires(graph: Caller, running: Running):
    running.faults.add(ExpiredPageToken(times=1))
    first = await graph.ask(members_path(STAFF), top=2, count="true", select="id")
    assert running.faults.armed()[0].struck == 1
    assert len(first["value"]) == 2
    running.faults.add(ExpiredPageToken(page=2, times=1))
    assert await graph.refusal(first["@odata.nextLink"]) == (400, "Directory_ExpiredPageToken")
    assert len((await graph.ask(first["@odata.nextLink"]))["value"]) == 2


async def test_a_next_link_repeats_itself(graph: Caller, running: Running):
    running.faults.add(RepeatedLink(page=2))
    first = await graph.ask(members_path(STAFF), top=1, count="true", select="id")
    second = await graph.ask(first["@odata.nextLink"])
    assert second["@odata.nextLink"] == first["@odata.nextLink"]


async def test_a_next_link_points_at_another_host(graph: Caller, running: Running):
    running.faults.add(ForeignLink(base="https://evil.example/v1.0"))
    page = await graph.ask(members_path(STAFF), top=1, count="true")
    assert page["@odata.nextLink"].startswith(f"https://evil.example/v1.0/groups/{STAFF}/")


async def test_users_come_with_null_properties_when_the_permission_is_missing(graph: Caller, running: Running):  # D-10
    running.faults.add(NullProperties())
    (page,) = await graph.members(SALES, top=999, select="id,userPrincipalName,accountEnabled,businessPhones")
    assert page["value"][0] == {"id": ANN, "userPrincipalName": None, "accountEnabled": None, "businessPhones": None}


async def test_a_lagging_index_hides_a_member_whom_member_groups_still_knows(graph: Caller, running: Running):  # D-11
    running.faults.add(LaggingIndex(users=(BEA,)))
    (page,) = await graph.members(SALES, top=999)
    assert ([row["id"] for row in page["value"]], page["@odata.count"]) == ([ANN, CARL, GUEST], 3)
    assert SALES in (await graph.ask(f"/users/{BEA}/getMemberGroups", body={"securityEnabledOnly": False}))["value"]


async def test_a_lagging_index_hides_the_same_portion_on_every_page_and_read(graph: Caller, running: Running):
    running.faults.add(LaggingIndex(portion=0.5, seed=3))
    reads = [[row["id"] for page in await graph.members(STAFF, top=top) for row in page["value"]] for top in (1, 2, 999)]
    assert reads[0] == reads[1] == reads[2]
    assert 0 < len(reads[0]) < 4


async def test_a_fault_stops_after_its_times_and_the_pages_are_as_before(graph: Caller, running: Running):
    whole = await graph.members(STAFF, top=2)
    running.faults.add(MissingRows(times=2))
    await graph.members(STAFF, top=2)
    assert await graph.members(STAFF, top=2) == whole


async def test_a_stranger_uses_up_no_fault(graph: Caller, running: Running):
    running.faults.add(Throttle(times=1))
    assert (await graph.answer("/organization", headers={"authorization": "Bearer wrong"})).status_code == 401
    assert (await graph.answer("/organization")).status_code == 429


def members(group: str = STAFF, page: int = 1, *, inner: bool = False) -> Seen:
    return Seen("members", "GET", "", {}, group, page, inner)


@pytest.mark.parametrize(
    ("fault", "hit", "missed"),
    [
        (Throttle(group=STAFF), members(), members(SALES)),
        (Throttle(page=2), members(page=2), members(page=1)),
        (Throttle(kind="user"), Seen("user", "GET", "", {}, ANN), members()),
        (Throttle(user=ANN), Seen("user", "GET", "", {}, ANN), Seen("user", "GET", "", {}, BEA)),
        (Throttle(), Seen("organization", "GET", "", {}), Seen("token", "POST", "", {})),
        (EmptyPage(), members(), Seen("groups", "GET", "", {})),
        (DropConnection(), members(), members(inner=True)),
    ],
)
def test_a_fault_hits_only_what_it_is_limited_to(fault: AnyFault, hit: Seen, missed: Seen):
    faults = Faults([fault])
    assert faults.strike(missed) == ()
    assert faults.strike(hit) == (fault,)


def test_a_share_is_drawn_from_the_faults_own_seed():
    def drawn(seed: int) -> list[bool]:
        faults = Faults([Throttle(share=0.3, seed=seed)])
        return [bool(faults.strike(members())) for _ in range(1000)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 250 < sum(drawn(1)) < 350


def test_faults_are_switched_off_one_by_one_or_all_at_once():
    faults = Faults([Throttle(), Denied()])
    faults.remove(1)
    assert faults.strike(members()) == (Denied(),)
    faults.clear()
    assert faults.strike(members()) == ()
