"""Makes an integration key directly in storage: the first one, which no call can make yet.

`python -m local.first_key --name NAME` does it for the deployment whose settings stand in the environment (AzureWebJobsStorage or its
two addresses, SECRET_KEY), and prints the key and its secret as JSON. The secret is shown this once.
"""

import argparse
import asyncio
import json
import sys
from datetime import timedelta

from sync_core.clock import SystemClock
from sync_core.directory.roles import Role
from sync_core.management.integrations import Integrations
from sync_core.secrets import SecretBox
from sync_core.settings import Settings
from sync_core.storage.account import Account
from sync_core.storage.azure_tables import AzureTables
from sync_core.storage.integrations import TABLE, IntegrationRows


async def create_key(settings: Settings, *, name: str, role: Role = Role.OWNER) -> tuple[str, str]:
    """The integration key and its secret."""
    tables = AzureTables(Account.of(settings))
    try:
        await tables.create([TABLE])
        window = timedelta(seconds=settings.signature_window)
        keys = Integrations(IntegrationRows(tables), SecretBox.of(settings.secret_key), SystemClock(), window=window)
        return await keys.create(name, role)
    finally:
        await tables.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.first_key", description="Makes an integration key directly in storage.")
    parser.add_argument("--name", required=True, help="what the key is for")
    parser.add_argument("--role", type=Role, choices=list(Role), default=Role.OWNER)
    arguments = parser.parse_args()
    ikey, skey = asyncio.run(create_key(Settings(), name=arguments.name, role=arguments.role))  # pyright: ignore[reportCallIssue], from the environment
    sys.stdout.write(json.dumps({"ikey": ikey, "skey": skey}) + "\n")


if __name__ == "__main__":
    main()
