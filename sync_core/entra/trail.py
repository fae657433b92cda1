"""What was asked of Entra, noted where it is asked: for the report of a run with diagnostics, and of one that failed (B-180).

A step opens a trail, as it opens a tally; the Graph client notes into whichever is open in its context. Nothing personal gets in: no
values of queries but those that every run asks alike, no bodies, no tokens, and of what Entra says its first line without addresses.
"""

import re
from collections import Counter, deque
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

MOST = 5000
"""Requests of one step that are kept, the newest."""
_SHOWN = frozenset({"$select", "$top", "$count"})
_ADDRESS = re.compile(r"[^\s'\"<>/]+@[^\s'\"<>/]+")
_HIDDEN = "…"


class Asked(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One request."""

    method: str
    path: str
    """With the names of its query's options, and the values of those that say nothing of anybody."""
    status: int = 0
    """0 where no answer came."""
    request_id: str = ""
    seconds: float = 0.0
    """Until the answer began."""
    rows: int = 0
    """Of the answer; for a batch, its answers."""
    answers: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """How many answers of a batch have each status."""
    retry_after: str = ""
    """As the answer says it."""
    error: str = ""


class _Part(msgspec.Struct):
    status: int


class _Body(msgspec.Struct):
    value: list[msgspec.Raw] | None = None
    responses: list[_Part] | None = None


class Trail:
    def __init__(self, *, counting: bool) -> None:
        self.counting = counting
        self.asked: deque[Asked] = deque(maxlen=MOST)
        self.left_out = 0
        """Requests that were made before the first one kept."""

    def add(self, asked: Asked) -> None:
        self.left_out += len(self.asked) == MOST
        self.asked.append(asked)


_open: ContextVar[Trail | None] = ContextVar("trail", default=None)
_latest: ContextVar[Asked | None] = ContextVar("latest", default=None)


@contextmanager
def trail(*, counting: bool) -> Generator[Trail]:
    """Collects until the block ends. `counting`: rows of answers too, which takes a look at each."""
    opened = Trail(counting=counting)
    token = _open.set(opened)
    try:
        yield opened
    finally:
        _open.reset(token)


def begin() -> None:
    """A request is about to be made, of which some may be sent: what follows in this context is about it."""
    _latest.set(None)


def note(asked: Asked) -> None:
    """One request was sent."""
    opened = _open.get()
    if opened is not None:
        opened.add(asked)
        _latest.set(asked)


def answered(body: bytes) -> None:
    """The body of the request noted last in this context."""
    opened, asked = _open.get(), _latest.get()
    if opened is None or asked is None or not opened.counting:
        return
    try:
        read = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    parts = read.responses or ()
    asked.rows = len(read.value if read.value is not None else parts)
    asked.answers = dict(Counter(str(part.status) for part in parts))


def failed(words: str, other: Asked) -> None:
    """What the failure of the request noted last means; `other` is noted where none was sent, such as for want of a token."""
    if _latest.get() is None:
        note(other)
    if (asked := _latest.get()) is not None:
        asked.error = without_addresses(words)


def without_addresses(words: str) -> str:
    return _ADDRESS.sub(_HIDDEN, words)


def shown_path(url: str) -> str:
    """The path, and the query without what it says of people or is opaque."""
    split = urlsplit(url)
    options = [f"{name}={value if name in _SHOWN else _HIDDEN}" for name, value in parse_qsl(split.query, keep_blank_values=True)]
    return without_addresses(unquote(split.path)) + (f"?{'&'.join(options)}" if options else "")
