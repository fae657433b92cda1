"""`python -m local.run` (make run): the whole system on this machine, until Ctrl-C. PORT, USERS and SEED, or GRAPH_BASE_URL, set it up."""

import os
import sys

from rich.console import Console
from rich.table import Table

from local.foreground import foreground
from local.system import Options, System, local_system


async def run(console: Console) -> None:
    async with local_system(Options.of(os.environ), say=lambda part: console.print(f"starting {part}")) as system:
        console.print(addresses(system))
        console.print("Ctrl-C ends it, and all that it holds.")
        await system.until_lost()


def addresses(system: System) -> Table:
    """Where everything is, for a person."""
    table = Table(show_header=False, box=None)
    table.add_row("API", system.base_url, "signed calls under /api/v1, the OpenAPI document at /api/openapi.json")
    if system.tenant:
        table.add_row("Tenant", system.tenant.url, f"simulated, id {system.tenant.tenant_id}; changed under /control")
    table.add_row("Key", system.ikey, "its secret (skey), and all else a caller needs, is in the state file")
    table.add_row("State", str(system.options.folder / "state.json"), "")
    table.add_row("Logs", str(system.options.folder / "logs"), "")
    return table


if __name__ == "__main__":
    sys.exit(foreground(run(Console(stderr=True))))
