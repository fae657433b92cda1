"""Reading a group's transitive members, page by page."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from local.tenant.faults import (
    Denied,
    DropConnection,
    EmptyPage,
    ExpiredPageToken,
    MissingRows,
    NullProperties,
    ServerError,
    Throttle,
    TruncatedJson,
    Unauthenticated,
)  # fmt: skip
from local.tenant.serving import Running
from sync_core.entra.port import Directory, Page
from sync_core.errors import GroupGone, IncompleteRead, Reauthorize, StopRun, Transient
from sync_core.tally import tally
from tests.entra.conftest import GRAPH, OnAnswers

ATTRIBUTES = ("userPrincipalName", "mail", "businessPhones", "onPremisesExtensionAttributes.extensionAttribute1")
NOBODY = "00000000-0000-4000-8000-000000000000"


async def pages(directory: Directory, group: str) -> list[Page]:
    read = [await directory.members(group, ATTRIBUTES)]
    while read[-1].next:
        read.append(await directory.members(group, ATTRIBUTES, next_link=read[-1].next))
    return read


async def test_every_member_comes_once_and_the_first_page_says_how_many_there_are(directory: Directory, running: Running, everybody: str):
    read = await pages(directory, everybody)  # D-10

    assert [page.rows for page in read] == [999, 999, 2]
    assert [page.total for page in read] == [2000, None, None]
    assert {user.object_id for page in read for user in page.users} == set(running.tenant.users)


async def test_a_user_comes_with_the_mapped_values_in_their_order(directory: Directory, running: Running, everybody: str):
    read = {user.object_id: user for page in await pages(directory, everybody) for user in page.users}

    for object_id, person in running.tenant.users.items():
        phones: list[str] = person.get("businessPhones") or [""]
        extensions: dict[str, str | None] = person.get("onPremisesExtensionAttributes") or {}
        expected = (person["userPrincipalName"], person.get("mail") or "", phones[0], extensions.get("extensionAttribute1") or "")
        assert (read[object_id].values, read[object_id].enabled) == (expected, person["accountEnabled"])


async def test_members_of_nested_groups_are_members(directory: Directory, running: Running):  # B-033
    region = next(group["id"] for group in running.tenant.groups.values() if group["displayName"] == "Region EMEA")

    read = await pages(directory, region)

    assert [user.object_id for page in read for user in page.users] == running.tenant.transitive_users(region)
    assert read[0].rows > 0


async def test_each_page_asks_for_just_what_is_mapped_as_a_background_reader(directory: Directory, running: Running, everybody: str):
    await pages(directory, everybody)

    seen = running.requests.of("members")
    assert len(seen) == 3
    first = parse_qs(urlsplit(seen[0].url).query)
    assert first == {
        "$select": ["id,accountEnabled,userPrincipalName,mail,businessPhones,onPremisesExtensionAttributes"],
        "$top": ["999"],
        "$count": ["true"],
    }
    assert {request.headers["consistencylevel"] for request in seen} == {"eventual"}
    assert {request.headers["x-ms-throttle-priority"] for request in seen} == {"Low"}


async def test_each_request_counts_once(directory: Directory, everybody: str):
    with tally() as counts:
        await pages(directory, everybody)

    assert counts == {"graph": 3}


async def test_a_group_without_members_is_a_page_without_rows(directory: Directory, running: Running):
    empty = next(group["id"] for group in running.tenant.groups.values() if group["displayName"] == "Empty")

    assert await directory.members(empty, ATTRIBUTES) == Page((), 0, 0, "")


async def test_a_group_that_entra_no_longer_has_is_gone(directory: Directory):  # D-10
    with pytest.raises(GroupGone):
        await directory.members(NOBODY, ATTRIBUTES)


async def test_a_not_found_that_is_not_graphs_own_does_not_make_a_group_gone(on_answers: OnAnswers):
    directory = on_answers(lambda _: httpx.Response(404, html="<h1>Not Found</h1>"))

    with pytest.raises(StopRun):
        await directory.members("group", ATTRIBUTES)


async def test_a_page_that_lacks_rows_says_how_many_it_had(directory: Directory, running: Running, everybody: str):  # D-10
    running.faults.add(MissingRows(page=2, rows=5))

    read = await pages(directory, everybody)

    assert (read[0].total, sum(page.rows for page in read)) == (2000, 1995)


async def test_users_without_properties_are_a_missing_permission_and_no_data(directory: Directory, running: Running, everybody: str):
    running.faults.add(NullProperties())  # D-10

    with pytest.raises(IncompleteRead, match=r"Consent to User\.Read\.All"):
        await directory.members(everybody, ATTRIBUTES)


async def test_a_single_user_whose_status_is_not_shown_is_left_out_and_still_counted_as_a_row(on_answers: OnAnswers):
    rows = [{"id": "a", "accountEnabled": True, "mail": "a@contoso.example"}, {"id": "b", "accountEnabled": None, "mail": None}]
    directory = on_answers(lambda _: httpx.Response(200, json={"@odata.count": 2, "value": rows}))

    page = await directory.members("group", ["mail"])

    assert ([user.object_id for user in page.users], page.rows, page.total) == (["a"], 2, 2)


async def test_an_empty_page_with_a_next_one_breaks_the_chain(directory: Directory, running: Running, everybody: str):  # D-10
    running.faults.add(EmptyPage(page=2))

    with pytest.raises(IncompleteRead, match="empty page"):
        await pages(directory, everybody)


async def test_an_expired_page_token_breaks_the_chain(directory: Directory, running: Running, everybody: str):  # D-10
    running.faults.add(ExpiredPageToken())

    with pytest.raises(IncompleteRead, match="Directory_ExpiredPageToken"):
        await pages(directory, everybody)


async def test_a_next_page_that_graph_does_not_understand_breaks_the_chain_but_a_first_page_ends_the_run(on_answers: OnAnswers):
    invalid = {"error": {"code": "Request_BadRequest", "message": "Invalid search request"}}
    directory = on_answers(lambda _: httpx.Response(400, json=invalid))

    with pytest.raises(IncompleteRead, match="Invalid search request"):
        await directory.members("g", ATTRIBUTES, next_link=f"{GRAPH}/groups/g/transitiveMembers/graph.user?$skiptoken=x")
    with pytest.raises(StopRun, match="Invalid search request"):
        await directory.members("g", ATTRIBUTES)


async def test_a_mapped_attribute_that_graph_does_not_have_ends_the_run_with_its_name(directory: Directory, everybody: str):
    with pytest.raises(StopRun, match="favouriteColour"):
        await directory.members(everybody, ["favouriteColour"])


async def test_a_body_that_is_cut_is_an_incomplete_read(directory: Directory, running: Running, everybody: str):  # D-10
    running.faults.add(TruncatedJson())

    with pytest.raises(IncompleteRead, match="no whole JSON"):
        await directory.members(everybody, ATTRIBUTES)


@pytest.mark.parametrize("status", [200, 204])
async def test_an_answer_without_a_body_is_an_incomplete_read(on_answers: OnAnswers, status: int):  # D-10
    directory = on_answers(lambda _: httpx.Response(status))

    with pytest.raises(IncompleteRead):
        await directory.members("group", ATTRIBUTES)


async def test_a_connection_that_ends_in_the_middle_is_tried_again_later(directory: Directory, running: Running, everybody: str):
    running.faults.add(DropConnection())

    with pytest.raises(Transient):
        await directory.members(everybody, ATTRIBUTES)


async def test_nobody_listening_is_tried_again_later(on_answers: OnAnswers):
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Transient) as caught:
        await on_answers(unreachable).members("group", ATTRIBUTES)
    assert caught.value.retry_after == 10


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("2.128", 2.128), ("", 10), ("300", 300)])
async def test_a_throttled_page_is_asked_once_and_says_when_again(
    directory: Directory, running: Running, everybody: str, header: str, seconds: float
):
    running.faults.add(Throttle(retry_after=header))

    with pytest.raises(Transient) as caught, tally() as counts:
        await directory.members(everybody, ATTRIBUTES)

    assert (caught.value.retry_after, running.requests.counts["members"], counts) == (seconds, 1, {"graph": 1})


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_error_is_tried_again_later(directory: Directory, running: Running, everybody: str, status: int):
    running.faults.add(ServerError(status=status, retry_after="3.5"))  # pyright: ignore[reportArgumentType]  # one of its four statuses

    with pytest.raises(Transient) as caught:
        await directory.members(everybody, ATTRIBUTES)
    assert (caught.value.retry_after, running.requests.counts["members"]) == (3.5, 1)


async def test_a_permission_that_was_taken_away_asks_for_consent_again(directory: Directory, running: Running, everybody: str):  # B-130
    running.faults.add(Denied())

    with pytest.raises(Reauthorize, match=r"Authorization_RequestDenied.*Reauthorize the connection"):
        await directory.members(everybody, ATTRIBUTES)


@pytest.mark.parametrize("status", [200, 403])
async def test_a_group_that_hides_its_members_is_unread_and_neither_empty_nor_a_lost_consent(on_answers: OnAnswers, status: int):  # D-10
    def answer(request: httpx.Request) -> httpx.Response:
        if "transitiveMembers" not in request.url.path:
            return httpx.Response(200, json={"id": "g", "visibility": "HiddenMembership"})
        denied = {"code": "Authorization_RequestDenied", "message": "Insufficient privileges to complete the operation."}
        return httpx.Response(status, json={"value": [], "@odata.count": 0} if status == 200 else {"error": denied})

    with pytest.raises(IncompleteRead, match=r"Member\.Read\.Hidden"):
        await on_answers(answer).members("g", ATTRIBUTES)


@pytest.mark.parametrize("refusal", [Unauthenticated(times=1), Denied(times=1)])
async def test_a_refused_token_is_replaced_once(
    directory: Directory, running: Running, everybody: str, refusal: Unauthenticated | Denied
):  # B-131
    running.faults.add(refusal)

    with tally() as counts:
        page = await directory.members(everybody, ATTRIBUTES)

    assert (page.rows, counts) == (999, {"graph": 2})


async def test_a_new_token_that_is_refused_too_asks_for_consent_again(directory: Directory, running: Running, everybody: str):  # B-130
    running.faults.add(Unauthenticated())

    with pytest.raises(Reauthorize):
        await directory.members(everybody, ATTRIBUTES)
    assert running.requests.counts["members"] == 2
