"""Which groups a sync reads: those that stay, come and go, and none at all (B-030..B-037, D-20)."""

import pytest

from sync_core.directory.attributes import Mapping
from sync_core.errors import Reauthorize, Rejected
from sync_core.management.sync_settings import SyncEdit
from sync_core.management.syncs import NewSync
from tests.management.deployment import Deployment
from tests.management.saving import BY, refused, save, set_up
from tests.management.source import guid


async def test_groups_that_stay_keep_their_ids_and_new_ones_are_looked_up(deployment: Deployment) -> None:  # D-20
    sync = await set_up(deployment)
    deployment.source.add_groups(4)
    asked = deployment.source.asked

    saved = await save(deployment, sync, SyncEdit(groups=(guid(3), guid(1))))

    assert deployment.source.asked - asked == 1
    assert [(group.object_id, group.name) for group in saved.groups] == [(guid(3), "Group 3"), (guid(1), "Group 1")]
    assert saved.groups[1] == sync.groups[1]
    assert saved.groups[0].group_id not in {group.group_id for group in sync.groups}
    assert saved.version == 2
    assert await deployment.services.syncs.get(sync.directory_key) == saved


async def test_a_group_selected_again_later_is_another_group_here(deployment: Deployment) -> None:  # D-20
    sync = await set_up(deployment)
    await save(deployment, sync, SyncEdit(groups=(guid(1),)))

    saved = await save(deployment, sync, SyncEdit(groups=(guid(0), guid(1))))

    assert saved.groups[0].group_id != sync.groups[0].group_id


async def test_a_group_that_entra_lost_stays_until_it_is_removed(deployment: Deployment) -> None:  # B-034
    sync = await set_up(deployment)
    del deployment.source.groups[guid(0)]
    deployment.source.add_groups(0)

    assert (await save(deployment, sync, SyncEdit(name="Renamed", groups=(guid(0), guid(1))))).groups == sync.groups
    assert (await refused(deployment, sync, SyncEdit(groups=(guid(0), guid(7))))).field == "groups"


async def test_at_most_400_groups_are_saved(deployment: Deployment) -> None:  # B-031
    sync = await set_up(deployment)
    deployment.source.add_groups(401)
    asked = deployment.source.asked

    error = await refused(deployment, sync, SyncEdit(groups=tuple(guid(number) for number in range(401))))

    assert (error.field, deployment.source.asked) == ("groups", asked)
    assert len((await save(deployment, sync, SyncEdit(groups=tuple(guid(number) for number in range(400))))).groups) == 400


async def test_without_groups_a_sync_is_paused_at_once_and_says_so(deployment: Deployment) -> None:  # B-035, B-037
    sync = await set_up(deployment)

    saved = await save(deployment, sync, SyncEdit(groups=()))

    shown = await deployment.services.schedules.of(saved)
    assert (shown.schedule, shown.paused_because, shown.alert) == ("paused", "no groups are selected", "no groups selected")
    with pytest.raises(Rejected) as error:
        await deployment.services.schedules.resume(sync.directory_key, by=BY)
    assert error.value.field == "groups"


async def test_with_groups_again_it_is_resumed_by_hand_only(deployment: Deployment) -> None:  # B-036
    sync = await set_up(deployment)
    await save(deployment, sync, SyncEdit(groups=()))

    saved = await save(deployment, sync, SyncEdit(groups=(guid(0),)))
    shown = await deployment.services.schedules.of(saved)
    assert (shown.schedule, shown.alert) == ("paused", "")

    assert (await deployment.services.schedules.resume(sync.directory_key, by=BY)).schedule == "active"


async def test_a_sync_may_be_set_up_without_groups_and_is_paused(deployment: Deployment) -> None:  # B-035
    connection = await deployment.connected()

    sync = await deployment.services.syncs.create(NewSync(connection.connection_id, (), Mapping()), by=BY)

    shown = await deployment.services.schedules.of(sync)
    assert (shown.schedule, shown.alert, shown.next_run_at) == ("paused", "no groups selected", None)


async def test_a_source_that_refuses_the_look_up_of_groups_says_so(deployment: Deployment) -> None:
    sync = await set_up(deployment)
    deployment.source.add_groups(3)
    deployment.source.fault = Reauthorize("consent was withdrawn")
    before = await deployment.rows()

    with pytest.raises(Reauthorize):
        await save(deployment, sync, SyncEdit(groups=(guid(2),)))

    assert await deployment.rows() == before
    assert (await save(deployment, sync, SyncEdit(groups=(guid(1),)))).groups == sync.groups[1:]
