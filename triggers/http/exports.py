"""Lists as files: CSV, safe to open in a spreadsheet, and JSON lines."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Annotated, Any, Literal

from fastapi import Header, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

CSV, JSON_LINES = "text/csv", "application/jsonl"
ITEMS_AT_A_TIME = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_OF_FORMAT = {"csv": CSV, "jsonl": JSON_LINES}

Format = Annotated[
    Literal["json", "csv", "jsonl"] | None,
    Query(
        description="The whole list as a file, instead of a page of it: `limit` and `cursor` do not count then. Or ask for it by Accept.",
        openapi_examples={"csv": {"value": "csv"}},
    ),
]
Accept = Annotated[str, Header(include_in_schema=False)]

FILES: dict[str, Any] = {
    "content": {
        CSV: {"schema": {"type": "string", "description": "A cell that a spreadsheet would take for a formula begins with an apostrophe."}},
        JSON_LINES: {"schema": {"type": "string", "description": "One object a line."}},
    }
}
"""What an operation that can answer a file declares besides its page."""

type Read[T] = Callable[[str], Awaitable[tuple[Sequence[T], str]]]
"""Takes a cursor; gives items, and the cursor for more."""


def media_type(format_: str | None, accept: str) -> str:
    """The file that is asked for; "" for a page of JSON."""
    if format_ is not None:
        return _OF_FORMAT.get(format_, "")
    asked = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return next((wanted for wanted in asked if wanted in (CSV, JSON_LINES)), "")


async def exported[T: BaseModel](
    media: str, name: str, read: Read[T], columns: Sequence[str], lines: Callable[[T], Iterable[Sequence[str]]]
) -> StreamingResponse:
    """The whole list as a file of that media type. What the first read raises is raised here, before anything is answered."""
    first = await read("")
    ending = "csv" if media == CSV else "jsonl"
    body = _csv(first, read, columns, lines) if media == CSV else _json_lines(first, read)
    charset = "; charset=utf-8; header=present" if media == CSV else "; charset=utf-8"
    return StreamingResponse(body, media_type=media + charset, headers={"Content-Disposition": f'attachment; filename="{name}.{ending}"'})


async def _pages[T](first: tuple[Sequence[T], str], read: Read[T]) -> AsyncIterator[Sequence[T]]:
    items, cursor = first
    yield items
    while cursor:
        items, cursor = await read(cursor)
        yield items


async def _json_lines[T: BaseModel](first: tuple[Sequence[T], str], read: Read[T]) -> AsyncIterator[bytes]:
    async for items in _pages(first, read):
        yield "".join(f"{item.model_dump_json()}\n" for item in items).encode()


async def _csv[T](
    first: tuple[Sequence[T], str], read: Read[T], columns: Sequence[str], lines: Callable[[T], Iterable[Sequence[str]]]
) -> AsyncIterator[bytes]:
    yield _encoded([columns])
    async for items in _pages(first, read):
        yield _encoded([[_cell(text) for text in line] for item in items for line in lines(item)])


def _encoded(lines: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(lines)
    return written.getvalue().encode()


def _cell(text: str) -> str:
    """An apostrophe keeps a spreadsheet from taking a name for a formula (OWASP, "CSV Injection")."""
    return f"'{text}" if text.startswith(_FORMULA) else text
