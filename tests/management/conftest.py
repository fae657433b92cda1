import pytest

from tests.management.deployment import Deployment, deployed


@pytest.fixture
async def deployment() -> Deployment:
    return await deployed()
