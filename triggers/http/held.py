"""What the brake holds: read it, approve it, discard it; and takeovers that need somebody's word."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from sync_core.errors import NotFound
from sync_core.management.references import PLACE, cursor_after, cursor_place
from sync_core.planning.brake import HeldChange, Overrun
from sync_core.planning.held import HeldSet
from sync_core.runs.record import KEPT
from triggers.http.fields import Answer, Body, Cursor, Limit, Page, RunRef, SyncKey, page
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, OUTDATED, RUNNING
from triggers.http.runs import REFERENCE_CODE, RunAnswer, followed
from triggers.http.services import Serve
from triggers.http.signatures import Reader, SyncManager

router = APIRouter(tags=["brake"])

DIGEST = "3b5d5c3712955042212316173ccf37be"
OBJECT = "3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a"


class OverrunAnswer(Answer):
    what: str = Field(examples=["removals and disables"])
    count: int = Field(description="How many such changes a run would make.", examples=[120])
    of: int = Field(description="Of so many users of the sync, or members of the group.", examples=[400])
    group_id: str = Field(description="The group that would lose members; empty for the other classes.", examples=[""])
    detail: str = Field(
        examples=["120 of 400 users would be removed or disabled: over 10, and over 20 % or 500"], description="The same in words."
    )

    @classmethod
    def of_overrun(cls, overrun: Overrun) -> "OverrunAnswer":
        return cls(what=overrun.what, count=overrun.count, of=overrun.of, group_id=overrun.group_id, detail=overrun.detail)


class HeldAnswer(Answer):
    digest: str = Field(description="Names this set of changes exactly: it is what is approved or discarded.", examples=[DIGEST])
    reference_code: str = Field(description="The newest run that held this set; its list says whose changes.", examples=[REFERENCE_CODE])
    first_held_by: str = Field(description="The run that held it first.", examples=[REFERENCE_CODE])
    held_at: datetime
    approvable_until: datetime = Field(description="Later the sync has to run again first.")
    users: int = Field(description="How many users have changes held.", examples=[120])
    new: int = Field(description="Those of them who are new to the set that was held before.", examples=[2])
    gone: int = Field(description="Those whom that named and this does not.", examples=[0])
    classes: list[OverrunAnswer]
    approved_run: str = Field(description="The run that was started to make these changes; empty for none.", examples=[""])
    approved_by: str = Field(examples=[""])

    @classmethod
    def of_set(cls, held: HeldSet) -> "HeldAnswer":
        return cls(
            digest=held.digest,
            reference_code=held.run,
            first_held_by=held.first_run,
            held_at=held.held_at,
            approvable_until=held.held_at + KEPT,
            users=held.users,
            new=held.new,
            gone=held.gone,
            classes=[OverrunAnswer.of_overrun(overrun) for overrun in held.overruns],
            approved_run=held.approved_run,
            approved_by=held.approved_by,
        )


class HeldChangeAnswer(Answer):
    object_id: str = Field(examples=[OBJECT])
    user_id: str = Field(examples=["DU2A3B4C5D6E7F2G3H4I"])
    username: str = Field(description="As it is known here today.", examples=["user@corp.example"])
    actions: list[str] = Field(description="What is held, exactly.", examples=[["trash"]])
    detail: str = Field(description="The same in words.", examples=["would go to Trash"])
    since: str = Field(description='Against the set that was held before: "new", "still held" or "held no more".', examples=["new"])

    @classmethod
    def of_change(cls, change: HeldChange) -> "HeldChangeAnswer":
        return cls(
            object_id=change.object_id,
            user_id=change.user_id,
            username=change.username,
            actions=list(change.actions),
            detail=change.detail,
            since=change.since,
        )


class DecisionBody(Body):
    digest: str = Field(max_length=64, description="Of the set that is decided on.", examples=[DIGEST])


class ConfirmationAnswer(Answer):
    object_id: str = Field(examples=[OBJECT])
    user_id: str = Field(description="The user that the next run may take over.", examples=["DU2A3B4C5D6E7F2G3H4I"])
    confirmed_by: str = Field(examples=["Nightly script (DI2A3B4C5D6E7F2G3H4I)"])
    confirmed_at: datetime


ObjectId = Annotated[
    str,
    Path(max_length=64, description="The object id in Entra.", openapi_examples={"object": {"value": OBJECT}}),
]


@router.get("/api/v1/syncs/{directory_key}/held", summary="Read what the brake holds", responses=answers(NOT_FOUND))
async def read_held(directory_key: SyncKey, services: Serve, _: Reader) -> HeldAnswer:
    """The set of changes that the brake holds back of this sync until somebody approves it. Not found when it holds nothing."""
    await services.syncs.get(directory_key)
    held = await services.approvals.held(directory_key)
    if held is None:
        raise NotFound("the brake holds nothing of this sync")
    return HeldAnswer.of_set(held)


@router.post(
    "/api/v1/syncs/{directory_key}/held/approve",
    status_code=202,
    summary="Approve what is held",
    responses=answers(NOT_FOUND, RUNNING, OUTDATED),
)
async def approve_held(
    directory_key: SyncKey, decision: DecisionBody, response: Response, services: Serve, actor: SyncManager
) -> RunAnswer:
    """Starts a run that makes the held changes of exactly this set, once; any others over the limits are held again.

    Within 24 hours of the newest run that held it. When another set is held by now, or none, the answer is 412.
    """
    return followed(response, await services.approvals.approve(directory_key, decision.digest, by=str(actor)))


@router.post(
    "/api/v1/syncs/{directory_key}/held/discard",
    status_code=204,
    summary="Discard what is held",
    responses=answers(NOT_FOUND, RUNNING, OUTDATED),
)
async def discard_held(directory_key: SyncKey, decision: DecisionBody, services: Serve, actor: SyncManager) -> None:
    """Puts the set away: it can be approved no more. A later run that finds the same holds it again."""
    await services.approvals.discard(directory_key, decision.digest, by=str(actor))


@router.get("/api/v1/runs/{reference_code}/held", summary="List whose changes the brake holds", responses=answers(NOT_FOUND))
async def list_held(reference_code: RunRef, services: Serve, _: Reader, limit: Limit = 100, cursor: Cursor = "") -> Page[HeldChangeAnswer]:
    """The changes that this run held back, or, of a preview, that a run would; then those that are held no more."""
    listed = f"held of {reference_code}"
    held, place = await services.runs.held(reference_code, limit=limit, cursor=cursor_place(cursor, listed, PLACE))
    return page([HeldChangeAnswer.of_change(change) for change in held], cursor_after(place, listed))


@router.post("/api/v1/runs/{reference_code}/skips/{object_id}/confirm", summary="Confirm a takeover", responses=answers(NOT_FOUND))
async def confirm_takeover(reference_code: RunRef, object_id: ObjectId, services: Serve, actor: SyncManager) -> ConfirmationAnswer:
    """Lets the next run of the sync take over the user that this skip names, although that enables somebody who is disabled here.

    Refused for skips of any other kind: no word of anybody's changes these.
    """
    confirmed = await services.approvals.confirm(reference_code, object_id, by=str(actor))
    return ConfirmationAnswer(
        object_id=confirmed.object_id, user_id=confirmed.user_id, confirmed_by=confirmed.by, confirmed_at=confirmed.at
    )
