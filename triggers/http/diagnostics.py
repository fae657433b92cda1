"""The report of a run made with diagnostics, as a file."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.responses import StreamingResponse

from sync_core.runs.diagnostics import Diagnostics
from sync_core.runs.record import Run
from triggers.http.exports import JSON_LINES
from triggers.http.fields import RunRef
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND
from triggers.http.services import Serve
from triggers.http.signatures import Reader

router = APIRouter(tags=["runs"])

_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            JSON_LINES: {
                "schema": {
                    "type": "string",
                    "description": 'One object a line. Its `line` says of what: the "run"; each "group", with how it was read, once '
                    'the run has ended; each "step" of it, with each "request" to Microsoft Graph that it made; each "decision" about a '
                    "user, with its reason.",
                }
            }
        }
    }
}


@router.get(
    "/api/v1/runs/{reference_code}/diagnostics",
    summary="Download a run's report",
    responses=answers(NOT_FOUND) | _LINES,
    response_class=StreamingResponse,
)
async def read_report(reference_code: RunRef, services: Serve, _: Reader) -> StreamingResponse:
    """What a run started with diagnostics asked of Microsoft Graph, with status, request id, time and rows of each answer, how it read each
    group, and what it decided about each user. Of any other run that failed: what its last step asked. No secrets. Kept for 90 days.
    """
    run = await services.diagnostics.begin(reference_code)
    name = f'attachment; filename="diagnostics-{reference_code}.jsonl"'
    return StreamingResponse(_encoded(services.diagnostics, run), media_type=JSON_LINES, headers={"Content-Disposition": name})


async def _encoded(diagnostics: Diagnostics, run: Run) -> AsyncIterator[bytes]:
    async for lines in diagnostics.lines(run):
        yield b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
