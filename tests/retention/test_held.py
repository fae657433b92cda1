"""What the brake once held of somebody who is deleted for good says nothing of the person any more (D-12, D-35)."""

from datetime import timedelta

from sync_core.directory.brake import Brake
from sync_core.directory.users import Status
from sync_core.runs.record import State
from tests.retention.test_forget import told
from tests.runs.held import approved, held
from tests.trash.world import TrashWorld


async def test_held_changes_of_a_deleted_user_keep_its_ids_only() -> None:
    world = TrashWorld()
    await world.prepare()
    ann = world.source.hire("ann@corp.example", "staff")
    world.source.hire("bea@corp.example", "staff")
    key = await world.connect("staff", brake=Brake(removals=0, removals_percent=0, renames=0, renames_percent=0))
    await world.sync(key)
    world.source.accounts[ann].attributes["userPrincipalName"] = "anna@corp.example"
    assert (await world.sync(key)).state is State.HELD
    world.source.delete(ann)
    assert (await world.sync(key)).state is State.HELD
    assert await approved(world, key, (await held(world, key)).digest) is State.COMPLETED
    assert (await world.user("ann@corp.example")).status is Status.PENDING_DELETION
    assert "rename to anna@corp.example" in told(world)
    world.clock.at += timedelta(days=8)

    await world.night()

    assert "ann@corp" not in told(world)
    assert "anna@corp" not in told(world)
    assert ann in told(world)
