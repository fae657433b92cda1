"""What a run decided: whom it left out, and what it changes, each with its reason; in pages, or all as CSV or JSON lines."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from sync_core.management.references import PLACE, cursor_after, cursor_place
from sync_core.planning.changes import Action, Change
from sync_core.planning.changes import Field as ChangedField
from sync_core.planning.reasons import Reason, Skip
from triggers.http.exports import FILES, ITEMS_AT_A_TIME, Accept, Format, exported, media_type
from triggers.http.fields import Answer, Cursor, Limit, Page, RunRef, page
from triggers.http.operations import answers
from triggers.http.problems import NOT_FOUND
from triggers.http.services import Serve
from triggers.http.signatures import Reader

router = APIRouter(tags=["runs"])

SKIP_COLUMNS = ("username", "user_id", "object_id", "reason", "detail")
CHANGE_COLUMNS = ("username", "user_id", "object_id", "actions", "reason", "field", "before", "after")
_LOOKS = "Each request looks through 20 stored rows at most (some 10,000 users): a page may be empty and have a next one."
OfUser = Annotated[
    str, Query(max_length=64, description=f"Of this user only. {_LOOKS}", openapi_examples={"user": {"value": "DU2A3B4C5D6E7F2G3H4I"}})
]
OfAction = Annotated[Action | None, Query(description=f"Those that do this. {_LOOKS}", openapi_examples={"new": {"value": "create"}})]
OfReason = Annotated[
    Reason | None,
    Query(description=f"Those skipped for this reason. {_LOOKS}", openapi_examples={"empty": {"value": Reason.EMPTY_USERNAME.value}}),
]


class SkipAnswer(Answer):
    object_id: str = Field(examples=["3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a"])
    user_id: str = Field(description="Empty when it has no user here.", examples=["DU2A3B4C5D6E7F2G3H4I"])
    takes: str = Field(description="The user that it would take over once that is confirmed; empty where there is nothing to confirm.")
    username: str = Field(examples=["user@corp.example"])
    reason: str = Field(examples=["a username or alias is in use by another user here"])
    detail: str = Field(examples=['the alias "u@corp.example" is the username of DU7F2G3H4I2A3B4C5D6E'])


class FieldChange(Answer):
    name: str = Field(examples=["email"])
    before: str = Field(examples=[""])
    after: str = Field(examples=["user@corp.example"])

    @classmethod
    def each(cls, fields: Iterable[ChangedField]) -> list["FieldChange"]:
        return [cls(name=field.name, before=field.before, after=field.after) for field in fields]


class ChangeAnswer(Answer):
    actions: list[str] = Field(examples=[["update"]])
    object_id: str = Field(examples=["3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a"])
    user_id: str = Field(examples=["DU2A3B4C5D6E7F2G3H4I"])
    username: str = Field(examples=["user@corp.example"])
    reason: str = Field(examples=["Entra has other values"])
    fields: list[FieldChange]


@router.get(
    "/api/v1/runs/{reference_code}/skips",
    summary="List whom a run left out",
    responses=answers(NOT_FOUND) | {200: FILES},
    response_model=Page[SkipAnswer],
)
async def list_skips(
    reference_code: RunRef,
    services: Serve,
    _: Reader,
    user_id: OfUser = "",
    reason: OfReason = None,
    limit: Limit = 100,
    cursor: Cursor = "",
    format: Format = None,  # noqa: A002 - as callers name it
    accept: Accept = "",
) -> Page[SkipAnswer] | StreamingResponse:
    """The users of the source that this run skipped, each with its reason: in pages, or all of them as CSV or JSON lines."""
    listed = f"skips of {reference_code}"

    def match(skip: Skip) -> bool:
        return (not user_id or skip.user_id == user_id) and (reason is None or skip.reason is reason)

    async def read(cursor: str, limit: int = ITEMS_AT_A_TIME) -> tuple[list[SkipAnswer], str]:
        skips, place = await services.runs.skips(
            reference_code, limit=limit, cursor=cursor, match=match if user_id or reason is not None else None
        )
        return [_skip(skip) for skip in skips], place

    if media := media_type(format, accept):
        return await exported(media, f"skips-{reference_code}", read, SKIP_COLUMNS, _skip_lines)
    items, place = await read(cursor_place(cursor, listed, PLACE), limit)
    return page(items, cursor_after(place, listed))


@router.get(
    "/api/v1/runs/{reference_code}/changes",
    summary="List what a run changes",
    responses=answers(NOT_FOUND) | {200: FILES},
    response_model=Page[ChangeAnswer],
)
async def list_changes(
    reference_code: RunRef,
    services: Serve,
    _: Reader,
    user_id: OfUser = "",
    action: OfAction = None,
    limit: Limit = 100,
    cursor: Cursor = "",
    format: Format = None,  # noqa: A002 - as callers name it
    accept: Accept = "",
) -> Page[ChangeAnswer] | StreamingResponse:
    """The changes that this run planned, each with its reason and the fields that it writes: in pages, or all of them as CSV (a line a
    field) or JSON lines.
    """
    listed = f"changes of {reference_code}"

    def match(change: Change) -> bool:
        return (not user_id or change.user_id == user_id) and (action is None or action in change.actions)

    async def read(cursor: str, limit: int = ITEMS_AT_A_TIME) -> tuple[list[ChangeAnswer], str]:
        changes, place = await services.runs.changes(
            reference_code, limit=limit, cursor=cursor, match=match if user_id or action is not None else None
        )
        return [_change(change) for change in changes], place

    if media := media_type(format, accept):
        return await exported(media, f"changes-{reference_code}", read, CHANGE_COLUMNS, _change_lines)
    items, place = await read(cursor_place(cursor, listed, PLACE), limit)
    return page(items, cursor_after(place, listed))


def _skip(skip: Skip) -> SkipAnswer:
    return SkipAnswer(
        object_id=skip.object_id,
        user_id=skip.user_id,
        takes=skip.takes,
        username=skip.username,
        reason=skip.reason,
        detail=skip.detail,
    )


def _change(change: Change) -> ChangeAnswer:
    return ChangeAnswer(
        actions=list(change.actions),
        object_id=change.object_id,
        user_id=change.user_id,
        username=change.username,
        reason=change.reason,
        fields=FieldChange.each(change.fields),
    )


def _skip_lines(skip: SkipAnswer) -> Iterator[Sequence[str]]:
    yield skip.username, skip.user_id, skip.object_id, skip.reason, skip.detail


def _change_lines(change: ChangeAnswer) -> Iterator[Sequence[str]]:
    """One for each field; one without a field where none differs."""
    head = change.username, change.user_id, change.object_id, ", ".join(change.actions), change.reason
    for field in change.fields or [FieldChange(name="", before="", after="")]:
        yield *head, field.name, field.before, field.after
