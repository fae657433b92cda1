"""python -m local.tenant: runs a simulated tenant until Ctrl-C or SIGTERM.

When it is ready it prints one line of JSON: url, graph, login, tenant_id, token, and ca_file when served with TLS. How to change it
while it runs is in control_api.py.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import msgspec

from local.tenant.folder import Unreadable, load
from local.tenant.generation import generate
from local.tenant.model import Tenant
from local.tenant.serving import Running, serve


def main() -> int:
    options = _options()
    try:
        tenant = load(options.folder) if options.folder else generate(options.users, options.seed, groups=options.groups)
        asyncio.run(_run(tenant, options))
    except (Unreadable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(tenant: Tenant, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with serve(tenant, port=options.port, tls=options.tls, consent_required=options.consent_required) as running:
        sys.stdout.write(_described(running) + "\n")
        sys.stdout.flush()
        await stop.wait()


def _described(running: Running) -> str:
    shown = {
        "url": running.url,
        "graph": running.graph_url,
        "login": running.login_url,
        "tenant_id": running.tenant_id,
        "token": running.token,
    }
    if running.ca_file:
        shown["ca_file"] = str(running.ca_file)
    return msgspec.json.encode(shown).decode()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.tenant", description="A simulated Entra tenant.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--groups", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="the same number makes the same tenant")
    parser.add_argument("--folder", type=Path, help="replay users.json, groups.json and members.json instead")
    parser.add_argument("--tls", action="store_true", help="also serve over https, for token clients that insist on it")
    parser.add_argument("--consent-required", action="store_true", help="no tokens before an administrator consented")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
