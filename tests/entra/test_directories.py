"""Opening the sources of tenants."""

import asyncio
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.tenant.serving import Running
from sync_core.entra.directories import Directories
from tests.entra.conftest import settings


def test_importing_the_light_modules_imports_no_heavy_one():
    heavy = "'msgraph', 'kiota_http', 'httpx', 'azure.identity', 'azure.core'"
    program = f"import sys, sync_core.entra.port, sync_core.entra.directories; print([name for name in ({heavy},) if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])

    assert done.stdout.strip() == "[]"


def test_a_full_collection_of_garbage_passes_over_the_libraries_for_graph(running: Running):
    program = (
        "import asyncio, gc, os\n"
        "from sync_core.entra.directories import Directories\n"
        "from tests.entra.conftest import settings\n"
        "asyncio.run(Directories(settings(os.environ['GRAPH'], graph_static_token='t')).of('a'))\n"
        "print(len(gc.get_objects()) < gc.get_freeze_count())"
    )

    environment = os.environ | {"GRAPH": running.graph_url}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2], env=environment
    )

    assert done.stdout.strip() == "True"


async def test_a_tenant_has_one_directory_however_many_ask_for_it_at_once(running: Running):
    directories = Directories(settings(running.graph_url, graph_static_token=running.token))

    same = await asyncio.gather(*(directories.of("a") for _ in range(5)))
    other = await directories.of("b")
    await directories.close()

    assert len({id(directory) for directory in same}) == 1
    assert other is not same[0]


async def test_closing_ends_every_connection(running: Running):
    directories = Directories(settings(running.graph_url, graph_static_token=running.token))
    directory = await directories.of(running.tenant_id)
    await asyncio.gather(*(directory.find_groups("x") for _ in range(4)))

    await directories.close()
    gc.collect()  # a connection that was left open would warn here, and fail the test

    assert not [task for task in asyncio.all_tasks() if "anyio" in repr(task)]


async def test_it_can_be_used_again_after_closing(running: Running):
    directories = Directories(settings(running.graph_url, graph_static_token=running.token))
    await directories.of(running.tenant_id)
    await directories.close()

    directory = await directories.of(running.tenant_id)
    assert await directory.find_groups("All")
    await directories.close()


async def test_closing_what_was_never_opened_is_nothing(running: Running):
    await Directories(settings(running.graph_url, graph_static_token=running.token)).close()


@pytest.mark.parametrize(("proxies", "expected"), [({"https": "http://proxy.example:3128"}, "http://proxy.example:3128"), ({}, None)])
def test_graph_is_reached_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, proxies: dict[str, str], expected: str | None
):
    from sync_core.entra import client

    monkeypatch.setattr(client, "getproxies", lambda: proxies)
    monkeypatch.setattr(client, "proxy_bypass", "127.0.0.1".__eq__)

    assert client._proxy("https://graph.microsoft.com/v1.0") == expected
    assert client._proxy("http://127.0.0.1:80/v1.0") is None
