"""One directory, and a day on which much changes in it at once: what the tests of deliveries and cuts run through."""

from collections.abc import Awaitable, Callable

from sync_core.directory.attributes import Mapping
from tests.management.hands import Hands
from tests.runs.world import LIMITLESS, World

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


async def shared() -> tuple[World, str, str]:
    """Two syncs of one tenant that share groups and people, somebody made by hand, and nothing synced yet: the syncs' directory keys."""
    world = World()
    await world.prepare()
    hire = world.source.hire
    for name in ("ann", "bea", "cid"):
        hire(f"{name}@corp.example", "staff", mailNickname=name, mobilePhone=f"+4479460010{len(world.source.accounts):02}")
    hire("dan@corp.example", "staff", "sales", mailNickname="dan", mobilePhone="+447946001077")
    hire("eve@corp.example", "sales", mailNickname="eve")
    hire("fay@corp.example", "sales", "abroad", mailNickname="fay")
    hire("gus@corp.example", "sales", mailNickname="gus")
    hire("hal@corp.example", "board", mailNickname="hal")
    hire("ida@corp.example", "board", "staff", mailNickname="ida")
    await Hands(world).create("una@corp.example")
    mapping = Mapping(aliases={"1": "mailNickname"}, primary_phone="mobilePhone")
    acme = await world.connect("staff", "sales", "board", mapping=mapping, brake=LIMITLESS)
    return world, acme, await world.connect("sales", "abroad", name="Abroad", brake=LIMITLESS)


def leave(world: World) -> None:
    """Some go to Trash; one of these names is given to somebody else on the day on which they come back."""
    source = world.source
    for name in ("dan", "eve", "ida"):
        source.quit(source.named(name))
    source.accounts[source.named("cid")].enabled = False


def come_back(world: World) -> None:
    """People come back from Trash, some of them to another's name; one stays with the other sync alone; a group is no more in Entra."""
    source = world.source
    source.join(source.named("dan"), "staff")
    source.join(source.named("eve"), "sales")
    source.rename("eve", "eva")
    source.rename("ann", "eve")
    source.quit(source.named("fay"), "sales")
    source.accounts[source.named("cid")].enabled = True
    for name in ("gus", "hal"):
        source.accounts[source.named(name)].enabled = False
    bea, cid = source.accounts[source.named("bea")], source.accounts[source.named("cid")]
    bea.attributes["mailNickname"], cid.attributes["mailNickname"] = "cid", "bea"
    source.hire("una@corp.example", "staff", mailNickname="una")  # made by hand before: taken over
    source.hire("lea@corp.example", "sales", mailNickname="lea", mobilePhone="+447946001077")
    source.hire("GUS@corp.example", "staff", mailNickname="augustus")  # of one name with gus: both are skipped
    del source.members["board"]  # hal was in no other group


async def returning() -> tuple[World, str]:
    """Before the run of the day on which much that had ended begins again."""
    world, acme, abroad = await shared()
    for key in (acme, abroad):
        await world.sync(key)
    leave(world)
    for key in (acme, abroad):
        await world.sync(key)
    come_back(world)
    return world, acme
