"""Full syncs: start one, list those of a sync, follow one, cancel it. What one decided is in decisions.py."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from sync_core.management.references import PLACE, cursor_after, cursor_place
from sync_core.runs.record import Progress, Run, State
from triggers.http.fields import Answer, Cursor, Limit, Page, RunRef, SyncKey, page
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND, RUNNING
from triggers.http.services import Serve
from triggers.http.signatures import Reader, SyncManager

router = APIRouter(tags=["runs"])

REFERENCE_CODE = "9f86d081884c7d659a2feaa0c55ad015"
POLL_SECONDS = "2"
_LOOKS_AT_RUNS = "Each request looks through 100 runs at most: a page may be empty and have a next one."
OfState = Annotated[
    State | None, Query(description=f"Those in this state. {_LOOKS_AT_RUNS}", openapi_examples={"failed": {"value": State.FAILED.value}})
]
OfKind = Annotated[
    Literal["full", "individual"] | None,
    Query(description=f"Those of this kind. {_LOOKS_AT_RUNS}", openapi_examples={"full": {"value": "full"}}),
]
Relink = Annotated[
    bool,
    Query(
        description="After the connection moved to another tenant: find the sync's users again by their usernames, this once. Without "
        "it everybody is new there, and the users from before go to Trash.",
        openapi_examples={"no": {"value": False}},
    ),
]


WithReport = Annotated[
    bool,
    Query(
        description="Keep a report of each request to Microsoft Graph and each decision: /api/v1/runs/{reference_code}/diagnostics.",
        openapi_examples={"yes": {"value": True}},
    ),
]


class ProgressAnswer(Answer):
    step: str = Field(examples=["read"])
    done: int = Field(examples=[3])
    total: int = Field(description="In the step's own units: groups, then slices of changes.", examples=[12])


class RunAnswer(Answer):
    reference_code: str = Field(description="Names the run everywhere: in the log, in mail, in answers.", examples=[REFERENCE_CODE])
    directory_key: str = Field(description="The sync.", examples=["DK2A3B4C5D6E7F2G3H4I"])
    kind: str = Field(description='"full", "preview" or "individual".', examples=["full"])
    sync_name: str = Field(description="As it was when the run began; empty before that.", examples=["Head office"])
    diagnostics: bool = Field(description="Whether it keeps a report.", examples=[False])
    state: str = Field(examples=["applying"])
    phase: str = Field(description='The step whose messages are out, or "ended".', examples=["apply"])
    actor: str = Field(description="Who started it.", examples=["Nightly script (DI2A3B4C5D6E7F2G3H4I)"])
    reason: str = Field(description="Why it ended as it did, where that needs words.", examples=[""])
    counts: dict[str, int] = Field(description="What it did, by kind.", examples=[{"create": 3, "update": 1}])
    requests: dict[str, int] = Field(description="Requests that it made, by service.", examples=[{"graph": 14, "tables": 40, "queue": 9}])
    scheduled_for: datetime | None = Field(description="The slot of the schedule that it was started for; null when somebody started it.")
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


@router.post("/api/v1/syncs/{directory_key}/runs", status_code=202, summary="Start a full sync", responses=answers(NOT_FOUND, RUNNING))
async def start_run(
    directory_key: SyncKey,
    response: Response,
    services: Serve,
    actor: SyncManager,
    relink: Relink = False,
    diagnostics: WithReport = False,
) -> RunAnswer:
    """Queues a full sync. Location names the run to follow. While one goes on, the answer is 409 with its reference code in `running`."""
    return followed(response, await services.runs.start(directory_key, str(actor), relink=relink, diagnostics=diagnostics))


@router.get("/api/v1/syncs/{directory_key}/runs", summary="List a sync's runs", responses=answers(NOT_FOUND))
async def list_runs(
    directory_key: SyncKey,
    services: Serve,
    _: Reader,
    state: OfState = None,
    kind: OfKind = None,
    limit: Limit = 20,
    cursor: Cursor = "",
) -> Page[RunAnswer]:
    """The sync's full runs and individual syncs, newest first. A preview is found by its reference code only."""
    await services.syncs.get(directory_key)
    listed = f"runs of {directory_key}"

    def match(run: Run) -> bool:
        return (state is None or run.state is state) and (kind is None or run.kind.value == kind)

    runs, place = await services.runs.history(
        directory_key,
        limit=limit,
        cursor=cursor_place(cursor, listed, PLACE),
        match=match if state is not None or kind is not None else None,
    )
    return page([RunAnswer.of(run) for run in runs], cursor_after(place, listed))


@router.get("/api/v1/runs/{reference_code}", summary="Follow a run", responses=answers(NOT_FOUND))
async def read_run(reference_code: RunRef, services: Serve, _: Reader) -> RunView:
    """One run as it stands now: its state, how far its present step is, what it has done and why it ended."""
    return RunView.at(*await services.runs.view(reference_code))


@router.post("/api/v1/runs/{reference_code}/cancel", status_code=202, summary="Cancel a run", responses=answers(NOT_FOUND))
async def cancel_run(reference_code: RunRef, response: Response, services: Serve, actor: SyncManager) -> RunAnswer:
    """Asks the run to stop before its next slice. What is applied stays; nothing is removed after this."""
    return followed(response, await services.runs.cancel(reference_code, str(actor)))


def followed(response: Response, run: Run) -> RunAnswer:
    """The answer to whoever shall follow the run: where, and how soon to look again."""
    response.headers["Location"] = f"/api/v1/runs/{run.run}"
    response.headers["Retry-After"] = POLL_SECONDS
    return RunAnswer.of(run)


def _shown(run: Run) -> dict[str, object]:
    return {
        "reference_code": run.run,
        "directory_key": run.directory_key,
        "kind": run.kind,
        "diagnostics": run.diagnostics,
        "sync_name": run.sync.name if run.sync else "",
        "state": run.state,
        "phase": run.phase,
        "actor": run.actor,
        "reason": run.reason,
        "counts": run.counts,
        "requests": run.requests,
        "scheduled_for": run.slot,
        "queued_at": run.queued_at,
        "read_at": run.read_at,
        "ended_at": run.ended_at,
    }
