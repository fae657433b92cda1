import pytest

from tests.management.deployment import Deployment, deployed
from tests.management.office import Office
from tests.runs.world import World


@pytest.fixture
async def deployment() -> Deployment:
    return await deployed()


@pytest.fixture
async def office() -> Office:
    world = World()
    await world.prepare()
    return Office(world)
