"""The log in both forms: the administrator log, polled by time, and the activity log, read on by a cursor (admin-api.md §4)."""

import json
import re
from datetime import UTC, datetime, timedelta

from sync_core.directory.events import SYSTEM, Event
from sync_core.directory.integrations import Grant
from sync_core.errors import Rejected
from triggers.http.admin.answers import Ok
from triggers.http.admin.calls import Call, Served, get
from triggers.http.admin.objects import Object
from triggers.http.admin.parameters import SHOWN

_LAST_SECOND = 253_402_300_799
"""Of the year 9999."""
_KEY = re.compile(r"(?P<name>.*) \((?P<key>DI[2-7A-Z]{18})\)", re.DOTALL)
"""An actor that is an integration key, as `str(Actor)` has it."""
_ORDERS = {"ts:asc": False, "ts:desc": True}
MAX_PAGE = 1000


async def read_administrator_log(call: Call) -> Ok:
    """The earliest 1,000 events not before `mintime`, in seconds: whoever polls gives the second after the last one that it has."""
    since = call.parameters.number("mintime", low=0, high=_LAST_SECOND) or 0
    return Ok([administrator_event(event) for event in await call.services.admin.log.since(_at(since * 1000))])


async def read_activity(call: Call) -> Ok:
    given = call.parameters
    since = given.number("mintime", low=0, high=_LAST_SECOND * 1000)
    until = given.number("maxtime", low=0, high=_LAST_SECOND * 1000 - 1)
    order = given.text("sort") or "ts:desc"
    if order not in _ORDERS:
        raise Rejected(f"it is ts:asc or ts:desc, not {order[:SHOWN]!r}", field="sort")
    limit = given.number("limit", low=1, high=2**31) or 100
    _, _, cursor = (given.text("next_offset") or given.text("offset") or "").rpartition(",")
    found, more = await call.services.admin.log.page(
        _at(since) if since is not None else None,
        _at(until) + timedelta(milliseconds=1) if until is not None else None,
        newest=_ORDERS[order],
        limit=min(limit, MAX_PAGE),
        cursor=cursor,
    )
    metadata: Object = {
        "next_offset": f"{int(found[-1][1].at.timestamp() * 1000) if found else 0},{more}" if more else None,
        "total_objects": {"relation": "gt" if more else "eq", "value": len(found)},
    }
    return Ok({"items": [activity(*placed) for placed in found], "metadata": metadata})


def administrator_event(event: Event) -> Object:
    return {
        "action": event.action.value,
        "description": _described(event),
        "isotimestamp": event.at.astimezone(UTC).isoformat(timespec="seconds"),
        "object": event.object or None,
        "timestamp": int(event.at.timestamp()),
        "username": event.actor,
    }


def activity(place: str, event: Event) -> Object:
    by = _KEY.fullmatch(event.actor)
    kind = "api" if by else "system" if event.actor == SYSTEM else "admin"
    return {
        "access_device": {},
        "action": event.action.value,
        "activity_id": place,
        "actor": {"details": None, "key": by["key"] if by else None, "name": by["name"] if by else event.actor, "type": kind},
        "akey": "",
        "application": {"key": by["key"] if by else None, "name": by["name"] if by else None, "type": "adminapi" if by else None},
        "target": {
            "details": _described(event),
            "key": event.object_id or None,
            "name": event.object or None,
            "type": event.action.value.rpartition("_")[0],
        },
        "ts": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
    }


def _described(event: Event) -> str | None:
    return json.dumps(event.told) if event.told else None


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


SERVED: tuple[Served, ...] = (
    get("/v1/logs/administrator", read_administrator_log, Grant.READ_LOG),
    get("/v2/logs/activity", read_activity, Grant.READ_LOG),
)
