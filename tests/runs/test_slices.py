"""Changes are cut into slices of one row each, however large they are."""

import pytest

from sync_core.runs.record import State
from sync_core.storage import packed
from tests.runs.world import World


async def test_changes_that_do_not_fit_one_row_are_cut_shorter(monkeypatch: pytest.MonkeyPatch):  # architecture: apply, slices
    monkeypatch.setattr(packed, "COLUMN_BYTES", 100)  # 1,500 bytes a row
    world = World()
    world.source.page_size = 3
    await world.prepare()
    for n in range(60):
        world.source.hire(f"user{n}@corp.example", "staff")
    key = await world.connect("staff")

    run = await world.sync(key)

    assert run.state is State.COMPLETED
    assert run.slices > 4
    assert run.counts["users create"] == 60
    assert len(await world.users()) == 60
