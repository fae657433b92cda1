"""Runs a simulated tenant on a free port of this machine, inside a test's event loop or beside it in a thread."""

import socket
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn

from local.tenant.app import Simulation, create_app
from local.tenant.faults import AnyFault, Faults
from local.tenant.model import Tenant
from local.tenant.wire import RequestLog


@dataclass(frozen=True, slots=True)
class Running:
    """Where the tenant is reached, and what a test looks at or changes while it runs."""

    url: str
    simulation: Simulation

    @property
    def graph_url(self) -> str:
        return f"{self.url}/v1.0"

    @property
    def token(self) -> str:
        return self.simulation.token

    @property
    def tenant(self) -> Tenant:
        return self.simulation.tenant

    @property
    def faults(self) -> Faults:
        return self.simulation.faults

    @property
    def requests(self) -> RequestLog:
        return self.simulation.requests


@asynccontextmanager
async def serve(tenant: Tenant, faults: Iterable[AnyFault] = (), *, port: int = 0) -> AsyncGenerator[Running]:
    simulation = Simulation(tenant, faults)
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(create_app(simulation), lifespan="off", log_config=None, log_level="critical", timeout_graceful_shutdown=1)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    try:
        yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}", simulation)
    finally:
        await server.shutdown([listener])
