"""What a run or a preview decided, so that two can be compared.

Ids of what is new are random: users are told by their objects, phones by what they are.
"""

import json
import re
from typing import Any

import msgspec
from msgspec.structs import replace

from sync_core.planning.changes import Action
from sync_core.runs.record import Run
from sync_core.storage.cuts import Call, Method, Point, Port
from sync_core.storage.rows import key_of
from tests.runs.world import World

_PHONE = re.compile(r"DP[2-7A-Z]{18}")
ITS_OWN = frozenset({"Runs", "Staging", "Changes", "Log"})


async def decided(world: World, run: Run) -> dict[str, Any]:
    changes, _ = await world.runs.changes(run.run, limit=10_000)
    skips, _ = await world.runs.skips(run.run, limit=10_000)
    held, _ = await world.runs.held(run.run, limit=10_000)
    same = [replace(change, etag="") for change in changes]  # of the row that a run may have emptied of its fingerprint first
    plain = msgspec.to_builtins({"changes": same, "skips": skips, "held": held, "counts": run.counts})
    text = json.dumps(plain)
    for change in changes:
        if Action.CREATE in change.actions:
            text = text.replace(change.user_id, f"the user of {change.object_id}")
    told = json.loads(_PHONE.sub("a phone", text))
    for change in told["changes"]:
        change |= {side: sorted(change[side]) for side in ("gains", "loses") if side in change}
    for listed in ("changes", "skips", "held"):
        told[listed].sort(key=_place)
    return told


def _place(one: dict[str, str]) -> tuple[str, str]:
    return one.get("object_id", ""), one["user_id"]


async def forbid(point: Point, port: Port, method: Method, call: Call) -> None:
    """For `World.interrupt`: nothing is written but the preview's own rows, and no message but those of its steps is sent."""
    if point != "before" or port != "tables" or method not in ("write", "transact"):
        return
    partitions = {key_of(operation)[0] for operation in call.operations}
    assert call.name in ITS_OWN or (call.name, partitions) == ("Syncs", {"preview"}), f"a preview writes {partitions} of {call.name}"
