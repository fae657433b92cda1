"""Full syncs: start one, follow it, cancel it, and read what it did and whom it left out."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field

from sync_core.management.references import PLACE, cursor_after, cursor_place
from sync_core.planning.changes import Change
from sync_core.planning.reasons import Skip
from sync_core.runs.record import Progress, Run
from triggers.http.fields import Answer, Cursor, Limit, Page, RunRef, SyncKey, page
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, RUNNING
from triggers.http.services import Serve
from triggers.http.signatures import Reader, SyncManager

router = APIRouter(tags=["runs"])

REFERENCE_CODE = "9f86d081884c7d659a2feaa0c55ad015"
POLL_SECONDS = "2"


class ProgressAnswer(Answer):
    step: str = Field(examples=["read"])
    done: int = Field(examples=[3])
    total: int = Field(description="In the step's own units: groups, then slices of changes.", examples=[12])


class RunAnswer(Answer):
    reference_code: str = Field(description="Names the run everywhere: in the log, in mail, in answers.", examples=[REFERENCE_CODE])
    directory_key: str = Field(description="The sync.", examples=["DK2A3B4C5D6E7F2G3H4I"])
    kind: str = Field(description='"full" or "preview".', examples=["full"])
    sync_name: str = Field(description="As it was when the run began; empty before that.", examples=["Head office"])
    state: str = Field(examples=["applying"])
    phase: str = Field(description='The step whose messages are out, or "ended".', examples=["apply"])
    actor: str = Field(description="Who started it.", examples=["Nightly script (DI2A3B4C5D6E7F2G3H4I)"])
    reason: str = Field(description="Why it ended as it did, where that needs words.", examples=[""])
    counts: dict[str, int] = Field(description="What it did, by kind.", examples=[{"create": 3, "update": 1}])
    requests: dict[str, int] = Field(description="Requests that it made, by service.", examples=[{"graph": 14, "tables": 40, "queue": 9}])
    queued_at: datetime
    read_at: datetime | None = Field(description="When its reading of Entra counts as made.")
    ended_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> "RunAnswer":
        return cls.model_validate(_shown(run))


class RunView(RunAnswer):
    progress: ProgressAnswer = Field(description="How far the present step is.")

    @classmethod
    def at(cls, run: Run, progress: Progress) -> "RunView":
        return cls.model_validate({**_shown(run), "progress": {"step": progress.step, "done": progress.done, "total": progress.total}})


class SkipAnswer(Answer):
    object_id: str = Field(examples=["3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a"])
    user_id: str = Field(description="Empty when it has no user here.", examples=["DU2A3B4C5D6E7F2G3H4I"])
    username: str = Field(examples=["user@corp.example"])
    reason: str = Field(examples=["a username or alias is in use by another user here"])
    detail: str = Field(examples=['the alias "u@corp.example" is the username of DU7F2G3H4I2A3B4C5D6E'])


class FieldChange(Answer):
    name: str = Field(examples=["email"])
    before: str = Field(examples=[""])
    after: str = Field(examples=["user@corp.example"])


class ChangeAnswer(Answer):
    actions: list[str] = Field(examples=[["update"]])
    object_id: str = Field(examples=["3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a"])
    user_id: str = Field(examples=["DU2A3B4C5D6E7F2G3H4I"])
    username: str = Field(examples=["user@corp.example"])
    reason: str = Field(examples=["Entra has other values"])
    fields: list[FieldChange]


@router.post("/api/v1/syncs/{directory_key}/runs", status_code=202, summary="Start a full sync", responses=answers(NOT_FOUND, RUNNING))
async def start_run(directory_key: SyncKey, response: Response, services: Serve, actor: SyncManager) -> RunAnswer:
    """Queues a full sync. Location names the run to follow. While one goes on, the answer is 409 with its reference code in `running`."""
    run = await services.runs.start(directory_key, str(actor))
    response.headers["Location"] = f"/api/v1/runs/{run.run}"
    response.headers["Retry-After"] = POLL_SECONDS
    return RunAnswer.of(run)


@router.get("/api/v1/syncs/{directory_key}/runs", summary="List a sync's runs", responses=answers(NOT_FOUND))
async def list_runs(directory_key: SyncKey, services: Serve, _: Reader, limit: Limit = 20, cursor: Cursor = "") -> Page[RunAnswer]:
    """The sync's runs, newest first."""
    await services.syncs.get(directory_key)
    listed = f"runs of {directory_key}"
    runs, place = await services.runs.history(directory_key, limit=limit, cursor=cursor_place(cursor, listed, PLACE))
    return page([RunAnswer.of(run) for run in runs], cursor_after(place, listed))


@router.get("/api/v1/runs/{reference_code}", summary="Follow a run", responses=answers(NOT_FOUND))
async def read_run(reference_code: RunRef, services: Serve, _: Reader) -> RunView:
    """One run as it stands now: its state, how far its present step is, what it has done and why it ended."""
    return RunView.at(*await services.runs.view(reference_code))


@router.post("/api/v1/runs/{reference_code}/cancel", status_code=202, summary="Cancel a run", responses=answers(NOT_FOUND))
async def cancel_run(reference_code: RunRef, response: Response, services: Serve, actor: SyncManager) -> RunAnswer:
    """Asks the run to stop before its next slice. What is applied stays; nothing is removed after this."""
    run = await services.runs.cancel(reference_code, str(actor))
    response.headers["Location"] = f"/api/v1/runs/{run.run}"
    response.headers["Retry-After"] = POLL_SECONDS
    return RunAnswer.of(run)


@router.get("/api/v1/runs/{reference_code}/skips", summary="List whom a run left out", responses=answers(NOT_FOUND))
async def list_skips(reference_code: RunRef, services: Serve, _: Reader, limit: Limit = 100, cursor: Cursor = "") -> Page[SkipAnswer]:
    """The users of the source that this run skipped, each with its reason."""
    listed = f"skips of {reference_code}"
    skips, place = await services.runs.skips(reference_code, limit=limit, cursor=cursor_place(cursor, listed, PLACE))
    return page([_skip(skip) for skip in skips], cursor_after(place, listed))


@router.get("/api/v1/runs/{reference_code}/changes", summary="List what a run changes", responses=answers(NOT_FOUND))
async def list_changes(reference_code: RunRef, services: Serve, _: Reader, limit: Limit = 100, cursor: Cursor = "") -> Page[ChangeAnswer]:
    """The changes that this run planned, each with its reason and the fields that it writes."""
    listed = f"changes of {reference_code}"
    changes, place = await services.runs.changes(reference_code, limit=limit, cursor=cursor_place(cursor, listed, PLACE))
    return page([_change(change) for change in changes], cursor_after(place, listed))


def _shown(run: Run) -> dict[str, object]:
    return {
        "reference_code": run.run,
        "directory_key": run.directory_key,
        "kind": run.kind,
        "sync_name": run.sync.name if run.sync else "",
        "state": run.state,
        "phase": run.phase,
        "actor": run.actor,
        "reason": run.reason,
        "counts": run.counts,
        "requests": run.requests,
        "queued_at": run.queued_at,
        "read_at": run.read_at,
        "ended_at": run.ended_at,
    }


def _skip(skip: Skip) -> SkipAnswer:
    return SkipAnswer(object_id=skip.object_id, user_id=skip.user_id, username=skip.username, reason=skip.reason, detail=skip.detail)


def _change(change: Change) -> ChangeAnswer:
    return ChangeAnswer(
        actions=list(change.actions),
        object_id=change.object_id,
        user_id=change.user_id,
        username=change.username,
        reason=change.reason,
        fields=[FieldChange(name=field.name, before=field.before, after=field.after) for field in change.fields],
    )
