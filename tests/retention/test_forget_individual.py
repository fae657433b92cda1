"""Of a deleted user the answers of individual syncs keep ids only (D-35)."""

from datetime import timedelta

from sync_core.individual.sync import IndividualSync
from sync_core.planning.outcomes import Became
from tests.retention.test_forget import told
from tests.trash.world import TrashWorld

ANN, BEA = "ann@corp.example", "bea@corp.example"


async def test_what_individual_syncs_told_of_a_deleted_user_is_forgotten():
    world = TrashWorld()
    await world.prepare()
    world.source.hire(ANN, "staff")
    world.source.hire(BEA, "staff")
    key, single = await world.connect("staff"), IndividualSync(world.context)
    made = await single.of_names(key, [ANN, BEA], "test")
    world.source.accounts[world.source.named("ann")].attributes["displayName"] = "Ann Lind"
    world.clock.at += timedelta(minutes=1)
    await single.of_names(key, [ANN], "test")
    world.source.delete(world.source.named("ann"))
    world.clock.at += timedelta(minutes=1)
    gone = await single.of_names(key, [ANN], "test")
    assert "Ann Lind" in told(world)
    world.clock.at += timedelta(days=8)

    await world.night()

    assert not [word for word in (ANN, "Ann") if word in told(world)]
    (kept,) = await single.outcomes(gone.run.run)
    assert (kept.became, kept.user_id) == (Became.TRASHED, made.outcomes[0].user_id)
    assert (await single.outcomes(made.run.run))[1].name == BEA
