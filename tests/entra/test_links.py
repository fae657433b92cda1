"""Where a next page and a redirect may lead: to Graph, and to nothing else."""

import httpx
import pytest
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from local.tenant.faults import ForeignLink, RepeatedLink
from local.tenant.serving import Running
from sync_core.entra.client import GraphClient, open_http
from sync_core.entra.cloud import Cloud
from sync_core.entra.credentials import StaticToken, TenantCredential, credential_for
from sync_core.entra.graph import GraphDirectory
from sync_core.entra.port import Directory
from sync_core.errors import IncompleteRead, StopRun
from sync_core.tally import tally
from tests.entra.conftest import GRAPH, OnAnswers, settings
from tests.entra.test_members import ATTRIBUTES, pages


@pytest.mark.parametrize("page", [1, 2])
async def test_a_next_link_to_its_own_page_breaks_the_chain(directory: Directory, running: Running, everybody: str, page: int):  # D-10
    running.faults.add(RepeatedLink(page=page))

    with pytest.raises(IncompleteRead, match="would never end"):
        await pages(directory, everybody)
    assert running.requests.counts["members"] == page


async def test_a_next_link_to_another_host_is_refused_when_it_comes(directory: Directory, running: Running, everybody: str):
    running.faults.add(ForeignLink(base="https://graph.microsoft.example/v1.0"))

    with pytest.raises(IncompleteRead, match=r"https://graph\.microsoft\.example, which is not Graph"):
        await directory.members(everybody, ATTRIBUTES)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/groups/g/transitiveMembers",
        "https://127.0.0.1:9/v1.0/groups/g/transitiveMembers",
        "http://127.0.0.1:10/v1.0/groups/g/transitiveMembers",
        "http://127.0.0.1:9@evil.example/v1.0/groups/g/transitiveMembers",
        "http://127.0.0.1:9\\@evil.example/v1.0/groups/g/transitiveMembers",
        "http://127.0.0.1:9.evil.example/v1.0/groups/g/transitiveMembers",
        "http://127.0.0.1:9/beta/groups/g/transitiveMembers",
        "http://127.0.0.1:9/v1.0/../beta/groups/g/transitiveMembers",
        "http://127.0.0.1:9/v1.0/%2e%2e/beta/groups/g/transitiveMembers",
        "//evil.example/v1.0/groups/g/transitiveMembers",
        "file:///etc/passwd",
    ],
)
async def test_a_stored_link_that_leaves_graph_is_not_asked(on_answers: OnAnswers, link: str):
    asked: list[httpx.Request] = []
    directory = on_answers(lambda request: asked.append(request) or httpx.Response(200, json={"value": []}))

    with pytest.raises(IncompleteRead, match="not followed"):
        await directory.members("g", ATTRIBUTES, next_link=link)
    assert not asked


async def test_a_redirect_within_graph_is_followed_and_counts(on_answers: OnAnswers):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/elsewhere"):
            trusted = request.headers.get("authorization") == "Bearer token"
            return httpx.Response(200, json={"value": [{"id": "a", "accountEnabled": trusted}]})
        return httpx.Response(302, headers={"location": f"{GRAPH}/elsewhere"})

    with tally() as counts:
        page = await on_answers(answer).members("group", [])

    assert (page.users[0].enabled, counts) == (True, {"graph": 2})


@pytest.mark.parametrize("base_url", ["https://graph.microsoft.com/v1.0", "https://Graph.Microsoft.com/v1.0/"])
async def test_a_base_url_may_be_spelled_in_capitals_and_end_with_a_slash(base_url: str):
    asked: list[str] = []
    link = "https://graph.microsoft.com/v1.0/groups/g/transitiveMembers/graph.user?$skiptoken=x"

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"value": [{"id": "a", "accountEnabled": True}], "@odata.nextLink": link})

    async with open_http(base_url, httpx.MockTransport(answer)) as http:
        client = GraphClient(http, TenantCredential(lambda: StaticToken("token")), base_url)
        directory = GraphDirectory(client, Cloud(settings(base_url), "tenant"))
        assert (await directory.members("g", [])).next == link
    assert asked == ["/v1.0/groups/g/transitiveMembers/graph.user"]


async def test_only_graphs_host_gets_the_token_whatever_carries_the_request():
    asked: list[httpx.Request] = []
    unguarded = httpx.MockTransport(lambda request: asked.append(request) or httpx.Response(200, json={}))
    async with httpx.AsyncClient(transport=unguarded) as http:
        client = GraphClient(http, credential_for(settings(GRAPH, graph_static_token="token"), "tenant"), GRAPH)
        for url in (f"{GRAPH}/me", "https://evil.example/v1.0/me"):
            request = RequestInformation(Method.GET)
            request.url = url
            await client.send(request)

    assert [request.headers.get("authorization") for request in asked] == ["Bearer token", None]


@pytest.mark.parametrize("location", ["http://evil.example/v1.0/x", "https://127.0.0.1:9/v1.0/x", "http://127.0.0.1:10/v1.0/x"])
async def test_a_redirect_that_leaves_graph_is_not_followed(on_answers: OnAnswers, location: str):
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"location": location})

    with pytest.raises(StopRun, match="not followed"):
        await on_answers(answer).members("group", [])
    assert len(asked) == 1
