"""ETags of what is read, and If-Match of what is changed (RFC 9110, 8.8.3 and 13.1.1)."""

import re
from typing import Annotated

from fastapi import Depends, Header, Response

from sync_core.errors import Rejected
from sync_core.management.versions import ANY, version_of

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*')


def _wanted(
    if_match: Annotated[
        str | None,
        Header(
            max_length=1024,
            description="Change it only if it still is the version with this ETag; otherwise the answer is 412.",
            openapi_examples={"version": {"value": '"5f0c3a1de2b84c9f71d6a0b3"'}},
        ),
    ] = None,
) -> tuple[str, ...]:
    """The versions of If-Match; none for no condition. A weak tag matches nothing. Raises Rejected for what is no list of tags."""
    if if_match is None:
        return ()
    if if_match.strip() == ANY:
        return (ANY,)
    tags = [_TAG.fullmatch(part) for part in if_match.split(",")]
    if None in tags:
        raise Rejected('If-Match is *, or ETags in double quotes, such as "5f0c3a1de2b84c9f71d6a0b3"', field="If-Match")
    return tuple((tag[1] or "") + tag[2] for tag in tags if tag is not None)


IfMatch = Annotated[tuple[str, ...], Depends(_wanted)]


def show_version(response: Response, stored_etag: str) -> None:
    response.headers["ETag"] = f'"{version_of(stored_etag)}"'
