"""The log, and the history of a user."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from sync_core.directory.events import REFERENCE, Happening, Logged
from sync_core.management.history import Past, Wanted
from triggers.http.decisions import FieldChange
from triggers.http.fields import Answer, Cursor, Limit, Page, page
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND
from triggers.http.services import Serve
from triggers.http.signatures import Reader
from triggers.http.users import UserId

router = APIRouter(prefix="/api/v1", tags=["log"])

CODE = "41c7e5714a91d17dea11157539d5d1ac"
Since = Annotated[
    AwareDatetime | None,
    Query(description="Events at this time or later. Costs nothing.", openapi_examples={"a day": {"value": "2026-11-23T00:00:00Z"}}),
]
Until = Annotated[
    AwareDatetime | None,
    Query(description="Events before this time. Costs nothing.", openapi_examples={"a day": {"value": "2026-11-24T00:00:00Z"}}),
]
Order = Annotated[Literal["newest", "oldest"], Query(description="Which come first.", openapi_examples={"forward": {"value": "oldest"}})]
_LOOKS = "Each request looks through 10,000 events at most: a page may be empty and still have a next one."
OfAction = Annotated[
    Happening | None, Query(description=f"Events of this name only. {_LOOKS}", openapi_examples={"failures": {"value": "azure_sync_fail"}})
]
ByActor = Annotated[
    str,
    Query(
        max_length=256,
        description=f"Events of this actor only, written as in the log. {_LOOKS}",
        openapi_examples={"nobody": {"value": "System"}},
    ),
]
OfObject = Annotated[
    str,
    Query(
        max_length=64,
        description=f"Events of this user, group, sync … only. {_LOOKS} A user's own history costs less.",
        openapi_examples={"user": {"value": "DU2A3B4C5D6E7F2G3H4I"}},
    ),
]


class EventAnswer(Answer):
    id: str = Field(description="Unique, and in the order of time.", examples=["1795454645678901-hand01-000000-00:000"])
    at: datetime
    action: str = Field(examples=["user_update"])
    actor: str = Field(description='Who did it: a key by name and id, or "System".', examples=["Nightly script (DI2A3B4C5D6E7F2G3H4I)"])
    object: str = Field(description="What it was done to, by its name at that time.", examples=["user@corp.example"])
    object_id: str = Field(examples=["DU2A3B4C5D6E7F2G3H4I"])
    reference_code: str = Field(description="Of the run that did it; empty for none.", examples=[CODE])
    description: dict[str, str] = Field(
        description="Fields with their new values, counts, reasons.", examples=[{"email": "u@x", REFERENCE: CODE}]
    )

    @classmethod
    def of(cls, one: Logged) -> "EventAnswer":
        event = one.event
        return cls(
            id=one.place,
            at=event.at,
            action=event.action,
            actor=event.actor,
            object=event.object,
            object_id=event.object_id,
            reference_code=event.run,
            description=event.told,
        )


class PastAnswer(Answer):
    at: datetime
    actions: list[str] = Field(description="What happened, by a run's own words or a log event's name.", examples=[["rename"]])
    actor: str = Field(examples=["System"])
    reference_code: str = Field(description="Of the run that did it; empty for none.", examples=[CODE])
    reason: str = Field(examples=["Entra has other values"])
    fields: list[FieldChange] = Field(description="What changed; the values before are known of runs only.")

    @classmethod
    def of(cls, past: Past) -> "PastAnswer":
        return cls(
            at=past.at,
            actions=list(past.actions),
            actor=past.actor,
            reference_code=past.run,
            reason=past.reason,
            fields=FieldChange.each(past.fields),
        )


@router.get("/log", summary="Read the log", responses=answers())
async def read_log(
    services: Serve,
    _: Reader,
    since: Since = None,
    until: Until = None,
    order: Order = "newest",
    action: OfAction = None,
    actor: ByActor = "",
    object_id: OfObject = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[EventAnswer]:
    """What happened here in the last 400 days, newest or oldest first. A cursor goes on in the order that gave it.

    To follow the log, read it oldest first from the last event's time, and pass over ids that were seen. An event whose outcome is not
    known yet holds back what follows it, 10 minutes at most, so that whoever follows misses nothing.
    """
    wanted = Wanted(since, until, action, actor, object_id)
    events, following = await services.history.events(wanted, newest=order == "newest", limit=limit, cursor=cursor)
    return page([EventAnswer.of(one) for one in events], following)


@router.get("/users/{user_id}/history", summary="Read a user's history", responses=answers(NOT_FOUND))
async def read_history(user_id: UserId, services: Serve, _: Reader, limit: Limit = 50, cursor: Cursor = "") -> Page[PastAnswer]:
    """All that happened to the user, newest first: edits by hand for 400 days, changes of runs for 90, with the values before and after.

    Each request looks into 40 slices of runs at most: a page may be shorter than `limit`, or empty, and still have a next one.
    """
    pasts, following = await services.history.of_user(user_id, limit=limit, cursor=cursor)
    return page([PastAnswer.of(past) for past in pasts], following)
