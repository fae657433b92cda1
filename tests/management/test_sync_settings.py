"""Settings of a sync are saved whole or not at all (B-025, B-030..B-068, D-12, D-17)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.brake import Brake
from sync_core.directory.events import Event, Happening
from sync_core.directory.lives import Pause
from sync_core.directory.schedules import next_slot
from sync_core.directory.syncs import Sync
from sync_core.errors import NotFound, Reauthorize, Rejected, Stale
from sync_core.management.sync_settings import SyncEdit
from sync_core.management.syncs import NewSync
from sync_core.management.versions import Outdated, version_of
from sync_core.runs.record import Run
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.storage.lives import LifeRows
from sync_core.storage.locks import Lock, LockRows
from sync_core.storage.log import LogRows
from sync_core.storage.runs import RunRows
from tests.management.deployment import Deployment, deployed, give_way
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


async def test_attributes_may_be_changed_and_reverted(deployment: Deployment) -> None:  # B-040, B-046, B-050
    sync = await set_up(deployment)

    saved = await save(deployment, sync, mapped(lambda mapping: replace(mapping, notes="jobTitle", aliases={"3": "mailNickname"})))
    assert (saved.mapping.notes, saved.mapping.aliases, saved.mapping.username) == ("jobTitle", {"3": "mailNickname"}, "userPrincipalName")

    assert (await save(deployment, sync, mapped(lambda _: Mapping()))).mapping == Mapping()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "onPremisesSamAccountName"}, "mapping.username"),  # B-044
        ({"email": ""}, "mapping.email"),  # B-049
        ({"aliases": {"9": "mail"}}, "mapping.aliases"),  # B-045
        ({"username": "mail", "normalize": True}, "mapping.normalize"),  # B-065
    ],
)
async def test_a_mapping_that_cannot_be_changes_nothing(deployment: Deployment, change: dict[str, Any], field: str) -> None:
    sync = await set_up(deployment)

    assert (await refused(deployment, sync, mapped(lambda mapping: replace(mapping, **change)))).field == field


async def test_the_source_of_usernames_is_fixed_once_a_full_run_has_written(deployment: Deployment) -> None:  # B-043, B-064, E-04
    sync = await set_up(deployment)
    by_mail = mapped(lambda mapping: replace(mapping, username="mail"))
    assert (await save(deployment, sync, by_mail)).mapping.username == "mail"
    await save(deployment, sync, mapped(lambda _: Mapping()))
    await LifeRows(deployment.tables).change(sync.directory_key, lambda life: replace(life, wrote=True))

    assert (await refused(deployment, sync, by_mail)).field == "mapping.username"

    assert (await save(deployment, sync, mapped(lambda mapping: replace(mapping, normalize=True)))).mapping.normalize
    assert not (await save(deployment, sync, mapped(lambda mapping: replace(mapping, normalize=False)))).mapping.normalize


@pytest.mark.parametrize("wrote", [False, True])
async def test_a_run_that_writes_at_this_moment_fixes_it_too(deployment: Deployment, wrote: bool) -> None:  # B-043
    sync = await set_up(deployment)
    await deployment.tables.create(["Runs"])
    run = Run(run="0" * 32, directory_key=sync.directory_key, fence=1, actor=BY, queued_at=deployment.clock.now(), wrote=wrote)
    await RunRows(deployment.tables).insert(run)
    await LockRows(deployment.tables).write(sync.directory_key, Lock(run=run.run, fence=1), "")
    by_mail = mapped(lambda mapping: replace(mapping, username="mail"))

    if wrote:
        assert (await refused(deployment, sync, by_mail)).field == "mapping.username"
    else:
        assert (await save(deployment, sync, by_mail)).mapping.username == "mail"


@pytest.mark.parametrize("minutes", [29, 7 * 24 * 60 + 1, 0, -5])
async def test_intervals_are_half_an_hour_to_a_week(deployment: Deployment, minutes: int) -> None:  # D-26
    assert (await refused(deployment, await set_up(deployment), SyncEdit(interval=minutes))).field == "interval"


async def test_another_interval_moves_the_next_run(deployment: Deployment) -> None:  # D-26
    sync = await set_up(deployment)

    saved = await save(deployment, sync, SyncEdit(interval=30))

    life = await LifeRows(deployment.tables).get(sync.directory_key)
    assert (await deployment.services.schedules.of(saved)).next_run_at == next_slot(deployment.clock.now(), 30, life.phase)


async def test_limits_of_the_brake_and_enrollment_mail_are_settings(deployment: Deployment) -> None:  # D-12, B-080
    sync = await set_up(deployment)

    saved = await save(deployment, sync, SyncEdit(brake=lambda brake: replace(brake, removals=3), enrollment_mail=True))

    assert (saved.brake, saved.enrollment_mail) == (Brake(removals=3), True)
    edit = SyncEdit(brake=lambda brake: replace(brake, removals_percent=101))
    assert (await refused(deployment, sync, edit)).field == "brake.removals_percent"


async def test_a_sync_is_renamed_and_frees_its_name(deployment: Deployment) -> None:  # B-025
    sync = await set_up(deployment)
    other = await set_up(deployment, name="Branch")
    assert (await refused(deployment, sync, SyncEdit(name="BRANCH"))).field == "name"

    assert (await save(deployment, sync, SyncEdit(name=" Main office "))).name == "Main office"
    assert (await save(deployment, other, SyncEdit(name="Head office"))).name == "Head office"
    assert (await save(deployment, other, SyncEdit(name="HEAD OFFICE"))).name == "HEAD OFFICE"
    await deployment.services.syncs.delete(other.directory_key, by=BY)
    assert (await save(deployment, sync, SyncEdit(name="head office"))).name == "head office"


async def test_of_two_that_take_a_name_at_once_one_gets_it() -> None:
    deployment = await deployed(give_way)
    syncs = [await set_up(deployment, name=name) for name in ("A", "B")]

    found = await asyncio.gather(*(save(deployment, sync, SyncEdit(name="C")) for sync in syncs), return_exceptions=True)

    assert sorted(type(one).__name__ for one in found) == ["Rejected", "Sync"]
    assert sorted(sync.name for sync in await deployment.services.syncs.all() if sync.name == "C") == ["C"]


async def test_what_changes_nothing_is_no_new_version_and_stops_no_run(deployment: Deployment) -> None:  # D-17
    sync = await set_up(deployment)
    before = await deployment.rows()

    saved = await save(deployment, sync, SyncEdit(name="Head office", groups=(guid(0), guid(1)), interval=720, mapping=lambda m: m))

    assert saved == sync
    assert await deployment.rows() == before


async def test_a_stale_version_changes_nothing(deployment: Deployment) -> None:
    sync = await set_up(deployment)
    _, etag = await deployment.services.syncs.version(sync.directory_key)
    seen = version_of(etag)
    assert (await save(deployment, sync, SyncEdit(interval=60), seen)).interval == 60
    before = await deployment.rows()

    with pytest.raises(Outdated):
        await save(deployment, sync, SyncEdit(interval=90), seen)

    assert await deployment.rows() == before


async def test_two_that_save_at_once_both_have_their_way() -> None:
    deployment = await deployed(give_way)
    sync = await set_up(deployment)

    await asyncio.gather(save(deployment, sync, SyncEdit(interval=60)), save(deployment, sync, SyncEdit(enrollment_mail=True)))

    saved = await deployment.services.syncs.get(sync.directory_key)
    assert (saved.interval, saved.enrollment_mail, saved.version) == (60, True, 3)


@pytest.mark.parametrize("edit", [SyncEdit(interval=60), SyncEdit(name="Main office"), SyncEdit(groups=())])
async def test_a_save_whose_answer_was_lost_is_done_and_told_once(edit: SyncEdit) -> None:
    lost = iter([False])

    def meanwhile(point: Point, port: Port, method: Method, call: Call) -> None:
        """Storage's own repetition meets what the first try has written."""
        del port
        if point == "after" and method in ("write", "transact") and call.partition == "sync" and next(lost, False):
            raise Stale("the row changed")

    deployment = await deployed(meanwhile)
    sync = await set_up(deployment)
    lost = iter([True])

    saved = await save(deployment, sync, edit)

    assert next(lost, None) is None
    assert saved.version == 2
    assert await deployment.services.syncs.get(sync.directory_key) == saved
    assert bool((await deployment.services.schedules.of(saved)).paused_at) == (edit.groups == ())
    actions = await told(deployment)
    assert len(actions) == 3  # the connection, the sync, and this


async def told(deployment: Deployment) -> list[Event]:
    found, _ = await LogRows(deployment.tables, deployment.clock).forward(limit=50)
    return [logged.event for logged in found]


async def test_a_source_that_refuses_the_look_up_of_groups_says_so(deployment: Deployment) -> None:
    sync = await set_up(deployment)
    deployment.source.add_groups(3)
    deployment.source.fault = Reauthorize("consent was withdrawn")
    before = await deployment.rows()

    with pytest.raises(Reauthorize):
        await save(deployment, sync, SyncEdit(groups=(guid(2),)))

    assert await deployment.rows() == before
    assert (await save(deployment, sync, SyncEdit(groups=(guid(1),)))).groups == sync.groups[1:]


async def test_a_deleted_sync_has_no_settings(deployment: Deployment) -> None:
    sync = await set_up(deployment)
    await deployment.services.syncs.delete(sync.directory_key, by=BY)

    with pytest.raises(NotFound):
        await save(deployment, sync, SyncEdit(interval=60))


async def test_the_log_tells_who_changed_which_setting(deployment: Deployment) -> None:
    sync = await set_up(deployment)

    await save(deployment, sync, SyncEdit(interval=60, groups=(guid(1),)))

    (event,) = [event for event in await told(deployment) if event.action is Happening.SYNC_GROUPS_UPDATE]
    assert (event.actor, event.object, event.object_id) == (BY, "Head office", sync.directory_key)
    assert event.description == {"groups added": "", "groups removed": "Group 0", "interval": "60"}


async def test_created_and_deleted_it_has_a_schedule_and_none(deployment: Deployment) -> None:  # B-100
    sync = await set_up(deployment)
    lives = LifeRows(deployment.tables)
    life = await lives.get(sync.directory_key)
    assert life.next_at == next_slot(deployment.clock.now(), 720, life.phase)

    await deployment.services.syncs.delete(sync.directory_key, by=BY)

    assert await lives.all() == {}


async def test_pausing_touches_no_settings(deployment: Deployment) -> None:  # B-120, D-17
    sync = await set_up(deployment)
    _, etag = await deployment.services.syncs.version(sync.directory_key)

    shown = await deployment.services.schedules.pause(sync.directory_key, by=BY)
    assert (shown.schedule, shown.paused_because, shown.paused_by) == ("paused", Pause.BY_HAND, BY)
    assert (await deployment.services.schedules.resume(sync.directory_key, by=BY)).schedule == "active"

    assert await deployment.services.syncs.version(sync.directory_key) == (sync, etag)
