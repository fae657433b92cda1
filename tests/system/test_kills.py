"""The host is killed ten times at random moments of runs, while others use its API, and started again each time: in the end nothing shows
of it, and what it had answered holds.
"""

import asyncio
import os
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import httpx
import pytest
import pytest_asyncio
from azure.data.tables.aio import TableServiceClient

from local.processes import Child, Program
from local.system import HOST_SECONDS, ROOT, Options, System, local_system
from sync_core import ids
from sync_core.storage.azure import Account, AzureTables
from sync_core.storage.schema import TABLES
from sync_core.storage.tables import Upsert
from tests.runs.picture import check_sound
from tests.runs.world import World
from tests.system.driver import ENDED, Driver

pytestmark = pytest.mark.asyncio(loop_scope="module")

USERS = 250
KILLS = 10
WRITERS = 2
LAUNCHER = Path(__file__).with_name("host_that_forgets_soon.py")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def driver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Driver]:
    options = Options(users=USERS, port=0, folder=tmp_path_factory.mktemp("system"))
    async with local_system(options, say=lambda _: None) as system, Driver.of(system) as driver:
        yield driver


class Host:
    """The one host of a system, which is killed and started again at the same address."""

    def __init__(self, system: System) -> None:
        assert system.tenant is not None
        self._system = system
        settings = {
            "AzureWebJobsStorage": system.storage,
            "SECRET_KEY": system.secret_key,
            "GRAPH_BASE_URL": system.tenant.graph,
            "GRAPH_STATIC_TOKEN": system.tenant.token,
            "AUTHORITY_URL": system.tenant.login,
            "PYTHONPATH": str(ROOT),
        }
        command = (sys.executable, str(LAUNCHER), "--port", str(httpx.URL(system.base_url).port))
        self._program = Program("killed-host", command, {**os.environ, **settings}, ROOT)
        self._pid = system.children.pid("host")
        self._child: Child | None = None

    async def kill_and_start(self) -> None:
        os.killpg(self._pid, signal.SIGKILL)
        if self._child is not None:
            await self._child.lost()
        self._child, _ = await self._system.children.start(self._program, seconds=HOST_SECONDS)
        self._pid = self._child.pid


async def change_something(driver: Driver, dice: Random) -> None:
    people = (await driver.control.get("/users", params={"limit": 1000})).json()
    for person in dice.sample(people, 20):
        new = {"displayName": f"Number {dice.randrange(1000)}", "accountEnabled": dice.random() < 0.8}
        (await driver.control.patch(f"/users/{person['id']}", json=new)).raise_for_status()


async def going_on(driver: Driver) -> str:
    """The address of the run that goes on; "" when none does."""
    runs = (await driver.get(f"/api/v1/syncs/{driver.directory_key}/runs"))["items"]
    return f"/api/v1/runs/{runs[0]['reference_code']}" if runs and runs[0]["state"] not in ENDED else ""


class Load:
    """People who read the users and write notes of some, one after the other, whatever becomes of the host."""

    def __init__(self, driver: Driver, dice: Random) -> None:
        self._driver, self._dice = driver, dice
        self.notes: defaultdict[str, set[str]] = defaultdict(lambda: {""})
        """By user id, what they may be: the one that was answered last, and those of which no answer came since."""
        self.answered = 0

    @asynccontextmanager
    async def at_work(self) -> AsyncGenerator[None]:
        tasks = [asyncio.create_task(self._again_and_again(which)) for which in range(WRITERS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _again_and_again(self, which: int) -> None:
        while True:
            with suppress(httpx.HTTPError):
                page = await self._driver.get("/api/v1/users", limit=300)
                mine = [user for user in page["items"] if ids.ALPHABET.index(user["user_id"][2]) % WRITERS == which]
                for user in self._dice.sample(mine, min(3, len(mine))):
                    await self._write(user["user_id"])
            await asyncio.sleep(0.05)

    async def _write(self, user_id: str) -> None:
        note = f"note {self._dice.random()}"
        self.notes[user_id].add(note)
        answer = await self._driver.api.patch(f"/api/v1/users/{user_id}", json={"notes": note})
        if answer.status_code == 200:
            self.notes[user_id] = {note}
            self.answered += 1


async def test_ten_kills_at_random_moments_leave_nothing_behind(driver: Driver):  # architecture: every step can die anywhere
    dice, host = Random(7), Host(driver.system)
    load, at_work = Load(driver, Random(8)), 0
    await host.kill_and_start()
    groups = await driver.groups()
    await driver.connect([group["id"] for group in groups])
    async with load.at_work():
        for _ in range(KILLS):
            if not await going_on(driver):
                await change_something(driver, dice)
                started = await driver.api.post(f"/api/v1/syncs/{driver.directory_key}/runs")
                assert started.status_code in {202, 409}, started.text  # 409: the last one shows its end before it frees the sync
            await asyncio.sleep(dice.uniform(0, 1.5))
            at_work += bool(await going_on(driver))
            await host.kill_and_start()
    assert at_work >= KILLS // 2
    assert load.answered >= KILLS
    if last := await going_on(driver):
        await driver.ended(last)
    await change_something(driver, dice)

    run = await driver.run()

    assert run["state"] == "completed", run
    people = (await driver.control.get("/users", params={"limit": 1000})).json()
    expected = {(person["userPrincipalName"], person["displayName"], person["accountEnabled"]) for person in people}
    users = await driver.all("/api/v1/users")
    assert {(user["username"], user["realname"], user["status"] == "active") for user in users} == expected
    assert len(users) == USERS
    assert all(user["notes"] in load.notes[user["user_id"]] for user in users)
    assert sum(len(user["groups"]) for user in users) == sum(group["members"] for group in groups)
    await check_sound(await in_memory(driver.system.storage))


async def in_memory(storage: str) -> World:
    """A world with all rows, but those of runs at work: a killed host may have left a sign of life."""
    world = World()
    await world.prepare()
    tables = AzureTables(Account(storage))
    async with TableServiceClient.from_connection_string(storage) as service:
        for table in set(TABLES) - {"Staging"}:
            rows = service.get_table_client(table).list_entities(select=["PartitionKey", "RowKey"])
            for partition in {str(row["PartitionKey"]) async for row in rows}:  # pyright: ignore[reportUnknownArgumentType], an SDK entity
                async for page in tables.query(table, partition):
                    for row in page:
                        await world.tables.write(table, Upsert(row))
    await tables.close()
    return world
