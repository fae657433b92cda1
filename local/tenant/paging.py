"""Page sizes, page tokens and nextLinks.

A token is opaque to callers. It holds the number of its page and the id after which it begins, so that who comes or goes between
two pages neither repeats nor hides anybody else.
"""

import base64
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from local.tenant.errors import GraphError, bad_request, expired_page, unsupported
from local.tenant.wire import Request

LARGEST = 999
DEFAULT = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: its number, from 1, and the last id of the page before."""

    page: int = 1
    after: str = ""


def size(request: Request) -> int:
    """`$top`, 100 without one. Raises GraphError outside 1 to 999."""
    text = request.query.get("$top", str(DEFAULT))
    if not text.isascii() or not text.isdigit():
        raise bad_request(
            f"Invalid value '{text}' for $top query option found. The $top query option requires a non-negative integer value."
        )
    if not 1 <= int(text) <= LARGEST:
        raise unsupported(f"Invalid page size specified: '{text}'. Must be between 1 and {LARGEST} inclusive.")
    return int(text)


def place(request: Request) -> Place:
    """Raises GraphError for a token that this Graph never gave for this path."""
    token = request.query.get("$skiptoken")
    if token is None:
        return Place()
    try:
        page, after, path = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().split("\n")
        number = int(page)
    except ValueError as error:
        raise expired_page() from error
    if path != _path(request):
        raise expired_page()
    return Place(number, after)


def page_of(request: Request) -> int:
    """The number of the page that a request asks for, 0 where its token is no token."""
    try:
        return place(request).page
    except GraphError:
        return 0


def link(request: Request, to: Place, *, base: str = "") -> str:
    """The nextLink to a place: the request's own options with a new token, as Graph writes it."""
    token = base64.urlsafe_b64encode(f"{to.page}\n{to.after}\n{_path(request)}".encode()).decode().rstrip("=")
    kept = [f"{quote(name, safe='$')}={quote(value, safe=',')}" for name, value in request.query.items() if name != "$skiptoken"]
    path = "/".join(quote(segment, safe="$.") for segment in request.segments)
    return f"{base or request.base}/{path}?{'&'.join([*kept, f'$skiptoken={token}'])}"


def cut(ids: Sequence[str], begin: Place, top: int) -> tuple[Sequence[str], Place | None]:
    """One page of sorted ids, and where the next one begins."""
    first = bisect_right(ids, begin.after)
    page = ids[first : first + top]
    more = first + top < len(ids)
    return page, Place(begin.page + 1, page[-1]) if more else None


def _path(request: Request) -> str:
    return "/".join(request.segments[:3]).lower()
