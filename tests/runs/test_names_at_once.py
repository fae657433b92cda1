"""A name that two who write at once count on has one user at every end (D-02, D-03, D-07)."""

from collections import Counter

from sync_core.directory.attributes import Mapping
from sync_core.directory.edits import UserEdit
from sync_core.directory.users import Status
from sync_core.individual.sync import IndividualSync
from sync_core.planning.outcomes import Became
from sync_core.runs.messages import Apply, Plan
from sync_core.runs.record import Phase, State
from tests.individual.test_beside import LONGER_THAN_ITS_CLAIMS
from tests.management.hands import Hands
from tests.runs.picture import check_sound
from tests.runs.world import LIMITLESS, World

ANN, BEA, CID, OLD = "ann@corp.example", "bea@corp.example", "cid@corp.example", "ann.old@corp.example"


async def a_world(*people: str) -> tuple[World, str, str]:
    """These people in staff, and a sync of staff that has run; another of sales, where nobody is yet, that has not."""
    world = World()
    await world.prepare()
    for name in people:
        world.source.hire(name, "staff")
    world.source.members["sales"] = set()
    acme = await world.connect("staff", brake=LIMITLESS)
    sales = await world.connect("sales", name="Sales", brake=LIMITLESS)
    await world.sync(acme)
    return world, acme, sales


async def another_is_called_ann(world: World) -> None:
    """The old one is called otherwise, and a new one in staff has the name."""
    world.source.rename("ann", "ann.old")
    world.source.hire(ANN, "staff")


async def one(world: World, key: str, name: str) -> Became:
    return (await IndividualSync(world.context).of_names(key, [name], "test")).outcomes[0].became


async def check_names(world: World) -> None:
    """No two records list one name, now; and two runs later everything agrees."""
    listed = Counter(key for user in await world.users() for key in user.name_digests)
    assert set(listed.values()) <= {1}
    world.clock.at += LONGER_THAN_ITS_CLAIMS
    for sync in await world.context.syncs.all():
        assert (await world.sync(sync.directory_key)).state in (State.COMPLETED, State.WARNINGS)
    await check_sound(world)


async def test_who_lost_the_name_in_trash_meanwhile_is_not_restored_under_it():  # D-07
    world, acme, _ = await a_world(ANN)
    ann = await world.user(ANN)
    world.source.accounts[world.source.named("ann")].attributes["displayName"] = "Ann Lind"
    await world.until(Phase.APPLY, await world.start(acme))  # to write ann, who is active and needs no claim
    world.source.delete(world.source.named("ann"))
    world.source.hire(ANN, "staff")
    assert await one(world, acme, ANN) is Became.CREATED

    await world.drain()

    old = await world.context.users.get(ann.user_id)
    assert old is not None
    assert (old.status, old.username, old.former_username) == (Status.PENDING_DELETION, "", ANN)
    await check_names(world)


async def test_whom_another_sync_renamed_meanwhile_is_disabled_and_nothing_else():  # D-04, D-02, D-16
    world, acme, _ = await a_world(ANN)
    by_mail = await world.connect("staff", name="By mail", mapping=Mapping(username="mail"))
    await world.sync(by_mail)
    await world.sync(acme)
    account = world.source.accounts[world.source.named("ann")]
    account.attributes["mail"] = BEA
    await world.until(Phase.APPLY, await world.start(by_mail))  # to call ann by her mail, and give up the other name
    waiting = world.queues.receive(Apply.queue)
    account.enabled = False
    run = await world.until(Phase.APPLY, await world.start(acme))  # to disable ann, under the name that she has
    waiting += world.queues.receive(Apply.queue)

    for message in waiting:
        await world.handle(message.queue, message.body)
    await world.drain()

    (ann,) = await world.users()
    assert (ann.status, ann.username) == (Status.DISABLED, BEA)
    logged, _ = await world.context.log.forward(limit=1000)
    told = [one.event.description for one in logged if (one.event.run, one.event.object_id) == (run.run, ann.user_id)]
    assert told == [{"status": "disabled", "Actions": "disable"}]
    await check_names(world)


async def test_who_joins_another_sync_under_a_name_that_is_being_given_away_does_not_keep_it():  # D-06, D-07, B-114
    world, acme, sales = await a_world(ANN)
    await another_is_called_ann(world)
    old = world.source.named("ann.old")
    world.source.quit(old)
    await world.until(Phase.CLAIM, await world.start(acme))  # the old one to Trash, its name to the new one
    world.source.join(old, "sales")

    await one(world, sales, OLD)  # which would leave the username as it is
    await world.drain()

    await check_names(world)


async def test_whose_name_was_claimed_anew_after_a_plan_that_gives_it_away_keeps_it():  # D-07, B-162
    world, acme, _ = await a_world(ANN)
    old = world.source.named("ann")
    world.source.quit(old)
    await world.sync(acme)
    await another_is_called_ann(world)
    await world.until(Phase.CLAIM, await world.start(acme))  # the name to the new one, out of Trash
    world.source.join(old, "staff")
    assert await one(world, acme, OLD) is Became.RESTORED

    await world.drain()

    await check_names(world)


async def test_a_name_that_a_run_is_about_to_write_is_not_given_away():  # D-07, B-162
    world, acme, sales = await a_world(ANN)
    old = world.source.named("ann")
    world.source.quit(old)
    await world.sync(acme)
    world.source.join(old, "sales")
    await world.until(Phase.APPLY, await world.start(sales))  # to restore ann
    waiting = world.queues.receive(Apply.queue)
    await another_is_called_ann(world)

    await world.sync(acme)
    for message in waiting:
        await world.handle(message.queue, message.body)
    await world.drain()

    await check_names(world)


async def test_a_name_that_a_run_claimed_and_gives_up_again_stays_with_its_user():  # D-02
    world, acme, sales = await a_world(ANN, CID)
    ann = world.source.named("ann")
    world.source.join(ann, "sales")
    await world.sync(sales)
    await world.sync(acme)
    world.source.rename("cid", "eve")
    world.source.rename("ann", "cid")
    await world.until(Phase.CLAIM, await world.start(acme))
    await Hands(world).create("eve@corp.example")
    await world.deliver_one()  # cid's name is claimed for ann, and there is no other for cid
    waiting = world.queues.receive(Plan.queue)
    assert waiting

    await world.sync(sales)
    for message in waiting:
        await world.handle(message.queue, message.body)
    await world.drain()

    await check_names(world)


async def test_an_alias_by_hand_that_is_being_given_away_goes_although_its_user_stays():  # B-051, D-06, D-07
    world, acme, sales = await a_world(ANN)
    ann = world.source.named("ann")
    await Hands(world).change(await world.user(ANN), UserEdit(aliases={"8": BEA}))
    world.source.quit(ann)
    world.source.hire(BEA, "staff")
    await world.until(Phase.APPLY, await world.start(acme))  # ann to Trash, her alias to bea
    world.source.join(ann, "sales")
    assert await one(world, sales, ANN) is Became.UPDATED

    await world.drain()

    assert (await world.user(ANN)).aliases == {}
    assert (await world.user(BEA)).username == BEA
    await check_names(world)
