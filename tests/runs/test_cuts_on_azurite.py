"""Some of the cuts of `test_cuts.py` on Azurite: there too the end is the same, row by row."""

from sync_core.storage.azure import AzureTables
from tests.runs.on_azurite import in_memory, on_azurite
from tests.runs.picture import check_sound
from tests.runs.test_cuts import EXPERIMENTS, end, every_cut, uncut
from tests.storage.prefixed import PrefixedTables


async def test_every_25th_cut_ends_the_same_on_azurite(azure_tables: PrefixedTables[AzureTables]):
    for number, (name, place) in enumerate((await every_cut())[::25]):
        experiment = EXPERIMENTS[name]
        before, key = await experiment.made()
        expected, _ = await uncut(before, key, runs=experiment.one_run)
        world = await on_azurite(before, PrefixedTables(azure_tables, f"n{number}"))

        await experiment.fate(world, key, place)

        after = await in_memory(world)
        assert await end(after, runs=experiment.one_run) == expected, (name, place)
        await check_sound(after)
