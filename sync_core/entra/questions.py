"""Single users and groups asked about side by side: twenty questions a `$batch` request, for a caller who waits.

Graph throttles the requests inside a batch one by one, and the SDK asks none of them again (learn.microsoft.com, "Microsoft Graph
throttling guidance"), so that is done here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import batched
from typing import Any
from urllib.parse import quote

import msgspec

from sync_core.directory.attributes import USER_PRINCIPAL_NAME
from sync_core.entra.batches import Inner, post, readable
from sync_core.entra.client import GraphClient
from sync_core.entra.errors import BACKOFF, from_graph, retry_after
from sync_core.entra.port import REQUESTS, Answers, Kind, Questions, Sight, SourceGroup, SourceUser
from sync_core.entra.rows import NO_PERMISSION, UserReader
from sync_core.errors import GroupGone, Rejected, StopRun, SyncError, Transient

PATIENCE = 1.0
"""Seconds that all waiting takes at most: somebody waits for the answer."""
SOON = 0.2
"""Seconds until a request is asked again whose answer names no Retry-After."""
MOST_NAMED = 3
"""So many users of one name are told: that there are several is what counts."""
_ADVANCED = {"ConsistencyLevel": "eventual"}


class _Rows(msgspec.Struct):
    value: list[msgspec.Raw]
    next: str = msgspec.field(name="@odata.nextLink", default="")


class _Ids(msgspec.Struct):
    value: list[str]
    next: str = msgspec.field(name="@odata.nextLink", default="")


class _Group(msgspec.Struct):
    id: str
    kind: str = msgspec.field(name="@odata.type", default="#microsoft.graph.group")
    name: str | None = msgspec.field(name="displayName", default=None)
    visibility: str | None = None


class _Detail(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Refusal(msgspec.Struct):
    error: _Detail = msgspec.field(default_factory=_Detail)


class _Question:
    """One request inside a batch, and what is done with its answer."""

    def __init__(self, url: str, note: Callable[[msgspec.Raw | None], None], **more: Any) -> None:
        self.request = {"method": "GET", "url": url, **more}
        self.note = note
        """Takes the body, None for a 404."""
        self.refuse: Callable[[SyncError], SyncError | None] = lambda error: error
        """Takes what a refusal means; gives what is raised, or None where it means 404."""


class QuestionReader:
    def __init__(self, client: GraphClient, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._client = client
        self._sleep = sleep

    async def read(self, questions: Questions, users: UserReader) -> Answers:
        answers = Answers()
        open_ = _questions(questions, answers, users)
        patience = PATIENCE
        while open_:
            batches = [list(part) for part in batched(open_, REQUESTS, strict=False)]
            waits = await asyncio.gather(*map(self._ask, batches))
            open_ = [question for _, again in waits for question in again]
            if open_:
                wait = max(SOON, *(wait for wait, _ in waits))
                if wait > patience:
                    later = wait if wait > SOON else BACKOFF
                    raise Transient(f"Microsoft Graph is too busy to answer {len(open_)} questions", retry_after=later)
                await self._sleep(wait)
                patience -= wait
        return answers

    async def _ask(self, questions: Sequence[_Question]) -> tuple[float, list[_Question]]:
        """One batch: the longest wait that a throttled answer names, and the questions to ask again."""
        wait, told = 0.0, set[int]()
        with readable():
            for number, answer in await post(self._client, [question.request for question in questions]):
                busy = _note(questions[number], answer)
                if busy is None:
                    told.add(number)
                else:
                    wait = max(wait, busy)
        return wait, [question for n, question in enumerate(questions) if n not in told]


def _note(question: _Question, answer: Inner) -> float | None:
    """Notes one answer; gives the seconds to wait when it has to be asked again."""
    if 200 <= answer.status < 300:
        question.note(answer.body)
        return None
    try:
        detail = msgspec.json.decode(answer.body, type=_Refusal).error
    except msgspec.DecodeError:  # a gateway's HTML page, as a text
        detail = _Detail()
    error = from_graph(answer.status, detail.code, detail.message, answer.headers)
    if isinstance(error, Transient):
        return retry_after(answer.headers, default=SOON)
    refusal = None if isinstance(error, GroupGone) else question.refuse(error)  # here it is what was asked for that is gone
    if refusal is not None:
        raise refusal
    question.note(None)
    return None


def _questions(asked: Questions, answers: Answers, users: UserReader) -> list[_Question]:
    select = ",".join(users.select)
    return [
        *(_named(name, asked.attribute, select, answers, users) for name in dict.fromkeys(asked.names)),
        *(_user(object_id, select, answers, users) for object_id in dict.fromkeys(asked.users)),
        *(_memberships(object_id, answers) for object_id in dict.fromkeys(asked.memberships)),
        *(_group(object_id, answers) for object_id in dict.fromkeys(asked.groups)),
        *(_parents(kind, object_id, answers) for kind, object_id in dict.fromkeys(asked.parents)),
    ]


def _named(name: str, attribute: str, select: str, answers: Answers, users: UserReader) -> _Question:
    """By userPrincipalName the user itself is read, which no index lags behind; by other attributes users are searched for."""
    if attribute == USER_PRINCIPAL_NAME and not name.startswith("$"):

        def note(body: msgspec.Raw | None) -> None:
            answers.named[name] = () if body is None else (_decoded(body, users),)

        question = _Question(f"/users/{quote(name, safe='')}?$select={select}", note)
        question.refuse = lambda error: None if isinstance(error, StopRun) else error  # what Graph does not take for a name is nobody's
        return question

    def note_all(body: msgspec.Raw | None) -> None:
        rows = msgspec.json.decode(body, type=_Rows).value if body is not None else []
        answers.named[name] = tuple(_decoded(row, users) for row in rows)

    text = quote(f"{attribute.replace('.', '/')} eq '{name.replace("'", "''")}'", safe="")
    url = f"/users?$filter={text}&$count=true&$top={MOST_NAMED}&$select={select}"
    question = _Question(url, note_all, headers=_ADVANCED)
    question.refuse = lambda error: _cannot_look_up(attribute, error)
    return question


def _cannot_look_up(attribute: str, error: SyncError) -> SyncError:
    if not isinstance(error, StopRun):
        return error
    return Rejected(f"Microsoft Graph does not look users up by {attribute}, the source of usernames: {error}", field="username")


def _user(object_id: str, select: str, answers: Answers, users: UserReader) -> _Question:
    def note(body: msgspec.Raw | None) -> None:
        answers.users[object_id] = None if body is None else _decoded(body, users)

    return _Question(f"/users/{quote(object_id, safe='')}?$select={select}", note)


def _memberships(object_id: str, answers: Answers) -> _Question:
    """All of them: checkMemberGroups takes 20 groups at a time, and 400 may be selected."""

    def note(body: msgspec.Raw | None) -> None:
        ids = msgspec.json.decode(body, type=_Ids) if body is not None else None
        if ids is not None and ids.next:
            raise StopRun("Microsoft Graph listed a user's groups in part: what it is a member of cannot be told")
        answers.memberships[object_id] = frozenset(ids.value) if ids is not None else None

    url = f"/users/{quote(object_id, safe='')}/getMemberGroups"
    return _Question(url, note, method="POST", headers={"Content-Type": "application/json"}, body={"securityEnabledOnly": False})


def _group(object_id: str, answers: Answers) -> _Question:
    def note(body: msgspec.Raw | None) -> None:
        group = msgspec.json.decode(body, type=_Group) if body is not None else None
        hidden = group is not None and group.visibility == "HiddenMembership"
        answers.groups[object_id] = Sight.GONE if group is None else Sight.HIDDEN if hidden else Sight.THERE
        if group is not None:
            answers.group_names[object_id] = group.name or ""

    return _Question(f"/groups/{quote(object_id, safe='')}?$select=id,displayName,visibility", note)


def _parents(kind: Kind, object_id: str, answers: Answers) -> _Question:
    """Of more than 999 the first, for nothing is decided by them."""

    def note(body: msgspec.Raw | None) -> None:
        rows = msgspec.json.decode(body, type=_Rows).value if body is not None else []
        groups = (msgspec.json.decode(row, type=_Group) for row in rows)
        answers.parents[kind, object_id] = tuple(
            SourceGroup(group.id, group.name or "") for group in groups if group.kind.lower() == "#microsoft.graph.group"
        )

    return _Question(f"/{kind}s/{quote(object_id, safe='')}/memberOf?$select=id,displayName&$top=999", note)


def _decoded(body: msgspec.Raw, users: UserReader) -> SourceUser:
    user = users.user(body)
    if user is None:
        raise StopRun(NO_PERMISSION)
    return user
