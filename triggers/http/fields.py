"""What the bodies and parameters of several endpoints are made of."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from sync_core.ids import has_form, is_guid
from sync_core.management.references import is_reference_code, unknown

MAX_PAGE = 300


class Body(BaseModel):
    """A request's body: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Page[T](Answer):
    items: list[T]
    next_cursor: str | None = Field(description="Give it as `cursor` to read on; null at the end.", examples=["RFVBQUFB"])


def page[T](items: list[T], next_cursor: str) -> Page[T]:
    return Page(items=items, next_cursor=next_cursor or None)


def _guid(text: str) -> str:
    if not is_guid(text):
        raise PydanticCustomError("guid", "must be a GUID, such as 3f2b6a54-0d4e-4c8e-9a57-1f0c2d3e4b5a")
    return text.lower()


Guid = Annotated[str, AfterValidator(_guid), WithJsonSchema({"type": "string", "format": "uuid"})]


def _sync_key(text: str) -> str:
    if not has_form(text, "DK"):
        raise unknown("sync", text)
    return text


def _reference_code(text: str) -> str:
    if not is_reference_code(text):
        raise unknown("run", text)
    return text


SyncKey = Annotated[
    str,
    AfterValidator(_sync_key),
    Path(description="The sync's directory key.", openapi_examples={"key": {"value": "DK2A3B4C5D6E7F2G3H4I"}}),
]
RunRef = Annotated[
    str,
    AfterValidator(_reference_code),
    Path(description="The run's reference code.", openapi_examples={"code": {"value": "9f86d081884c7d659a2feaa0c55ad015"}}),
]
NamePrefix = Annotated[
    str,
    Query(max_length=256, description="Those whose names begin so, in any spelling.", openapi_examples={"prefix": {"value": "he"}}),
]
Limit = Annotated[
    int, Query(ge=1, le=MAX_PAGE, description="How many items to answer at most.", openapi_examples={"limit": {"value": 100}})
]
Cursor = Annotated[
    str,
    Query(
        max_length=512,
        description="`next_cursor` of the page before.",
        openapi_examples={"first": {"summary": "the first page", "value": ""}},
    ),
]
