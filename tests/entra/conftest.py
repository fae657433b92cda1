"""A simulated tenant, and the reader on it; and a reader on answers that a test writes itself."""

from collections.abc import AsyncGenerator, Callable

import httpx
import pytest

from local.tenant.generation import generate
from local.tenant.serving import Running, serve
from sync_core.entra.client import open_http
from sync_core.entra.directories import Directories
from sync_core.entra.graph import GraphDirectory, open_directory
from sync_core.entra.port import Directory
from sync_core.settings import Settings

SECRET_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
GRAPH = "http://127.0.0.1:9/v1.0"

type Answering = Callable[[httpx.Request], httpx.Response]
type OnAnswers = Callable[[Answering], GraphDirectory]


def settings(graph_url: str, **values: str) -> Settings:
    return Settings.model_validate({"secret_key": SECRET_KEY, "graph_base_url": graph_url, **values})


@pytest.fixture
async def running() -> AsyncGenerator[Running]:
    """A tenant of 2,000 people; its group "All Staff" has everybody, on three pages."""
    async with serve(generate(2000)) as running:
        yield running


@pytest.fixture
async def directory(running: Running) -> AsyncGenerator[Directory]:
    directories = Directories(settings(running.graph_url, graph_static_token=running.token))
    yield await directories.of(running.tenant.organization.id)
    await directories.close()


@pytest.fixture
def everybody(running: Running) -> str:
    """The object id of All Staff."""
    return next(group["id"] for group in running.tenant.groups.values() if group["displayName"] == "All Staff")


@pytest.fixture
async def on_answers() -> AsyncGenerator[OnAnswers]:
    """A reader whose requests are answered by a function, without a network."""
    opened: list[tuple[GraphDirectory, httpx.AsyncClient]] = []

    def open_(answer: Answering) -> GraphDirectory:
        http = open_http(GRAPH, httpx.MockTransport(answer))
        opened.append((open_directory(settings(GRAPH, graph_static_token="token"), "tenant", http), http))
        return opened[-1][0]

    yield open_
    for directory, http in opened:
        await directory.close()
        await http.aclose()
