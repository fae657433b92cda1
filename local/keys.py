"""Integration keys of a deployment, by a command for who runs it: listed, given new secrets, revoked. `local.first_key` makes them.

`python -m local.keys list`, `rotate KEY` and `revoke KEY` work on the deployment whose settings stand in the environment, also when no key
is left that could call, and print JSON. A new secret is shown this once; the former one, and a revoked key, end within 30 seconds.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from sync_core.directory.integrations import Integration
from sync_core.errors import SyncError
from sync_core.management.integrations import Integrations
from sync_core.services import open_services
from sync_core.settings import Settings


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.keys", description="Lists integration keys, gives them new secrets, revokes them."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="all keys, without their secrets")
    for verb, what in (("rotate", "a new secret, shown this once"), ("revoke", "ends a key for good")):
        verbs.add_parser(verb, help=what).add_argument("ikey", metavar="KEY", help="the integration key")
    return parser.parse_args(arguments)


async def done(integrations: Integrations, asked: argparse.Namespace) -> object:
    """What there is to say of it. Raises NotFound, and Conflict when somebody else is changing the key."""
    match asked.verb:
        case "rotate":
            rotated, skey = await integrations.rotate(asked.ikey)
            return shown(rotated) | {"skey": skey}
        case "revoke":
            await integrations.revoke(asked.ikey)
            return {"ikey": asked.ikey, "revoked": True}
        case _:
            return [shown(integration) for integration in await integrations.all()]


def shown(integration: Integration) -> dict[str, object]:
    """All but its secret."""
    return {
        "ikey": integration.ikey,
        "name": integration.name,
        "role": integration.role.value,
        "grants": [grant.value for grant in integration.grants],
        "created_at": integration.created_at.isoformat(),
        "created_by": integration.created_by,
        "rotated_at": integration.rotated_at.isoformat() if integration.rotated_at else None,
    }


async def run(settings: Settings, asked: argparse.Namespace) -> object:
    services = open_services(settings)
    try:
        return await done(services.integrations, asked)
    finally:
        await services.close()


def main() -> None:
    asked = parse()
    settings = Settings()  # pyright: ignore[reportCallIssue], its fields come from the environment
    try:
        said = asyncio.run(run(settings, asked))
    except SyncError as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
