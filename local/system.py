"""The whole system on this machine under one supervisor: Azurite, a simulated tenant, the function host.

Nothing is kept: Azurite holds all in memory, the key that seals secrets is made anew, and what runs here ends with the supervisor.
"""

import base64
import os
import secrets
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, fields
from pathlib import Path

import httpx

from local import azurite
from local.first_key import create_key
from local.foreground import CommandFailed
from local.host.settings import load_local_settings
from local.processes import Child, Children, Program
from local.state import StateFile
from sync_core.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
FAVOURITE_PORT = 7071
"""Where Functions Core Tools serve, too."""
APPLICATION = "5b1d3a52-7c1e-4f0a-9d36-0c8f1e2d4a6b"
"""The client id that asks the simulated tenant for consent."""
AZURITE_SECONDS = 60
TENANT_SECONDS = 120
HOST_SECONDS = 90


@dataclass(frozen=True)
class Options:
    users: int = 2000
    seed: int = 1
    port: int | None = None
    """Of the function host; None: 7071 if it is free, else any; 0: any."""
    folder: Path = ROOT / ".local"
    """For logs and state.json."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Options":
        """From USERS, SEED and PORT. Raises CommandFailed for what is no number."""
        users, seed, port = (environment.get(name, "") for name in ("USERS", "SEED", "PORT"))
        try:
            return cls(users=int(users or cls.users), seed=int(seed or cls.seed), port=int(port) if port else None)
        except ValueError as error:
            raise CommandFailed(f"USERS, SEED and PORT are numbers: {error}") from None


@dataclass(frozen=True, slots=True)
class Tenant:
    """The simulated tenant, as it announces itself."""

    url: str
    graph: str
    login: str
    tenant_id: str
    token: str

    @classmethod
    def of(cls, announced: Mapping[str, str]) -> "Tenant":
        return cls(**{field.name: announced[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class System:
    """A system that runs, and how to reach it."""

    base_url: str
    storage: str
    """Azurite's connection string."""
    secret_key: str
    """What SECRET_KEY is here."""
    tenant: Tenant | None
    """None where GRAPH_BASE_URL names a real one."""
    ikey: str
    skey: str
    children: Children
    state: StateFile

    def note(self, **more: str) -> None:
        """Writes state.json, with `more` in it."""
        tenant = {"tenant_url": self.tenant.url, "tenant_id": self.tenant.tenant_id} if self.tenant else {}
        keys = {"ikey": self.ikey, "skey": self.skey, "secret_key": self.secret_key}
        self.state.write({"base_url": self.base_url, **tenant, "storage": self.storage, **keys, **more})


@asynccontextmanager
async def local_system(options: Options, say: Callable[[str], object]) -> AsyncGenerator[System]:
    """Starts everything, each part once the one before it is ready; stops it in the opposite order.

    Raises ChildFailed when a part does not start. `say` is told each part's name before its start.
    """
    children, state = Children(options.folder / "logs"), StateFile(options.folder)
    try:
        system = await _start(children, state, options, say)
        system.note()
        yield system
    finally:
        state.remove()
        await children.stop()


async def _start(children: Children, state: StateFile, options: Options, say: Callable[[str], object]) -> System:
    settings = dict(os.environ)
    load_local_settings(ROOT, settings)
    say("Azurite")
    _, azurite_says = await children.start(_azurite(), seconds=AZURITE_SECONDS)
    settings |= {"AzureWebJobsStorage": azurite_says["connection_string"], "SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode()}
    tenant = None
    if not settings.get("GRAPH_BASE_URL"):
        say(f"a simulated tenant of {options.users:,} users")
        tenant = Tenant.of((await children.start(_tenant(options), seconds=TENANT_SECONDS))[1])
        settings |= {"GRAPH_BASE_URL": tenant.graph, "GRAPH_STATIC_TOKEN": tenant.token, "AUTHORITY_URL": tenant.login}
        settings.setdefault("ENTRA_CLIENT_ID", APPLICATION)
    ikey, skey = await create_key(_product_settings(settings), name="Local system")
    say("the function host")
    host, host_says = await children.start(_host(settings, options.port), seconds=HOST_SECONDS)
    await _serves(host_says["url"], host)
    return System(
        base_url=host_says["url"],
        storage=settings["AzureWebJobsStorage"],
        secret_key=settings["SECRET_KEY"],
        tenant=tenant,
        ikey=ikey,
        skey=skey,
        children=children,
        state=state,
    )


def _product_settings(settings: Mapping[str, str]) -> Settings:
    return Settings.model_validate({name.lower(): value for name, value in settings.items()})


def _azurite() -> Program:
    def listening(output: str) -> dict[str, str] | None:
        connection = azurite.connection_string(output)
        return {"connection_string": connection} if connection else None

    return Program("azurite", azurite.command(), os.environ, ROOT, listening)


def _tenant(options: Options) -> Program:
    numbers = ("--port", "0", "--users", str(options.users), "--seed", str(options.seed))
    return Program("tenant", (sys.executable, "-m", "local.tenant", *numbers), os.environ, ROOT)


def _host(settings: Mapping[str, str], port: int | None) -> Program:
    port = _free_port() if port is None else port
    return Program("host", (sys.executable, "-m", "local.host", "--port", str(port)), settings, ROOT)


async def _serves(url: str, host: Child) -> None:
    """Until the app has answered its first request, for which it makes its services. Raises ChildFailed."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=HOST_SECONDS) as http:
            answer = await http.get(f"{url}/healthz")
    except httpx.HTTPError as error:
        raise host.failure(f"did not answer /healthz ({error!r})") from error
    if not answer.is_success:
        raise host.failure(f"answered /healthz with {answer.status_code}")


def _free_port() -> int:
    """7071 when nobody has it, else 0, which lets the system choose."""
    with closing(socket.socket()) as probe:
        return FAVOURITE_PORT if probe.connect_ex(("127.0.0.1", FAVOURITE_PORT)) else 0
