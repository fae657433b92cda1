"""What the document describes is what is answered: requests made from it, good ones and bad ones, meet no fault and no surprise."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast
from zlib import crc32

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from msgspec import structs
from schemathesis import checks as of_servers
from schemathesis.specs.openapi import checks as of_documents
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_core.directory.attributes import Mapping as Attributes
from sync_core.directory.edits import GroupEdit, UserEdit
from sync_core.directory.phone_edits import PhoneEdit
from sync_core.directory.roles import Role
from sync_core.directory.trashing import trashed
from sync_core.entra.port import Answers, Presence, Questions
from sync_core.management.syncs import NewSync
from sync_core.runs.record import Phase, State
from sync_core.storage.users import UserRows
from tests.http.calls import HOST, Served, Signed
from tests.management.deployment import deployed
from tests.management.source import SourceModel, guid
from triggers.http.app import create_app

EXAMPLES = 8
"""Of each operation, beside those that probe its limits one by one."""
OF_THE_EDGE = {405, 413}
"""What may be answered whatever the operation."""
SERVER: Any = of_servers  # schemathesis leaves its own types open
DOCUMENT: Any = of_documents
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]
CHECKS = [
    DOCUMENT.status_code_conformance,
    DOCUMENT.content_type_conformance,
    DOCUMENT.response_schema_conformance,
    DOCUMENT.response_headers_conformance,
]


class Nobody(SourceModel):
    """A source that can be asked about users, and knows of none."""

    async def presence(self, object_ids: Sequence[str], attributes: Sequence[str]) -> Mapping[str, Presence]:
        del attributes
        return {object_id: Presence(None) for object_id in object_ids}

    async def ask(self, questions: Questions, attributes: Sequence[str]) -> Answers:
        del attributes
        answers = Answers()
        answers.named.update(dict.fromkeys(questions.names, ()))
        answers.users.update(dict.fromkeys(questions.users))
        answers.memberships.update(dict.fromkeys(questions.memberships))
        answers.parents.update(dict.fromkeys(questions.parents, ()))
        return answers


def signing(app: ASGIApp, signed: Signed) -> ASGIApp:
    """Signs each request that comes, whatever it says of who sends it."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/v1"):
            await app(scope, receive, send)
            return
        body = await _whole(receive)
        query = scope["query_string"].decode()
        url = f"http://{HOST}{scope['raw_path'].decode()}" + (f"?{query}" if query else "")
        request = next(signed.auth_flow(httpx.Request(scope["method"], url, content=body)))
        own = [
            (name, value)
            for name, value in scope["headers"]
            if name not in (b"authorization", b"date", b"host") and not name.startswith(b"x-duo-")
        ]
        given = [(name.encode(), request.headers[name].encode()) for name in ("host", "date", "authorization")]
        unread: list[Message] = [{"type": "http.request", "body": body}]

        async def again() -> Message:
            return unread.pop() if unread else await receive()

        await app({**scope, "headers": own + given}, again, send)

    return served


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


class Place:
    """An app over a deployment that has something of everything, new for each operation; and the ids of it, by what takes them."""

    def __init__(self) -> None:
        self.known: dict[str, list[str]] = {}

    async def furnish(self) -> None:
        deployment = await deployed()
        deployment.source = Nobody()
        deployment.source.add_groups(3)
        connection = await deployment.connected()
        new = (NewSync(connection.connection_id, (guid(n),), Attributes(), f"Sync {n}") for n in range(2))
        syncs = [await deployment.services.syncs.create(one, by="test") for one in new]
        edits = (UserEdit(username=f"user{n}@corp.example", email="a@corp.example") for n in range(4))
        users = [(await deployment.services.users.create(edit, by="test")).user.user_id for edit in edits]
        group, _ = await deployment.services.groups.create(GroupEdit(name="Contractors"), by="test")
        await deployment.services.memberships.add(group.group_id, users[0], by="test")
        gone = await UserRows(deployment.tables).change(users[3], lambda user: trashed(user, deployment.clock.now(), 7))
        assert gone is not None
        await deployment.context.trash.point([gone])
        _, phone = await deployment.services.phones.add(users[0], PhoneEdit(number="+442079460316"), by="test")
        queued = await deployment.services.runs.start(syncs[0].directory_key, "test", diagnostics=True)
        ended = structs.replace(queued, run="e" * 32, phase=Phase.ENDED, state=State.COMPLETED, ended_at=deployment.clock.now())
        await deployment.context.runs.insert(ended)
        ikey, _ = await deployment.services.integrations.create("A script", Role.READ_ONLY)
        served = Served(deployment.services, deployment.clock)
        self._app = signing(create_app(served.give), await served.caller(Role.OWNER))
        self.known = {
            "connection_id": [connection.connection_id],
            "directory_key": [sync.directory_key for sync in syncs],
            "user_id": users,
            "group_id": [group.group_id, syncs[0].groups[0].group_id],
            "phone_id": [phone.phone_id],
            "reference_code": [queued.run, ended.run],
            "ikey": [ikey],
            "object_id": [guid(1)],
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def lead(self, case: Any) -> None:
        """Mostly to what is there: else a request stays as it was generated."""
        for given in (case.path_parameters, case.body):
            if isinstance(given, dict):
                fields = cast("dict[str, Any]", given)
                fields.update({name: self._there(name, fields[name]) for name in fields.keys() & self.known.keys()})

    def _there(self, name: str, value: object) -> object:
        at, there = crc32(repr(value).encode()), self.known[name]
        return there[at % len(there)] if at % 5 else value


PLACE = Place()
asyncio.run(PLACE.furnish())
described = schemathesis.openapi.from_asgi("/api/openapi.json", PLACE)


@pytest.fixture(autouse=True)
def furnished() -> None:
    asyncio.run(PLACE.furnish())


@described.parametrize()  # pyright: ignore[reportUntypedFunctionDecorator], it has no types
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
def test_every_operation_answers_as_it_is_described(case: Any) -> None:
    PLACE.lead(case)
    answer = case.call()
    case.validate_response(answer, checks=[SERVER.not_a_server_error, *CHECKS])
    declared = case.operation.definition.raw["responses"]
    assert str(answer.status_code) in declared or answer.status_code in OF_THE_EDGE, f"{answer.status_code} is told of only by default"
