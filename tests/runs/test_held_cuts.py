"""Runs under the brake die anywhere: they end as if they had not, held what they hold once, and do what was approved once (D-12)."""

import pytest

from sync_core.directory.mail import MailKind
from sync_core.runs.record import State
from tests.runs.fates import Scissors, dies
from tests.runs.held import approvals, held, leave, staffed
from tests.runs.picture import check_sound, picture
from tests.runs.test_cuts import EVERY_CUT
from tests.runs.world import Cut, World

SAMPLES = 40


async def over_the_limit() -> tuple[World, str]:
    """Twelve of forty have left; one of the names is wanted by somebody new, who needs a held change."""
    world, key = await staffed()
    world.source.hire("user3@corp.example", "staff")
    world.source.hire("new@corp.example", "staff")
    return world, key


async def told(world: World) -> list[str]:
    return [mail.mail_id for mail in await world.context.outbox.all() if mail.kind is MailKind.SYNC_HELD]


def places(count: int) -> range:
    return range(0, count, 1 if EVERY_CUT else max(1, count // SAMPLES))


async def test_a_held_run_whose_process_dies_anywhere_holds_the_same():
    before, key = await over_the_limit()
    world, scissors = await before.fork(), Scissors(-1, dies)
    world.interrupt = scissors
    await world.sync(key)
    world.interrupt = None
    expected, stands = await picture(world), await held(world, key)

    for place in places(scissors.count):
        world = await before.fork()
        world.interrupt = Scissors(place, dies)
        try:
            await world.sync(key)
        except Cut:
            world.restart()
        await world.survive()
        world.interrupt = None
        found = await approvals(world).held(key)
        if found is None:  # it died before it began
            assert (await world.sync(key)).state is State.HELD, place
            found = await held(world, key)
        assert (found.digest, found.users) == (stands.digest, stands.users), place
        assert await told(world) == [f"{found.first_run}-held"], place
        assert await picture(world) == expected, place
        await check_sound(world)


@pytest.mark.parametrize("one_more", [False, True])
async def test_an_approved_run_whose_process_dies_anywhere_does_what_was_approved(one_more: bool):
    before, key = await over_the_limit()
    await before.sync(key)
    digest = (await held(before, key)).digest
    if one_more:
        leave(before, 20)
    world, scissors = await before.fork(), Scissors(-1, dies)
    world.interrupt = scissors
    await approvals(world).approve(key, digest, by="an admin")
    await world.drain()
    world.interrupt = None
    expected = await picture(world)

    for place in places(scissors.count):
        world = await before.fork()
        world.interrupt = Scissors(place, dies)
        try:
            await approvals(world).approve(key, digest, by="an admin")
            await world.drain()
        except Cut:
            world.restart()
        await world.survive()
        world.interrupt = None
        stands = await approvals(world).held(key)
        if stands is not None and stands.digest == digest:  # it died before its run began: it is given again
            await approvals(world).approve(key, digest, by="an admin")
            await world.drain()
        assert await picture(world) == expected, place
        left = await approvals(world).held(key)
        assert (left is not None) is one_more, place
        assert left is None or left.users == 1, place
        await check_sound(world)
