"""Users from a CSV file."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from sync_core.errors import Rejected
from sync_core.management.user_import import COLUMNS, MAX_LINES, Line
from triggers.http.fields import Answer
from triggers.http.operations import answers
from triggers.http.problems import TOO_LARGE
from triggers.http.services import Serve
from triggers.http.signatures import UserManager

router = APIRouter(prefix="/api/v1/users", tags=["users"])

MEDIA_TYPE = "text/csv"
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"UTF-8, at most 1 MiB and {MAX_LINES} lines. The first line names the columns, of {', '.join(COLUMNS)}.",
        "content": {
            MEDIA_TYPE: {
                "schema": {"type": "string"},
                "example": "username,realname,email,alias1\nuser@corp.example,A User,user@corp.example,u@corp.example\n",
            }
        },
    }
}


class LineAnswer(Answer):
    line: int = Field(description="Its number in the file, from 1.", examples=[2])
    username: str = Field(examples=["user@corp.example"])
    outcome: str = Field(description='"created", "updated", "unchanged" or "refused".', examples=["updated"])
    user_id: str = Field(description="Empty where there is none yet.", examples=["DU2A3B4C5D6E7F2G3H4I"])
    fields: list[str] = Field(description="Those that changed.", examples=[["email", "alias1"]])
    reason: str = Field(description="Why it was refused.", examples=[""])

    @classmethod
    def of(cls, line: Line) -> "LineAnswer":
        return cls(
            line=line.number,
            username=line.username,
            outcome=line.outcome,
            user_id=line.user_id,
            fields=list(line.fields),
            reason=line.reason,
        )


class ImportAnswer(Answer):
    dry_run: bool = Field(examples=[True])
    lines: list[LineAnswer]


DryRun = Annotated[
    bool, Query(description="Only tell what would become of each line; change nothing.", openapi_examples={"dry": {"value": True}})
]


@router.post("/import", summary="Import users from CSV", responses=answers(TOO_LARGE), openapi_extra=_FILE)
async def import_users(request: Request, services: Serve, actor: UserManager, dry_run: DryRun = False) -> ImportAnswer:
    """Makes the users that are not there yet, by their usernames, and changes the others, under the locks of every other way in.

    An empty cell leaves its field as it is. A line that is refused does not stop the others; imported again, a file changes nothing more.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise Rejected(f"send the file as {MEDIA_TYPE}, not as {media_type[:64] or 'nothing'}", field="Content-Type")
    lines = await services.user_import(await request.body(), dry_run=dry_run, by=str(actor))
    return ImportAnswer(dry_run=dry_run, lines=[LineAnswer.of(line) for line in lines])
