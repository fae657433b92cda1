"""`python -m local.run` (make run): the whole system on this machine, until Ctrl-C. PORT, USERS and SEED, or GRAPH_BASE_URL, set it up."""

import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.foreground import foreground
from local.system import Options, System, local_system


async def run(console: Console) -> None:
    async with local_system(Options.of(os.environ), say=lambda part: console.print(f"starting {part}")) as system:
        console.print(addresses(system))
        console.print("Ctrl-C ends it, and all that it holds.")
        await system.children.until_lost()


def addresses(system: System) -> Table:
    """Where everything is, for a person."""
    table = Table(show_header=False, box=None)
    table.add_row("API", f"{system.base_url}/api/v1, described in /api/openapi.json")
    if system.tenant:
        table.add_row("Tenant", f"{system.tenant.url}, simulated, id {system.tenant.tenant_id}")
    table.add_row("Key", f"{system.ikey}, its secret is in the state file")
    table.add_row("State", str(system.state.path.relative_to(Path.cwd(), walk_up=True)))
    table.add_row("Logs", str(system.state.path.with_name("logs").relative_to(Path.cwd(), walk_up=True)))
    return table


if __name__ == "__main__":
    sys.exit(foreground(run(Console(stderr=True))))
