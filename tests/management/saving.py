"""A sync that is set up, and saves of its settings."""

from collections.abc import Callable

import pytest

from sync_core.directory.attributes import Mapping
from sync_core.directory.events import Event
from sync_core.directory.syncs import Sync
from sync_core.errors import Rejected
from sync_core.management.sync_settings import SyncEdit
from sync_core.management.syncs import NewSync
from sync_core.storage.log import LogRows
from tests.management.deployment import Deployment
from tests.management.source import guid

BY = "an admin"


async def set_up(deployment: Deployment, groups: int = 2, name: str = "Head office", mapping: Mapping | None = None) -> Sync:
    connection = await deployment.connected()
    deployment.source.add_groups(groups)
    new = NewSync(connection.connection_id, tuple(guid(number) for number in range(groups)), mapping or Mapping(), name)
    return await deployment.services.syncs.create(new, by=BY)


async def save(deployment: Deployment, sync: Sync, edit: SyncEdit, *if_match: str) -> Sync:
    return (await deployment.services.sync_settings.save(sync.directory_key, edit, if_match, by=BY))[0]


async def refused(deployment: Deployment, sync: Sync, edit: SyncEdit) -> Rejected:
    before = await deployment.rows()
    with pytest.raises(Rejected) as error:
        await save(deployment, sync, edit)
    assert await deployment.rows() == before
    return error.value


def mapped(how: Callable[[Mapping], Mapping]) -> SyncEdit:
    return SyncEdit(mapping=how)


async def told(deployment: Deployment) -> list[Event]:
    found, _ = await LogRows(deployment.tables, deployment.clock).forward(limit=50)
    return [logged.event for logged in found]
