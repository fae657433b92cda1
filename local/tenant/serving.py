"""Runs a simulated tenant on a free port of this machine: inside a test's event loop, beside it in a thread, or as a process."""

import asyncio
import queue
import socket
import ssl
import tempfile
import threading
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from local.tenant.app import create_app
from local.tenant.control import Control
from local.tenant.faults import AnyFault, Faults
from local.tenant.model import Tenant
from local.tenant.simulation import Simulation
from local.tenant.wire import RequestLog


@dataclass(frozen=True, slots=True)
class Running:
    """Where the tenant is reached, and what a test looks at or changes while it runs.

    `login_url` is the authority of tokens and consent: https with the certificate authority in `ca_file` when served with TLS.
    """

    url: str
    login_url: str
    ca_file: Path | None
    simulation: Simulation

    @property
    def graph_url(self) -> str:
        return f"{self.url}/v1.0"

    @property
    def token(self) -> str:
        return self.simulation.tokens.static

    @property
    def tenant(self) -> Tenant:
        return self.simulation.tenant

    @property
    def tenant_id(self) -> str:
        return self.simulation.tenant.organization.id

    @property
    def control(self) -> Control:
        return self.simulation.control

    @property
    def faults(self) -> Faults:
        return self.simulation.faults

    @property
    def requests(self) -> RequestLog:
        return self.simulation.requests


@asynccontextmanager
async def serve(
    tenant: Tenant, faults: Iterable[AnyFault] = (), *, port: int = 0, tls: bool = False, consent_required: bool = False
) -> AsyncGenerator[Running]:
    """Serves until the block ends. With `tls` the whole is also served over https, on another port: see `login_url`."""
    simulation = Simulation(tenant, faults, consent_required=consent_required)
    app = create_app(simulation)
    async with AsyncExitStack() as stack:
        login_url = url = f"http://127.0.0.1:{await stack.enter_async_context(_listening(app, port))}"
        ca_file: Path | None = None
        if tls:
            ca_file, context = stack.enter_context(_certificate())
            login_url = f"https://127.0.0.1:{await stack.enter_async_context(_listening(app, 0, context))}"
        yield Running(url, login_url, ca_file, simulation)


@contextmanager
def serve_in_thread(tenant: Tenant, faults: Iterable[AnyFault] = (), *, tls: bool = False) -> Generator[Running]:
    """The same with an event loop of its own, for callers that block. Change the tenant only while no request is under way."""
    started: queue.SimpleQueue[tuple[Running, asyncio.AbstractEventLoop, asyncio.Event]] = queue.SimpleQueue()

    async def hold() -> None:
        async with serve(tenant, faults, tls=tls) as running:
            stop = asyncio.Event()
            started.put((running, asyncio.get_running_loop(), stop))
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(hold()), name="simulated tenant")
    thread.start()
    running, loop, stop = started.get(timeout=30)
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@asynccontextmanager
async def _listening(app: Starlette, port: int, context: ssl.SSLContext | None = None) -> AsyncGenerator[int]:
    """uvicorn without its own handling of signals and logs: both belong to whoever runs this."""
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(app, lifespan="off", log_config=None, log_level="critical", access_log=False)
    config.load()
    config.ssl = context
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    try:
        yield listener.getsockname()[1]
    finally:
        await _end(server)


async def _end(server: uvicorn.Server) -> None:
    """Ends at once, answers under way too: uvicorn's own shutdown gives them time, a tenth of a second each time even for none."""
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    for task in list(server.server_state.tasks):
        task.cancel()
    await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
    await asyncio.sleep(0)  # closed transports say so in the loop's next turn


@contextmanager
def _certificate() -> Generator[tuple[Path, ssl.SSLContext]]:
    """A certificate for this machine and the file of the authority that signed it."""
    import trustme

    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with tempfile.TemporaryDirectory(prefix="simulated-tenant-") as folder:
        ca_file = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(str(ca_file))
        yield ca_file, context
