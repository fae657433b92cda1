"""A full sync, from start to finish, over the in-memory ports."""

from sync_core.directory.users import Status
from sync_core.runs.record import State
from tests.runs.world import World


async def world() -> World:
    made = World()
    await made.prepare()
    return made


async def test_members_of_the_selected_groups_become_users():  # B-032, B-102, B-103
    here = await world()
    here.source.hire("ann@corp.example", "staff", "sales")
    here.source.hire("bea@corp.example", "staff")
    for n in range(20):
        here.source.hire(f"user{n}@corp.example", "sales")
    key = await here.connect("staff", "sales")

    run = await here.sync(key)

    assert run.state is State.COMPLETED
    assert run.counts["users create"] == 22
    assert len(await here.users()) == 22
    ann = await here.user("ANN@corp.example")
    assert ann.realname == "Ann"
    assert ann.email == "ann@corp.example"
    assert await here.group_names(ann) == {"Staff", "Sales"}
    assert ann.user_id in await here.context.members.members(ann.groups[0])


async def test_a_second_run_on_the_same_source_writes_nothing():  # D-14: the fingerprint
    here = await world()
    for n in range(30):
        here.source.hire(f"user{n}@corp.example", "staff")
    key = await here.connect("staff")
    await here.sync(key)
    before = {table: dict(rows(here, table)) for table in TABLES_OF_THE_DIRECTORY}

    run = await here.sync(key)

    assert run.counts["unchanged"] == 30
    assert run.counts["changes"] == 0
    assert {table: dict(rows(here, table)) for table in TABLES_OF_THE_DIRECTORY} == before


TABLES_OF_THE_DIRECTORY = ("Users", "Names", "Emails", "Numbers", "Phones", "Objects", "Members", "Groups", "Trash", "Counts")


def rows(here: World, table: str) -> dict[tuple[str, str], str]:
    """ETags by key."""
    return {(row.partition, row.key): row.etag for row in here.memory.rows(table)}


async def test_swapped_names_go_through_in_one_run():  # D-02
    here = await world()
    ann = here.source.hire("ann@corp.example", "staff")
    bea = here.source.hire("bea@corp.example", "staff")
    key = await here.connect("staff")
    await here.sync(key)
    first = await here.user("ann@corp.example")
    here.source.accounts[ann].attributes["userPrincipalName"] = "bea@corp.example"
    here.source.accounts[bea].attributes["userPrincipalName"] = "ann@corp.example"

    run = await here.sync(key)

    assert run.state is State.COMPLETED
    assert (await here.user("bea@corp.example")).user_id == first.user_id


async def test_whoever_left_goes_to_trash_and_comes_back_with_the_same_id():  # B-159, B-162, D-07
    here = await world()
    ann = here.source.hire("ann@corp.example", "staff")
    here.source.hire("bea@corp.example", "staff")
    key = await here.connect("staff")
    await here.sync(key)
    before = await here.user("ann@corp.example")
    here.source.quit(ann)

    run = await here.sync(key)
    assert run.counts["users trash"] == 1
    assert (await here.user("ann@corp.example")).status is Status.PENDING_DELETION

    here.source.join(ann, "staff")
    run = await here.sync(key)
    assert run.counts["users restore"] == 1
    after = await here.user("ann@corp.example")
    assert (after.user_id, after.status) == (before.user_id, Status.ACTIVE)
