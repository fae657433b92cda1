"""Entra refuses the application: the sync is paused, the owners are told to act, and somebody resumes it (B-028, B-130..B-132)."""

from collections.abc import Iterator

import pytest

from sync_core.directory.events import SYSTEM
from sync_core.directory.lives import Pause, standing
from sync_core.directory.mail import MailKind
from sync_core.directory.roles import Role
from sync_core.errors import Reauthorize
from sync_core.runs.record import State
from tests.runs.failing import broken, pauses, schedules, staffed
from tests.runs.scheduled import DAY, life, mails, pass_time, runs_of
from tests.runs.world import World

OWNER = [Role.OWNER]


async def refused(by_hand: bool = False) -> tuple[World, str]:
    world, key = await staffed()
    broken(world, Reauthorize("the application was removed: consent again"))
    await (world.sync(key) if by_hand else pass_time(world, world.clock.at + 2 * DAY))
    return world, key


@pytest.mark.parametrize("by_hand", [False, True])
async def test_whom_entra_refuses_is_paused_and_the_owners_are_told_to_act(by_hand: bool):  # B-028, B-130
    world, key = await refused(by_hand)

    (run,) = await runs_of(world, key)
    (mail,) = await mails(world)
    assert (run.state, run.refused) == (State.FAILED, True)
    assert (mail.kind, list(mail.to_roles), mail.run) == (MailKind.REAUTHORIZE, OWNER, run.run)
    assert mail.about == {"sync": "Acme", "directory_key": key, "reason": "the application was removed: consent again"}
    after = await life(world, key)
    assert after.paused_because is Pause.REAUTHORIZATION
    assert [(who, code) for who, _, code in await pauses(world)] == [(SYSTEM, run.run)]
    sync = await world.context.syncs.get(key)
    assert sync is not None
    assert standing(sync, after).connection_status == "Could not connect to Entra ID: Reauthorization required"


async def test_a_refusal_that_passes_is_none():  # facts: a fresh consent takes a while to be known everywhere
    world, key = await staffed()
    refusals: Iterator[Exception | None] = iter([Reauthorize("not yet")] * 3)

    def at_first() -> Exception:
        error = next(refusals, None)
        if error is None:
            world.source.broken.clear()
        return error or Reauthorize("not yet")

    world.source.broken["staff"] = at_first
    refusals = iter([Reauthorize("not yet")] * 2)
    run = await world.sync(key)

    assert run.state is State.COMPLETED
    assert await mails(world) == []


async def test_owners_are_told_once_however_often_it_is_tried():  # B-130
    world, key = await refused()

    await world.sync(key)
    await world.sync(key)

    assert len(await mails(world)) == 1


async def test_resumed_only_once_entra_answers_again_and_by_hand_only():  # B-132
    world, key = await refused()
    with pytest.raises(Reauthorize):
        await schedules(world).resume(key, by="an admin")
    assert (await life(world, key)).paused

    world.source.broken.clear()
    await pass_time(world, world.clock.at + 2 * DAY)
    assert len(await runs_of(world, key)) == 1
    shown = await schedules(world).resume(key, by="an admin")

    assert (shown.schedule, shown.connection_status) == ("active", "Connected")
    await pass_time(world, world.clock.at + DAY)
    assert [run.state for run in await runs_of(world, key)] == [State.FAILED, State.COMPLETED, State.COMPLETED]


async def test_a_run_by_hand_that_entra_answers_shows_the_connection_as_connected_but_resumes_nothing():  # B-132
    world, key = await refused()
    world.source.broken.clear()

    await world.sync(key)

    after = await life(world, key)
    assert (after.needs_authorization, after.paused) == (False, True)
