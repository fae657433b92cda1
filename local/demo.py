"""`python -m local.demo` (make demo): a simulated tenant, synced, changed and synced again, step by step over the HTTP API.

USERS sets the tenant's size. With ONCE=1, or without a terminal unless ONCE=0, it ends after the second run, which it prints as JSON
on stdout; everything else goes to stderr.
"""

import json
import os
import sys
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local.client import Signed
from local.demo_api import DemoApi
from local.demo_tenant import FEWEST, change_people
from local.foreground import CommandFailed, foreground
from local.run import addresses
from local.system import Options, System, Tenant, local_system

SHOWN = 12
"""Rows of a table of changes or skips."""


async def demo(console: Console, *, once: bool) -> None:
    options = Options.of(os.environ)
    if options.users < FEWEST:
        raise CommandFailed(f"The demo needs a tenant of some size: USERS={FEWEST} or more.")
    async with local_system(options, say=lambda part: console.print(f"starting {part}")) as system:
        if system.tenant is None:
            raise CommandFailed("The demo changes people, so it runs on a simulated tenant only: unset GRAPH_BASE_URL, or use `make run`.")
        signed = Signed(system.ikey, system.skey)
        async with httpx.AsyncClient(base_url=system.base_url, auth=signed, trust_env=False, timeout=60) as http:
            run = await _tell(console, system, system.tenant, DemoApi(http))
        if once:
            sys.stdout.write(json.dumps(run) + "\n")
            return
        console.rule("Yours now")
        console.print(addresses(system))
        console.print("Ctrl-C ends it, and all that it holds.")
        await system.children.until_lost()


async def _tell(console: Console, system: System, tenant: Tenant, api: DemoApi) -> dict[str, Any]:
    """The demo's story. Returns the second run."""
    console.rule("A connection and a user sync")
    connection = await api.connect(tenant.tenant_id)
    groups = await api.find_groups(connection["connection_id"])
    sync = await api.create_sync(connection["connection_id"], [group["object_id"] for group in groups])
    system.note(directory_key=sync["directory_key"])
    console.print(f"{connection['name']} ({tenant.tenant_id}), all {len(groups)} groups: directory key {sync['directory_key']}")

    console.rule("The first full sync")
    first = await _follow(console, api, sync["directory_key"])
    console.print(_outcome(first))
    console.print(_skips(await api.skips(first["reference_code"])))

    console.rule("A day passes in Entra")
    for event in await change_people(tenant.url):
        console.print(f"  {event}")

    console.rule("What the next sync would do: a preview, which writes nothing")
    preview = await _follow(console, api, sync["directory_key"], "preview")
    console.print(_outcome(preview))
    console.print(_changes(await api.changes(preview["reference_code"])))

    console.rule("The second full sync")
    second = await _follow(console, api, sync["directory_key"])
    console.print(_outcome(second))
    moved = [change for change in await api.changes(second["reference_code"]) if "groups" in change["actions"]]

    console.rule("Why is this user so?")
    for change in moved[:1]:
        console.print(_explained(await api.explain(sync["directory_key"], change["user_id"])))
    return second


async def _follow(console: Console, api: DemoApi, directory_key: str, what: str = "runs") -> dict[str, Any]:
    """Starts a run and shows how far it is until it has ended."""
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f}"),
        TimeElapsedColumn(),
    )
    run: dict[str, Any] = {}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("queued", total=1)
        async for run in api.follow(directory_key, what):
            progress = run["progress"]
            shown.update(task, description=run["state"], completed=progress["done"], total=max(1, progress["total"]))
    if run["state"] not in {"completed", "completed with warnings", "previewed"}:
        raise CommandFailed(f"The run {run['reference_code']} ended {run['state']}: {run['reason']}")
    return run


def _outcome(run: dict[str, Any]) -> Table:
    table = Table(show_header=False, box=None)
    table.add_row(run["state"], f"reference code {run['reference_code']}")
    table.add_row("counts", _listed(run["counts"]))
    table.add_row("requests", _listed(run["requests"]))
    return table


def _skips(skips: list[dict[str, Any]]) -> Table | str:
    if not skips:
        return "Nobody was left out."
    table = Table(title=f"Left out: {len(skips)}", title_justify="left")
    for column in ("user", "reason", "detail"):
        table.add_column(column)
    for skip in skips[:SHOWN]:
        table.add_row(skip["username"], skip["reason"], skip["detail"])
    return table


def _changes(changes: list[dict[str, Any]]) -> Table:
    table = Table(title=f"What changed: {len(changes)} users", title_justify="left")
    for column in ("user", "what", "fields", "why"):
        table.add_column(column)
    for change in changes[:SHOWN]:
        fields = "\n".join(f"{field['name']}: {field['before'] or '(none)'} → {field['after'] or '(none)'}" for field in change["fields"])
        table.add_row(change["username"], ", ".join(change["actions"]), fields, change["reason"])
    return table


def _explained(explanation: dict[str, Any]) -> Table:
    table = Table(show_header=False, box=None)
    for value in explanation["values"]:
        table.add_row(value["field"], f"{value['becomes'] or '(none)'}, from {value['source']}")
    for group in explanation["groups"]:
        table.add_row("group", f"{group['name']}, through {' → '.join(group['path'])}" if group["nested"] else group["name"])
    if decision := explanation["decision"]:
        table.add_row("a sync now", f"{decision['outcome']}: {decision['reason']}")
    return table


def _listed(numbers: dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in numbers.items()) or "none"


def _once() -> bool:
    wish = os.environ.get("ONCE", "")
    return wish == "1" or (wish != "0" and not sys.stdout.isatty())


if __name__ == "__main__":
    sys.exit(foreground(demo(Console(stderr=True), once=_once())))
