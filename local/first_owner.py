"""Makes the tables and queues that are missing, and the first active Owner of a deployment, whom no call can make yet (D-30).

`python -m local.first_owner --name NAME --email ADDRESS` does it for the deployment whose settings stand in the environment
(AzureWebJobsStorage or its two addresses, SECRET_KEY, PUBLIC_URL), and prints as JSON who it is, and the link behind which that person
sets a password and a second factor. The link is shown this once and lasts a week; with `--new-link` another one takes its place.
"""

import argparse
import asyncio
import json
import sys

from pydantic import ValidationError

from sync_core.errors import SyncError
from sync_core.management.first_owner import Made
from sync_core.services import open_services
from sync_core.settings import Settings


async def make_owner(settings: Settings, *, name: str, email: str, new_link: bool = False) -> Made:
    services = open_services(settings)
    try:
        await services.prepare()
        first = services.admin.first_owner
        return await first.new_link(email) if new_link else await first.make(name, email)
    finally:
        await services.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.first_owner", description="Makes the first active Owner directly in storage.")
    parser.add_argument("--name", default="", help="the person's full name")
    parser.add_argument("--email", required=True, help="the person's mail address")
    parser.add_argument("--new-link", action="store_true", help="another link, where the first was lost or has expired unused")
    arguments = parser.parse_args()
    try:
        settings = Settings()  # pyright: ignore[reportCallIssue], its fields come from the environment
        made = asyncio.run(make_owner(settings, name=arguments.name, email=arguments.email, new_link=arguments.new_link))
    except ValidationError as faults:
        parser.error("; ".join(f"{'.'.join(map(str, fault['loc'])).upper() or 'settings'}: {fault['msg']}" for fault in faults.errors()))
    except SyncError as refusal:
        parser.exit(1, f"{parser.prog}: {refusal}\n")
    told = {"admin_id": made.owner.admin_id, "name": made.owner.name, "email": made.owner.email, "url": made.url or None}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
