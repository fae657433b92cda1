"""The app, and callers whose calls the official client signs."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Self, cast
from urllib.parse import parse_qs

import duo_client.client as duo  # pyright: ignore[reportMissingTypeStubs], it has none
import httpx

from sync_core.clock import Clock
from sync_core.directory.roles import Role
from sync_core.services import Services
from tests.http.runs import RunsModel
from tests.management.deployment import Deployment
from triggers.http.app import create_app

HOST = "api.corp.example"
official: Any = duo


class RawBody(str):
    """A body that is no text, for a client that signs texts."""

    __slots__ = ("raw",)

    def __new__(cls, raw: bytes) -> Self:
        body = super().__new__(cls)
        body.raw = raw
        return body

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        assert (encoding, errors) == ("utf-8", "strict")
        return self.raw


class Signed(httpx.Auth):
    """Signature v5, made by duo_client's own code."""

    requires_request_body = True

    def __init__(self, ikey: str, skey: str, date: str, *, mount: str = "", host: str = HOST) -> None:
        self._key = (ikey, skey)
        self._date = date
        self._mount = mount
        self._host = host

    def on(self, date: str) -> "Signed":
        """The same key, another time."""
        return Signed(*self._key, date, mount=self._mount, host=self._host)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        path = request.url.raw_path.partition(b"?")[0].decode()
        params = parse_qs(request.url.query.decode(), keep_blank_values=True)
        request.headers["Date"] = self._date
        request.headers["Authorization"] = official.sign(
            *self._key,
            request.method,
            self._host,
            self._mount + path.removeprefix("/api"),
            self._date,
            5,
            official.normalize_params(params),
            body=RawBody(request.content),
        )
        yield request


class Served:
    """The app over these services, and its client, which does not sign."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self.services, self._clock = services, clock
        transport = httpx.ASGITransport(app=create_app(self.give), raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}:7071")

    def give(self) -> Services:
        return self.services

    def put(self, **services: Any) -> None:
        """In the places of those that were there, from the next call on."""
        self.services = replace(self.services, **services)

    @property
    def date(self) -> str:
        return f"{self._clock.now():%a, %d %b %Y %H:%M:%S} -0000"

    async def caller(self, role: Role) -> Signed:
        return Signed(*await self.services.integrations.create(f"A script of role {role}", role), self.date)


class Api(Served):
    """Over a deployment in memory, with runs that are modelled."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.runs = RunsModel(deployment.services.syncs)
        super().__init__(replace(deployment.services, runs=cast("Any", self.runs)), deployment.clock)
