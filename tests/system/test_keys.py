"""Integration keys by the command of who runs the deployment: made, listed, given new secrets and revoked (D-34)."""

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

import httpx
import pytest

from local.client import Signed
from tests.system.driver import Driver

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def command(driver: Driver, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {"AzureWebJobsStorage": driver.system.storage, "SECRET_KEY": driver.system.secret_key}
    line = [sys.executable, "-m", module, *arguments]
    return await asyncio.to_thread(subprocess.run, line, env=os.environ | settings, capture_output=True, text=True, timeout=60)


async def said(driver: Driver, module: str, *arguments: str) -> Any:
    done = await command(driver, module, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def status(driver: Driver, ikey: str, skey: str) -> int:
    """What the running host answers to a call that this key signs."""
    async with httpx.AsyncClient(base_url=driver.system.base_url, auth=Signed(ikey, skey), trust_env=False) as http:
        return (await http.get("/api/v1/users?limit=1")).status_code


async def test_a_key_is_made_listed_given_a_new_secret_and_revoked_by_a_command(driver: Driver) -> None:
    made = await said(driver, "local.first_key", "--name", "Nightly report", "--role", "Read-only", "--grant", "read log")
    ikey = made["ikey"]
    (listed,) = [key for key in await said(driver, "local.keys", "list") if key["ikey"] == ikey]
    assert {name: listed[name] for name in ("name", "role", "grants", "rotated_at")} == {
        "name": "Nightly report",
        "role": "Read-only",
        "grants": ["read log"],
        "rotated_at": None,
    }
    rotated = await said(driver, "local.keys", "rotate", ikey)
    assert rotated["rotated_at"] is not None
    assert await status(driver, ikey, made["skey"]) == 401
    assert await status(driver, ikey, rotated["skey"]) == 200
    everything = json.dumps(await said(driver, "local.keys", "list"))
    assert made["skey"] not in everything
    assert rotated["skey"] not in everything
    other = await said(driver, "local.first_key", "--name", "Other", "--role", "Read-only")
    assert await said(driver, "local.keys", "revoke", other["ikey"]) == {"ikey": other["ikey"], "revoked": True}
    assert await status(driver, other["ikey"], other["skey"]) == 401
    assert other["ikey"] not in json.dumps(await said(driver, "local.keys", "list"))
    log = [row for row in (await driver.get("/api/v1/log", limit=300))["items"] if row["object_id"] in (ikey, other["ikey"])]
    assert {(row["action"], row["actor"]) for row in log} == {
        (action, "System") for action in ("integration_create", "integration_update", "integration_delete")
    }


@pytest.mark.parametrize("verb", ["rotate", "revoke"])
async def test_a_key_that_nobody_has_is_said_to_be_none(driver: Driver, verb: str) -> None:
    done = await command(driver, "local.keys", verb, "DI2A3B4C5D6E7F2G3H4I")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no integration key 'DI2A3B4C5D6E7F2G3H4I'" in done.stderr
