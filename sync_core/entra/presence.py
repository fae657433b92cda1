"""Users read one by one, each with its groups: ten of them a `$batch` request, two of its twenty requests each.

Graph throttles the requests inside a batch one by one and the SDK asks none of them again (learn.microsoft.com, "Microsoft Graph
throttling guidance"), so that is done here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import batched
from typing import Any
from urllib.parse import quote

import msgspec

from sync_core.entra.batches import Inner, post, readable
from sync_core.entra.client import GraphClient
from sync_core.entra.errors import BACKOFF, from_graph, retry_after
from sync_core.entra.port import REQUESTS, PartlyTold, Presence, SourceUser
from sync_core.entra.rows import NO_PERMISSION, UserReader
from sync_core.errors import GroupGone, StopRun, Transient

PATIENCE = 2.0
"""Seconds that one call waits in all; beyond that its caller's message waits in the queue."""
SOON = 0.5
"""Seconds until a request is asked again whose answer is missing, names no Retry-After, or contradicts its twin's."""


class _GroupIds(msgspec.Struct):
    value: list[str]
    next: str = msgspec.field(name="@odata.nextLink", default="")


class _Detail(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Refusal(msgspec.Struct):
    error: _Detail = msgspec.field(default_factory=_Detail)


class _Person(msgspec.Struct):
    """What was answered about one object id so far."""

    object_id: str
    user_told: bool = False
    user: SourceUser | None = None
    groups_told: bool = False
    groups: frozenset[str] | None = None

    def settle(self) -> bool:
        """Whether both answers are there. Two that disagree about the user's existence are forgotten: replicas differ for moments."""
        told = self.user_told and self.groups_told
        if told and (self.user is None) != (self.groups is None):
            self.user_told = self.groups_told = told = False
        return told


class PresenceReader:
    def __init__(self, client: GraphClient, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._client = client
        self._sleep = sleep

    async def read(self, object_ids: Sequence[str], users: UserReader) -> Mapping[str, Presence]:
        """Every id's answer. Raises PartlyTold with the longest Retry-After once waiting would take more than PATIENCE in all."""
        everybody = [_Person(object_id) for object_id in dict.fromkeys(object_ids)]
        patience = PATIENCE
        open_: list[_Person] = list(everybody)
        while open_:
            try:
                wait = await self._round(open_, users)
                open_ = [person for person in open_ if not person.settle()]
                if open_:
                    patience = await self._wait(max(wait, SOON), patience, len(open_))
            except Transient as busy:
                raise PartlyTold(busy, _told(person for person in everybody if person.settle())) from busy
        return _told(everybody)

    async def _round(self, open_: Sequence[_Person], users: UserReader) -> float:
        """Asks once what is missing; returns the longest wait that was named. A batch that is throttled as a whole ends the round."""
        wait = 0.0
        for requests in batched([request for person in open_ for request in _missing(person)], REQUESTS, strict=False):
            try:
                wait = max(wait, await self._ask(requests, users))
            except Transient as busy:
                return max(wait, busy.retry_after)
        return wait

    async def _wait(self, seconds: float, patience: float, count: int) -> float:
        """Waits, and returns the patience that is left."""
        if seconds > patience:
            again = seconds if seconds > SOON else BACKOFF
            raise Transient(f"Microsoft Graph is too busy to answer for {count} users", retry_after=again)
        await self._sleep(seconds)
        return patience - seconds

    async def _ask(self, requests: Sequence[tuple[_Person, bool]], users: UserReader) -> float:
        """One batch. Notes the answers on their persons; returns the longest wait that a throttled one names."""
        asked = [_request(person, users, groups=groups) for person, groups in requests]
        wait = 0.0
        with readable():
            for number, answer in await post(self._client, asked):
                person, groups = requests[number]
                wait = max(wait, _note(person, answer, users, groups=groups))
        return wait


def _told(persons: Iterable[_Person]) -> dict[str, Presence]:
    return {person.object_id: Presence(person.user, person.groups or frozenset()) for person in persons}


def _missing(person: _Person) -> list[tuple[_Person, bool]]:
    """The requests that `person` still needs: the user (False), the groups (True)."""
    return [(person, groups) for groups, told in ((False, person.user_told), (True, person.groups_told)) if not told]


def _request(person: _Person, users: UserReader, *, groups: bool) -> dict[str, Any]:
    url = f"/users/{quote(person.object_id, safe='')}"
    low = {"x-ms-throttle-priority": "Low"}
    if not groups:
        return {"method": "GET", "url": f"{url}?$select={','.join(users.select)}", "headers": low}
    headers = {"Content-Type": "application/json", **low}
    return {"method": "POST", "url": f"{url}/getMemberGroups", "headers": headers, "body": {"securityEnabledOnly": False}}


def _note(person: _Person, answer: Inner, users: UserReader, *, groups: bool) -> float:
    """Notes one answer; returns the seconds to wait when it has to be asked again, else 0."""
    if not 200 <= answer.status < 300:
        detail = _detail(answer)
        error = from_graph(answer.status, detail.code, detail.message, answer.headers)
        if isinstance(error, Transient):
            return retry_after(answer.headers, default=SOON)
        if not isinstance(error, GroupGone):  # here it is the user that is gone
            raise error
    if groups:
        person.groups, person.groups_told = _groups(answer), True
    else:
        person.user, person.user_told = _user(answer, users), True
    return 0.0


def _detail(answer: Inner) -> _Detail:
    try:
        return msgspec.json.decode(answer.body, type=_Refusal).error
    except msgspec.DecodeError:  # a gateway's HTML page, as a text
        return _Detail()


def _groups(answer: Inner) -> frozenset[str] | None:
    if answer.status == 404:
        return None
    ids = msgspec.json.decode(answer.body, type=_GroupIds)
    if ids.next:
        raise StopRun("Microsoft Graph listed a user's groups in part: nobody's absence can be confirmed")
    return frozenset(ids.value)


def _user(answer: Inner, users: UserReader) -> SourceUser | None:
    if answer.status == 404:
        return None
    user = users.user(answer.body)
    if user is None:
        raise StopRun(NO_PERMISSION)
    return user
