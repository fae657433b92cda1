"""local/system.py: all parts together, as make run starts them."""

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx
import pytest

from local.client import Signed
from local.system import Options, local_system
from tests.setup.scratch import ROOT
from tests.setup.test_readme import python_examples


async def test_a_local_system_answers_signed_calls_and_leaves_nothing_behind(tmp_path: Path) -> None:
    said: list[str] = []
    options = Options(users=20, port=0, folder=tmp_path / ".local")
    async with local_system(options, say=said.append) as system:
        system.note(directory_key="DK1")
        state = json.loads(system.state.path.read_text())
        async with httpx.AsyncClient(base_url=state["base_url"], auth=Signed(state["ikey"], state["skey"]), trust_env=False) as api:
            assert (await api.get("/api/v1/users")).json() == {"items": [], "next_cursor": None}
            assert (await api.get("/api/v1/users", auth=Signed(state["ikey"], "wrong"))).status_code == 401
            for example in python_examples():
                call = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-c", example), cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
                )
                assert await call.wait() == 0
        assert {"tenant_url", "tenant_id", "storage", "secret_key"} < state.keys()
        assert state["directory_key"] == "DK1"
    assert said == ["Azurite", "a simulated tenant of 20 users", "the function host"]
    assert not system.state.path.exists()
    async with httpx.AsyncClient(trust_env=False) as http:
        for url in (state["base_url"], state["tenant_url"]):
            with pytest.raises(httpx.ConnectError):
                await http.get(url)
