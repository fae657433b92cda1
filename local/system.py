"""The whole system on this machine under one supervisor: Azurite, a simulated tenant, the function host.

Nothing is kept: Azurite holds all in memory, the key that seals secrets is made anew, and what runs here ends with the supervisor.
"""

import asyncio
import base64
import os
import secrets
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import httpx

from local import azurite
from local.first_key import create_key
from local.foreground import CommandFailed
from local.host.settings import load_local_settings
from local.processes import Child, Program
from local.state import StateFile
from sync_core.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
FAVOURITE_PORT = 7071
"""Where Functions Core Tools serve, too."""
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
    tenant: Tenant | None
    """None where GRAPH_BASE_URL names a real one."""
    ikey: str
    skey: str
    children: tuple[Child, ...]
    options: Options

    async def until_lost(self) -> None:
        """Returns never; raises ChildFailed as soon as any child ends."""
        watches = [asyncio.create_task(child.lost()) for child in self.children]
        try:
            done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for watch in watches:
                watch.cancel()
        raise done.pop().result()

    def note(self, **more: str) -> None:
        """Writes state.json, with `more` in it."""
        StateFile(self.options.folder).write({**_state(self), **more})


@asynccontextmanager
async def local_system(options: Options, say: Callable[[str], None]) -> AsyncGenerator[System]:
    """Starts everything, each part once the one before it is ready; stops it in the opposite order.

    Raises ChildFailed when a part does not start. `say` is told each part's name before its start.
    """
    settings = dict(os.environ)
    load_local_settings(ROOT, settings)
    async with AsyncExitStack() as stack:
        children: list[Child] = []

        async def start(program: Program, *, seconds: float) -> dict[str, str]:
            say(program.name)
            child = await Child.start(program, options.folder / "logs" / f"{program.name}.log")
            stack.push_async_callback(child.stop)
            children.append(child)
            return await child.ready(seconds=seconds)

        settings["AzureWebJobsStorage"] = (await start(_azurite(), seconds=AZURITE_SECONDS))["connection_string"]
        settings["SECRET_KEY"] = base64.b64encode(secrets.token_bytes(32)).decode()
        tenant = None
        if not settings.get("GRAPH_BASE_URL"):
            tenant = Tenant.of(await start(_tenant(options), seconds=TENANT_SECONDS))
            settings |= {"GRAPH_BASE_URL": tenant.graph, "GRAPH_STATIC_TOKEN": tenant.token, "AUTHORITY_URL": tenant.login}
        host = await start(_host(settings, _free_port() if options.port is None else options.port), seconds=HOST_SECONDS)
        await _serves(host["url"], children[-1])
        ikey, skey = await create_key(_product_settings(settings), name="Local system")
        system = System(host["url"], settings["AzureWebJobsStorage"], tenant, ikey, skey, tuple(children), options)
        stack.callback(StateFile(options.folder).remove)
        system.note()
        yield system


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


def _host(settings: Mapping[str, str], port: int) -> Program:
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


def _state(system: System) -> dict[str, object]:
    return {
        "base_url": system.base_url,
        "tenant": asdict(system.tenant) if system.tenant else None,
        "storage": system.storage,
        "ikey": system.ikey,
        "skey": system.skey,
    }
