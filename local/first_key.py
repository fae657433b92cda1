"""Makes the tables and queues that are missing, and an integration key: the first one, which no call can make yet.

`python -m local.first_key --name NAME` does it for the deployment whose settings stand in the environment (AzureWebJobsStorage or its
two addresses, SECRET_KEY), and prints the key and its secret as JSON. The secret is shown this once.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Collection

from sync_core.directory.integrations import Grant
from sync_core.directory.roles import Role
from sync_core.services import open_services
from sync_core.settings import Settings


async def create_key(
    settings: Settings, *, name: str, role: Role = Role.OWNER, grants: Collection[Grant] = tuple(Grant)
) -> tuple[str, str]:
    """The integration key and its secret."""
    services = open_services(settings)
    try:
        await services.prepare()
        return await services.integrations.create(name, role, grants)
    finally:
        await services.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.first_key", description="Makes an integration key directly in storage.")
    parser.add_argument("--name", required=True, help="what the key is for")
    parser.add_argument("--role", type=Role, choices=list(Role), default=Role.OWNER)
    parser.add_argument(
        "--grant",
        type=Grant,
        choices=list(Grant),
        action="append",
        dest="grants",
        help="of the Admin API; may be repeated; all if none is given",
    )
    arguments = parser.parse_args()
    settings = Settings()  # pyright: ignore[reportCallIssue], its fields come from the environment
    grants: list[Grant] = arguments.grants or list(Grant)
    ikey, skey = asyncio.run(create_key(settings, name=arguments.name, role=arguments.role, grants=grants))
    sys.stdout.write(json.dumps({"ikey": ikey, "skey": skey}) + "\n")


if __name__ == "__main__":
    main()
