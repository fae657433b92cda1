"""What is staged for a run is kept once: whoever is late finds what is there, and goes by it."""

import pytest

from sync_core.entra.port import Page, SourceUser
from sync_core.errors import AlreadyExists
from sync_core.storage.memory import MemoryTables
from sync_core.storage.staging import TABLE, StagingRows, StepMark


async def staging() -> StagingRows:
    tables = MemoryTables()
    await tables.create([TABLE])
    return StagingRows(tables)


def page(name: str, following: str) -> Page:
    return Page((SourceUser(name, True, (name,)),), 1, 2, following)


async def test_a_page_that_is_there_stays_and_whoever_brings_it_again_is_told():  # architecture: read
    rows = await staging()
    await rows.add_page("run", 0, 1, 1, page("ann", "to bea"))

    with pytest.raises(AlreadyExists):
        await rows.add_page("run", 0, 1, 1, page("cid", "to dan"))

    assert [(kept.next, kept.number) for kept in await rows.pages("run", 0, 1)] == [("to bea", 1)]
    users = [user.object_id async for _, some in rows.users("run", {0: (1, 1)}) for user in some]
    assert users == ["ann"]


async def test_of_two_marks_the_first_counts():  # architecture: marks
    rows = await staging()

    assert await rows.mark("run", "apply", "00", StepMark(note="first"))
    assert not await rows.mark("run", "apply", "00", StepMark(note="second"))

    assert await rows.marks("run", "apply", StepMark) == {"00": StepMark(note="first")}


async def test_the_runs_for_which_anything_is_staged_come_one_after_the_other():
    rows = await staging()
    for run in ("b" * 32, "a" * 32):
        await rows.mark(run, "apply", "00", StepMark())
        await rows.mark(run, "apply", "01", StepMark())

    first = await rows.next_run()
    second = await rows.next_run(first)

    assert (first, second, await rows.next_run(second)) == ("a" * 32, "b" * 32, "")
