"""All that happened to one user: what runs changed and what was done by hand, put together, newest first."""

import pytest

from sync_core.directory.edits import UserEdit
from sync_core.errors import NotFound
from sync_core.management.history import SLICES_LOOKED_AT, History, Past
from sync_core.tally import tally
from tests.management.hands import Hands, hands
from tests.runs.world import EVERY_MINUTE


def history(here: Hands) -> History:
    context = here.world.context
    return History(context.log, context.applied, context.changes, context.users, context.groups)


async def whole(here: Hands, user_id: str, limit: int = 2) -> list[Past]:
    found: list[Past] = []
    cursor = ""
    while True:
        page, cursor = await history(here).of_user(user_id, limit=limit, cursor=cursor)
        found += page
        if not cursor:
            return found


async def staffed() -> tuple[Hands, str]:
    here = await hands()
    here.world.source.page_size = 999
    for n in range(30):
        here.world.source.hire(f"user{n}@corp.example", "staff")
    return here, await here.world.connect("staff")


async def test_what_runs_changed_and_what_was_done_by_hand_come_in_one_order() -> None:
    here, key = await staffed()
    await here.world.sync(key)
    user = await here.world.user("user7@corp.example")
    here.world.clock.at += EVERY_MINUTE
    await here.change(user, UserEdit(notes="third floor"))
    here.world.source.rename("user7", "bea")
    renaming = await here.world.sync(key)
    await here.world.sync(key)

    renamed, edited, made = await whole(here, user.user_id)

    assert (renamed.run, renamed.actions, renamed.actor) == (renaming.run, ("rename",), "test")
    assert [(f.name, f.before, f.after) for f in renamed.fields] == [("username", "user7@corp.example", "bea@corp.example")]
    assert (edited.actions, edited.run, [(f.name, f.after) for f in edited.fields]) == (("user_update",), "", [("notes", "third floor")])
    assert made.actions == ("create",)
    assert ("groups", "", "Staff") in [(f.name, f.before, f.after) for f in made.fields]
    assert await whole(here, user.user_id, limit=1) == await whole(here, user.user_id, limit=50) == [renamed, edited, made]


async def test_a_long_history_is_looked_through_a_bounded_part_at_a_time() -> None:
    here, key = await staffed()
    await here.world.sync(key)
    everybody = sorted(user.user_id for user in await here.world.users())
    here.world.clock.at += EVERY_MINUTE
    user = await here.find(everybody[5])
    assert user is not None
    await here.change(user, UserEdit(notes="third floor"))
    ends = {user.username.partition("@")[0] for user in await here.world.users() if user.user_id in (everybody[0], everybody[-1])}
    for n in range(SLICES_LOOKED_AT + 5):
        for name in ends:  # so that each run's slice spans everybody
            here.world.source.accounts[here.world.source.named(name)].attributes["displayName"] = f"Number {n}"
        await here.world.sync(key)

    with tally() as requests:
        page, cursor = await history(here).of_user(everybody[5], limit=10, cursor="")

    assert page == []
    assert requests["tables"] <= SLICES_LOOKED_AT + 3
    (edited, made), end = await history(here).of_user(everybody[5], limit=10, cursor=cursor)
    assert (edited.actions, made.actions, end) == (("user_update",), ("create",), "")


async def test_who_never_was_has_no_history() -> None:
    here, _ = await staffed()

    for user_id in ("DUAAAAAAAAAAAAAAAAAA", "~meta", ""):
        with pytest.raises(NotFound):
            await history(here).of_user(user_id, limit=1, cursor="")
