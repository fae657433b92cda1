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


async def test_days_that_were_raised_hold_for_whoever_is_in_trash_already():  # D-26, D-27
    here, _, (ann,) = await left("ann")
    assert ann.trashed_at is not None
    here.keep(30)
    here.clock.at = ann.trashed_at + timedelta(days=30) - AN_INSTANT
    await here.night()
    assert await here.context.users.get(ann.user_id) == ann
    ((listed,), _) = await here.trash.page(limit=9, cursor="")
    assert listed.deletion_due == ann.trashed_at + timedelta(days=30)
    await here.night()

    here.clock.at += AN_INSTANT
    await here.night()
    assert here.traces(ann) == []
    assert here.in_trash() == []


async def test_days_that_were_lowered_delete_nobody_before_the_day_that_was_shown():  # B-161, D-26
    here, _, (ann,) = await left("ann")
    assert ann.trashed_at is not None
    here.keep(1)
    ((listed,), _) = await here.trash.page(limit=9, cursor="")
    assert listed.deletion_due == ann.trashed_at + A_WEEK
    here.clock.at = ann.trashed_at + A_WEEK - AN_INSTANT
    await here.night()
    assert await here.context.users.get(ann.user_id) == ann

    here.clock.at += AN_INSTANT
    await here.night()
    assert here.traces(ann) == []
