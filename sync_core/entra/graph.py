"""The source, read from Microsoft Graph. See `port.py` for what each method promises.

Source: learn.microsoft.com, "List group transitive members", "List groups", "Get organization".
"""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import msgspec
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from sync_core.entra.client import GraphClient
from sync_core.entra.cloud import Cloud
from sync_core.entra.credentials import credential_for
from sync_core.entra.port import Answers, Page, Presence, Questions, SourceGroup
from sync_core.entra.presence import PresenceReader
from sync_core.entra.questions import QuestionReader
from sync_core.entra.rows import UserReader, reader
from sync_core.entra.sdk import GroupQuery, GroupsQuery, MembersQuery, OrganizationQuery
from sync_core.errors import IncompleteRead, Reauthorize, StopRun
from sync_core.settings import Settings

PAGE_SIZE = 999


class _Named(msgspec.Struct):
    id: str
    name: str | None = msgspec.field(name="displayName", default=None)


class _Visible(msgspec.Struct):
    visibility: str | None = None


class _NamedRows(msgspec.Struct):
    value: list[_Named]


class GraphDirectory:
    """One tenant's users and groups. The client's HTTP connections are shared and stay open when this is closed."""

    def __init__(self, client: GraphClient, cloud: Cloud) -> None:
        self._client = client
        self._cloud = cloud
        self._presence = PresenceReader(client)
        self._questions = QuestionReader(client)

    async def organization(self) -> tuple[str, str]:
        await self._cloud.check()
        query = OrganizationQuery(select=["id", "displayName"])
        request = self._client.service.organization.to_get_request_information(RequestConfiguration(query_parameters=query))
        rows = _decode(await self._client.send(request), _NamedRows).value
        if not rows:
            raise StopRun("Microsoft Graph names no organization for this tenant: consent to Organization.Read.All")
        return rows[0].id, rows[0].name or ""

    async def group(self, object_id: str) -> SourceGroup:
        query = GroupQuery(select=["id", "displayName"])
        item = self._client.service.groups.by_group_id(object_id)
        request = item.to_get_request_information(RequestConfiguration(query_parameters=query))
        return _group(_decode(await self._client.send(request), _Named))

    async def find_groups(self, prefix: str, *, limit: int = 100) -> list[SourceGroup]:
        """Sorted by name. `$search` would find words anywhere in a name; `startswith` finds its beginning, in any case."""
        query = GroupsQuery(
            select=["id", "displayName"],
            filter=f"startswith(displayName,'{prefix.replace("'", "''")}')" if prefix else None,
            top=limit,
        )
        request = self._client.service.groups.to_get_request_information(RequestConfiguration(query_parameters=query))
        rows = _decode(await self._client.send(request), _NamedRows).value
        return sorted(map(_group, rows), key=lambda group: (group.name.casefold(), group.object_id))

    async def members(self, group: str, attributes: Sequence[str], *, next_link: str = "") -> Page:
        users = reader(tuple(attributes))
        request = self._next_page(next_link) if next_link else self._first_page(group, users)
        request.headers.add("x-ms-throttle-priority", "Low")
        try:
            page = users.page(await self._client.send(request))
        except StopRun as refusal:
            if not next_link:
                raise
            raise IncompleteRead(f"The next page of group {group} was refused: {refusal}") from refusal
        except Reauthorize as refusal:
            await self._refuse_hidden(group, refusal)
            raise
        if not page.rows and not next_link:
            await self._refuse_hidden(group)
        self._check(page, request.url)
        return page

    async def presence(self, object_ids: Sequence[str], attributes: Sequence[str]) -> Mapping[str, Presence]:
        return await self._presence.read(object_ids, reader(tuple(attributes)))

    async def ask(self, questions: Questions, attributes: Sequence[str]) -> Answers:
        return await self._questions.read(questions, reader(tuple(attributes)))

    async def close(self) -> None:
        await self._client.close()

    def _first_page(self, group: str, users: UserReader) -> RequestInformation:
        query = MembersQuery(select=list(users.select), top=PAGE_SIZE, count=True)
        members = self._client.service.groups.by_group_id(group).transitive_members.graph_user
        request = members.to_get_request_information(RequestConfiguration(query_parameters=query))
        request.headers.add("ConsistencyLevel", "eventual")  # the cast to users is an advanced query
        return request

    def _next_page(self, link: str) -> RequestInformation:
        self._check_link(link)
        request = RequestInformation(Method.GET)
        request.url = link
        request.headers.add("Accept", "application/json")
        request.headers.add("ConsistencyLevel", "eventual")  # without it, the second page of an advanced query is refused
        return request

    async def _refuse_hidden(self, group: str, cause: Reauthorize | None = None) -> None:
        """Raises IncompleteRead for a group that hides its members, which looks empty, or forbidden, to who lacks the permission (D-10)."""
        item = self._client.service.groups.by_group_id(group)
        query = GroupQuery(select=["id", "visibility"])
        answer = await self._client.send(item.to_get_request_information(RequestConfiguration(query_parameters=query)))
        if _decode(answer, _Visible).visibility == "HiddenMembership":
            raise IncompleteRead(f"Group {group} hides its members: consent to Member.Read.Hidden, or select another group") from cause

    def _check(self, page: Page, asked: str) -> None:
        if not page.next:
            return
        self._check_link(page.next)
        if _parts(page.next) == _parts(asked):
            raise IncompleteRead("Microsoft Graph's next page is the page that was asked for: the chain would never end")
        if not page.rows:
            raise IncompleteRead("Microsoft Graph gave an empty page and a next one: the chain is broken, read the group again")

    def _check_link(self, link: str) -> None:
        """The token goes where the link says, so it must lead to the same Graph, below the same version."""
        asked, base = urlsplit(link), urlsplit(self._client.base_url)
        below = asked.path.startswith(f"{base.path}/") and ".." not in unquote(asked.path).split("/")
        if (asked.scheme, asked.netloc.lower()) != (base.scheme, base.netloc.lower()) or not below:
            raise IncompleteRead(f"Microsoft Graph's next page leads to {asked.scheme}://{asked.netloc}, which is not Graph: not followed")


def _parts(url: str) -> tuple[str, list[tuple[str, str]]]:
    """Path and options, comparable however they were escaped and ordered."""
    split = urlsplit(url)
    return split.path, sorted(parse_qsl(split.query))


def _group(row: _Named) -> SourceGroup:
    return SourceGroup(row.id, row.name or "")


def _decode[T](body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        raise StopRun(f"Microsoft Graph's answer is no {kind.__name__.strip('_')}: {broken}") from broken


def open_directory(settings: Settings, tenant_id: str, http: httpx.AsyncClient) -> GraphDirectory:
    """The source of one tenant upon an `open_http` client. Cheap; asks nothing yet."""
    client = GraphClient(http, credential_for(settings, tenant_id), settings.graph_base_url)
    return GraphDirectory(client, Cloud(settings, tenant_id))
