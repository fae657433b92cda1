"""Settings of a sync are saved whole or not at all (B-025, B-030..B-068, D-12, D-17)."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.brake import Brake
from sync_core.directory.events import Happening
from sync_core.directory.lives import Pause
from sync_core.directory.schedules import next_slot
from sync_core.errors import NotFound, Stale
from sync_core.management.sync_settings import SyncEdit
from sync_core.management.versions import Outdated, version_of
from sync_core.runs.record import Run
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.storage.lives import LifeRows
from sync_core.storage.locks import Lock, LockRows
from sync_core.storage.runs import RunRows
from tests.management.deployment import Deployment, deployed, give_way
from tests.management.saving import BY, mapped, refused, save, set_up, told
from tests.management.source import guid


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
