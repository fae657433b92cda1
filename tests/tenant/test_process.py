"""The tenant as a process of its own, and in a thread."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from local.tenant.faults import Throttle
from local.tenant.model import Tenant
from local.tenant.serving import serve_in_thread
from tests.tenant.conftest import NO_TLS, STAFF

ROOT = Path(__file__).parents[2]


def start(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local.tenant", "--users", "50", *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_quietly(number: signal.Signals):
    with start() as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        answer = httpx.get(f"{where['graph']}/organization", headers={"authorization": f"Bearer {where['token']}"}, verify=NO_TLS)
        assert answer.json()["value"][0]["id"] == where["tenant_id"]
        process.send_signal(number)
        rest = process.communicate(timeout=20)
    assert (process.returncode, *rest) == (0, "", "")


def test_an_unreadable_folder_is_named(tmp_path: Path):
    with start("--folder", str(tmp_path)) as process:
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said.startswith("users.json cannot be read")) == (1, True)


def test_a_caller_that_blocks_is_served_from_a_thread(tenant: Tenant):
    with serve_in_thread(tenant, [Throttle(times=1)]) as running, httpx.Client(verify=NO_TLS) as client:
        client.headers["authorization"] = f"Bearer {running.token}"
        assert client.get(f"{running.graph_url}/groups/{STAFF}").status_code == 429
        assert client.get(f"{running.graph_url}/groups/{STAFF}").json()["displayName"] == "All Staff"
        assert running.requests.counts == {"group": 2}
