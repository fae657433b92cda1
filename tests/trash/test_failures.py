"""A purge whose storage is busy, or that fails for good."""

from datetime import timedelta

import pytest

from sync_core.errors import Transient
from sync_core.retention.later import MOST_TRIES
from sync_core.trash.messages import Purge
from tests.runs.fates import Busy
from tests.runs.picture import check_sound
from tests.trash.world import A_WEEK, left


@pytest.mark.parametrize("table", ["Users", "Names", "Members", "Objects", "Syncs"])
async def test_busy_storage_puts_the_purge_off(table: str):
    here, _, (ann,) = await left("ann")
    here.clock.at += A_WEEK
    await here.sweep()
    here.interrupt = busy = Busy(table, times=3)

    await here.drain()

    assert busy.times == 0
    assert here.traces(ann) == []
    await check_sound(here)


async def test_a_purge_that_fails_for_good_is_tried_again_by_the_next_sweep(caplog: pytest.LogCaptureFixture):
    here, _, (ann,) = await left("ann")
    here.clock.at += A_WEEK
    await here.sweep()
    (body,) = here.queues.bodies(Purge.queue)
    for message in here.queues.receive(Purge.queue):
        here.queues.delete(message)
    here.interrupt = Busy("Users", times=1)
    with pytest.raises(Transient):
        await here.purge(Purge.model_validate_json(body).model_copy(update={"tries": MOST_TRIES}))

    await here.purge.poisoned(Purge.model_validate_json(body))
    assert "the next sweep tries again" in caplog.text
    assert await here.context.users.get(ann.user_id) == ann

    here.clock.at += timedelta(days=1)
    await here.night()
    assert here.traces(ann) == []
