import pytest

from sync_core.directory.roles import Role
from tests.admin_api.caller import AdminCaller
from tests.http.calls import Api
from tests.management.deployment import deployed


@pytest.fixture
async def api() -> Api:
    """The app over an empty deployment."""
    return Api(await deployed())


@pytest.fixture
async def admin(api: Api) -> AdminCaller:
    """Calls with every grant."""
    return await AdminCaller.of(api, Role.OWNER)
