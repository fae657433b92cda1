"""One flipped bit in any byte of a request that the official client signed: it is refused, and changes nothing (admin-api.md §1)."""

import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from sync_core.directory.integrations import Grant
from sync_core.directory.roles import Role
from sync_core.management.signatures import FORM, canonical_query
from tests.admin_api.caller import official
from tests.http.calls import HOST, Api
from triggers.http.app import create_app

READ = {"limit": "2", "offset": "0", "username": "änn + co"}
WRITE = {"username": "änn + co", "realname": "Ann / L% & co", "notes": ""}


@dataclass(frozen=True)
class Sent:
    """A request as it is on the wire, in the parts that say what is asked and by whom."""

    method: bytes
    path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def parts(self) -> list[bytes]:
        return [self.method, self.path, self.query, *(value for _, value in self.headers), self.body]

    def with_parts(self, parts: list[bytes]) -> "Sent":
        method, path, query, *values, body = parts
        names = [name for name, _ in self.headers]
        return Sent(method, path, query, tuple(zip(names, values, strict=True)), body)

    def says_the_same(self, other: "Sent") -> bool:
        """Whether they differ in spelling only: "+" or "%20", "%2b" or "%2B", a host or a scheme in other letters."""
        return self._plain() == other._plain()

    def _plain(self) -> tuple[object, ...]:
        headers = dict(self.headers)
        form = headers.get(b"content-type", b"").lower() == FORM.encode() and self.body.isascii()
        body = canonical_query(self.body.decode()) if form else self.body
        scheme, _, credentials = headers[b"authorization"].partition(b" ")
        kept = headers | {b"host": headers[b"host"].lower(), b"authorization": scheme.lower() + b" " + credentials}
        kept[b"content-type"] = headers.get(b"content-type", b"").lower()
        return self.method.upper(), self.path, canonical_query(self.query.decode("latin-1")), kept, body


class Wire:
    """A connection that keeps what the official client would send, and what is read of it: a type of content decides v2's only."""

    status = 200

    def __init__(self) -> None:
        self.sent: Sent | None = None

    def request(self, method: str, uri: str, body: Any, headers: dict[bytes, bytes]) -> None:
        path, _, query = uri.encode().partition(b"?")
        given = {_bytes(name).lower(): _bytes(value) for name, value in headers.items()}
        read = (b"authorization", b"date", b"host", *((b"content-type",) if given.get(b"content-type") == FORM.encode() else ()))
        kept = {name: given[name] for name in read if name in given}
        self.sent = Sent(method.encode(), b"/api" + path, query, tuple(kept.items()), _bytes(body or b""))

    def getresponse(self) -> "Wire":
        return self

    def read(self) -> bytes:
        return b"{}"

    def close(self) -> None: ...


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


async def answered(app: ASGIApp, sent: Sent) -> int:
    """The status."""
    found: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": sent.body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    path = {"path": sent.path.decode("latin-1"), "raw_path": sent.path, "query_string": sent.query, "root_path": ""}
    line = {"type": "http", "http_version": "1.1", "method": sent.method.decode("latin-1"), "scheme": "https", **path}
    about = {"headers": list(sent.headers), "client": ("127.0.0.1", 1), "server": (HOST, 443), "asgi": {"version": "3.0"}}
    await app(line | about, receive, send)
    (status,) = found
    return status


@pytest.mark.parametrize(("method", "params"), [("GET", READ), ("POST", WRITE)])
@pytest.mark.parametrize("version", [2, 4, 5])
async def test_one_flipped_bit_in_any_byte_is_refused(
    api: Api, version: int, method: str, params: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await api.services.integrations.create("A script", Role.OWNER, tuple(Grant))
    monkeypatch.setattr("email.utils.formatdate", lambda: api.date)
    client, wire = official.Admin(*key, HOST, sig_version=version), Wire()
    client._connect = lambda: wire
    client.api_call(method, "/admin/v1/users", params)
    assert wire.sent is not None
    sent = replace(wire.sent, headers=tuple((dict(wire.sent.headers) | {b"host": HOST.encode()}).items()))
    app, bits = create_app(api.give), random.Random(version)
    before = await api.deployment.rows()

    refused: set[int] = set()
    for number, part in enumerate(sent.parts):
        for at in range(len(part)):
            flipped = bytearray(part)
            flipped[at] ^= 1 << bits.randrange(8)
            other = sent.with_parts([bytes(flipped) if number == other else same for other, same in enumerate(sent.parts)])
            if not other.says_the_same(sent):
                status = await answered(app, other)
                assert status in (401, 404), (number, at, bytes(flipped), status)
                refused.add(status)

    assert 401 in refused
    assert await api.deployment.rows() == before
    assert await answered(app, sent) == 200
