"""How the setting of days in Trash reaches whoever sends users there."""

from collections import Counter
from collections.abc import Awaitable
from datetime import timedelta

import pytest

from sync_core.directory.events import Happening
from sync_core.management.deployment import DeploymentSettings
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.storage.deployment import TABLE, DeploymentRows
from tests.trash.world import TrashWorld, left


def count_reads(here: TrashWorld) -> Counter[Method]:
    """Counts from now on what is asked of the setting's table."""
    asked = Counter[Method]()

    def at(point: Point, port: Port, method: Method, call: Call) -> None:
        del port
        if point == "before" and call.name == TABLE:
            asked[method] += 1

    here.interrupt = at
    return asked


async def test_a_run_that_sends_nobody_to_trash_does_not_ask_for_the_days():  # E-19
    here, key, _ = await left()
    asked = count_reads(here)
    here.source.hire("fay@corp.example", "staff", mailNickname="fay")
    await here.sync(key)
    assert asked.total() == 0


async def test_a_run_that_sends_many_to_trash_asks_once():  # E-19
    here, key, _ = await left()
    asked = count_reads(here)
    for name in ("ann", "bea", "cid", "dan"):
        here.source.quit(here.source.named(name))
    await here.sync(key)
    assert {(await here.user(f"{name}@corp.example")).in_trash for name in ("ann", "bea", "cid", "dan")} == {True}
    assert asked.total() == 1


async def test_another_process_goes_by_a_change_30_seconds_later_at_the_latest():  # E-19
    here, _, _ = await left()
    other = here.context.deployment
    assert await other.trash_days() == 7
    await DeploymentSettings(DeploymentRows(here.tables, here.clock, 7), here.journal).keep_in_trash(30, by="test")
    asked = count_reads(here)
    here.clock.at += timedelta(seconds=29)
    assert (await other.trash_days(), asked.total()) == (7, 0)
    here.clock.at += timedelta(seconds=1)
    assert [await other.trash_days() for _ in range(5)] == [30] * 5
    assert asked.total() == 1


@pytest.mark.parametrize("before", [None, 3])
async def test_of_two_who_change_the_days_at_once_both_are_told_and_the_later_holds(before: int | None):  # E-19, B-181
    here, _, _ = await left()
    settings = DeploymentSettings(DeploymentRows(here.tables, here.clock, 7), here.journal)
    other = DeploymentSettings(DeploymentRows(here.tables, here.clock, 7), here.journal)
    if before is not None:
        await settings.keep_in_trash(before, by="test")
    pending = [other]

    async def be_faster() -> None:
        if pending:
            await pending.pop().keep_in_trash(20, by="other")

    def at(point: Point, port: Port, method: Method, call: Call) -> Awaitable[None] | None:
        del port
        return be_faster() if (point, method, call.name) == ("before", "write", TABLE) else None

    here.interrupt = at
    shown, etag = await settings.keep_in_trash(30, by="test")
    assert (shown.trash_days, await other.version()) == (30, (shown, etag))
    logged, _ = await here.context.log.newest(limit=99)
    told = [(one.event.actor, one.event.description) for one in logged if one.event.action is Happening.SETTINGS_UPDATE]
    first = [("test", {"trash_days": "3", "trash_days before": "7"})] if before is not None else []
    was = str(before or 7)
    assert sorted(told, key=str) == sorted(
        [
            *first,
            ("other", {"trash_days": "20", "trash_days before": was}),
            ("test", {"trash_days": "30", "trash_days before": "20"}),
        ],
        key=str,
    )
