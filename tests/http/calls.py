"""The app, and callers whose calls the official client signs."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Self, cast
from urllib.parse import parse_qs

import duo_client.client as duo  # pyright: ignore[reportMissingTypeStubs], it has none
import httpx

from sync_core.directory.roles import Role
from sync_core.individual.explain import Explain
from sync_core.individual.sync import IndividualSync
from sync_core.management.admin_api import AdminApi
from sync_core.management.approvals import Approvals
from sync_core.management.connections import Connections
from sync_core.management.consents import Consents
from sync_core.management.directory import DirectoryViews
from sync_core.management.groups import Groups
from sync_core.management.health import Health
from sync_core.management.history import History
from sync_core.management.idempotency import Idempotency
from sync_core.management.integrations import Integrations
from sync_core.management.journal import Journal
from sync_core.management.memberships import Memberships
from sync_core.management.phones import Phones
from sync_core.management.schedules import Schedules
from sync_core.management.sign_in import SignIn
from sync_core.management.sync_settings import SyncSettings
from sync_core.management.syncs import Syncs
from sync_core.management.trash import Trash
from sync_core.management.user_import import UserImport
from sync_core.management.users import Users
from sync_core.runs.diagnostics import Diagnostics
from sync_core.runs.preview import Previews
from sync_core.services import Services
from tests.http.runs import RunsModel
from tests.management.deployment import Deployment
from triggers.http.app import create_app

HOST = "api.corp.example"
official: Any = duo


@dataclass
class Served:
    """What function_app.py gives the edge, over a deployment in memory."""

    connections: Connections
    syncs: Syncs
    consents: Consents
    sync_settings: SyncSettings
    schedules: Schedules
    runs: RunsModel
    previews: Previews
    approvals: Approvals
    individual: IndividualSync
    phones: Phones
    explain: Explain
    diagnostics: Diagnostics
    directory: DirectoryViews
    users: Users
    user_import: UserImport
    groups: Groups
    memberships: Memberships
    sign_in: SignIn
    trash: Trash
    integrations: Integrations
    journal: Journal
    repeats: Idempotency
    history: History
    admin: AdminApi
    health: Health
    public_hosts: tuple[str, ...] = ()

    def give(self) -> Services:
        return cast("Services", self)

    @classmethod
    def of(cls, deployment: Deployment) -> "Served":
        return cls(
            connections=deployment.connections,
            syncs=deployment.syncs,
            consents=deployment.consents,
            sync_settings=deployment.sync_settings,
            schedules=deployment.schedules,
            runs=RunsModel(deployment.syncs),
            previews=deployment.previews,
            approvals=deployment.approvals,
            individual=deployment.individual,
            phones=deployment.phones,
            explain=deployment.explain,
            diagnostics=deployment.diagnostics,
            directory=deployment.directory,
            users=deployment.users,
            user_import=deployment.user_import,
            groups=deployment.groups,
            memberships=deployment.memberships,
            sign_in=deployment.sign_in,
            trash=deployment.trash,
            integrations=deployment.integrations,
            journal=deployment.journal,
            repeats=deployment.repeats,
            history=deployment.history,
            admin=deployment.admin,
            health=deployment.health,
        )


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


@dataclass
class Api:
    deployment: Deployment
    served: Served
    client: httpx.AsyncClient

    @property
    def date(self) -> str:
        return f"{self.deployment.clock.now():%a, %d %b %Y %H:%M:%S} -0000"

    async def caller(self, role: Role) -> Signed:
        return Signed(*await self.served.integrations.create(f"A script of role {role}", role), self.date)


def serve(deployment: Deployment) -> Api:
    served = Served.of(deployment)
    transport = httpx.ASGITransport(app=create_app(served.give), raise_app_exceptions=False)
    return Api(deployment, served, httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}:7071"))
