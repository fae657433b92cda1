"""One directory, and a day on which much changes in it at once: what the tests of deliveries and cuts run through."""

from collections.abc import Awaitable, Callable

from sync_core.directory.attributes import Mapping
from tests.runs.world import World

type Story = Callable[[], Awaitable[tuple[World, str]]]


async def hired(world: World) -> str:
    """Three groups and ten people in the source, and a sync that has not run yet: its directory key."""
    await world.prepare()
    for number, name in enumerate(("ann", "bea", "cid", "dan")):
        world.source.hire(f"{name}@corp.example", "staff", businessPhones="734-555-9870", mobilePhone=f"+4479460010{number}0")
    for name in ("eve", "fay"):
        world.source.hire(f"{name}@corp.example", "staff", "sales")
    for name in ("gus", "hal"):
        world.source.hire(f"{name}@corp.example", "sales")
    world.source.hire("ida@corp.example", "sales", "board")
    world.source.hire("jon@corp.example", "board", mobilePhone="7345559871x12")
    mapping = Mapping(primary_phone="businessPhones", secondary_phone="mobilePhone")
    return await world.connect("staff", "sales", "board", mapping=mapping)


async def change(world: World, key: str) -> None:
    """Much changes in one day: names go around, people come and go, a group is not selected any more."""
    source = world.source
    source.swap_names("ann", "bea")
    source.rename("dan", "dora")
    source.rename("cid", "dan")
    source.quit(source.named("eve"))
    source.delete(source.named("gus"))
    source.hire("gus@corp.example", "sales")
    source.hire("kim@corp.example", "staff", "sales")
    source.accounts[source.named("hal")].enabled = False
    source.accounts[source.named("fay")].attributes["displayName"] = "Fay Lind"
    source.accounts[source.named("fay")].attributes["mobilePhone"] = "+447946001099"
    source.accounts[source.named("ann")].attributes |= {
        "businessPhones": "",
        "mobilePhone": "734-555-9870",
        "mail": "ann.lind@corp.example",
    }
    source.accounts[source.named("bea")].attributes["mobilePhone"] = ""
    source.group_names["sales"] = "Sales Team"
    await world.select(key, "staff", "sales")


async def begun() -> tuple[World, str]:
    """Before the first run."""
    world = World()
    return world, await hired(world)


async def changing() -> tuple[World, str]:
    """After the first run and the day of changes, before the next run."""
    world, key = await begun()
    await world.sync(key)
    await change(world, key)
    return world, key
