"""Whom an admin told to go, and the setting of days."""

from datetime import timedelta

import pytest

from sync_core.directory.users import Status
from sync_core.errors import NotFound, Rejected
from sync_core.trash.messages import Purge
from tests.runs.picture import check_sound
from tests.trash.world import A_WEEK, AN_INSTANT, left


async def test_an_admin_deletes_somebody_in_trash_at_once():  # B-164
    here, _, (ann, bea) = await left("ann", "bea")

    told = await here.trash.delete(ann.user_id, by="test")
    assert told.user.status is Status.PURGING
    await here.drain()

    assert here.traces(ann) == []
    assert await here.context.users.get(bea.user_id) == bea
    with pytest.raises(NotFound):
        await here.trash.delete(ann.user_id, by="test")
    await check_sound(here)


async def test_telling_twice_is_telling_once():  # B-164
    here, _, (ann,) = await left("ann")
    await here.trash.delete(ann.user_id, by="test")
    await here.trash.delete(ann.user_id, by="test")

    await here.drain()

    assert here.traces(ann) == []
    await check_sound(here)


async def test_whom_an_admin_told_to_go_goes_even_when_the_message_is_lost():  # B-164, D-27
    here, _, (ann,) = await left("ann")
    await here.trash.delete(ann.user_id, by="test")
    for message in here.queues.receive(Purge.queue):
        here.queues.delete(message)
    here.clock.at += A_WEEK

    await here.night()

    assert here.traces(ann) == []


async def test_only_somebody_in_trash_can_be_deleted_there():  # B-158, B-164
    here, _, _ = await left("ann")
    bea = await here.user("bea@corp.example")

    with pytest.raises(Rejected, match="not in Trash"):
        await here.trash.delete(bea.user_id, by="test")
    for nobody in ("DU2A3B4C5D6E7F2G3H4I", "~meta", ""):
        with pytest.raises(NotFound):
            await here.trash.delete(nobody, by="test")
    await here.drain()

    assert await here.context.users.get(bea.user_id) == bea


@pytest.mark.parametrize("days", [1, 30])
async def test_whoever_is_in_trash_keeps_the_day_that_was_told(days: int):  # B-161, E-19
    here, _, (ann,) = await left("ann")
    assert ann.trashed_at is not None
    await here.keep(days)
    ((listed,), _) = await here.trash.page(limit=9, cursor="")
    assert listed.deletion_due == ann.trashed_at + A_WEEK
    here.clock.at = ann.trashed_at + A_WEEK - AN_INSTANT
    await here.night()
    assert await here.context.users.get(ann.user_id) == ann

    here.clock.at += AN_INSTANT
    await here.night()
    assert here.traces(ann) == []
    assert here.in_trash() == []


@pytest.mark.parametrize("days", [1, 30])
async def test_whoever_goes_to_trash_from_then_on_is_told_by_the_new_days(days: int):  # B-161, E-19
    here, key, _ = await left()
    await here.keep(days)
    here.source.quit(here.source.named("bea"))
    await here.sync(key)
    bea = await here.user("bea@corp.example")
    assert bea.trashed_at is not None
    due = bea.trashed_at + timedelta(days=days)
    ((listed,), _) = await here.trash.page(limit=9, cursor="")
    assert listed.deletion_due == due
    here.clock.at = due - AN_INSTANT
    await here.night()
    assert await here.context.users.get(bea.user_id) == bea

    here.clock.at = due
    await here.night()
    assert here.traces(bea) == []
    assert here.in_trash() == []
