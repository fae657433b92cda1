"""Requests and answers, apart from the server that carries them: an inner request of a `$batch` is the same thing."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_KEPT = 20_000
_KEYED = re.compile(r"(\w+)\('((?:[^']|'')*)'\)")


def segments(path: Iterable[str]) -> tuple[str, ...]:
    """Decoded path parts with keys in parentheses taken apart: users('a@b') is users/a@b."""
    parts: list[str] = []
    for part in path:
        keyed = _KEYED.fullmatch(part)
        parts += [keyed[1], keyed[2].replace("''", "'")] if keyed else [part]
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Request:
    """`segments` are the decoded parts of the path after /v1.0; `base` is the address of /v1.0 as the caller knows it."""

    method: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    url: str

    @property
    def eventual(self) -> bool:
        return self.headers.get("consistencylevel", "").lower() == "eventual"

    @property
    def counted(self) -> bool:
        return self.query.get("$count", "").lower() == "true"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": JSON})


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that arrived. `kind` is one of organization, groups, group, members, users, user, member_groups, batch, token,
    consent, discovery or other; requests inside a batch are seen one by one too, with `inner` true.

    `subject` is the group's or user's id as asked for; `page` counts a group's pages from 1, 0 where there are none.
    """

    kind: str
    method: str
    url: str
    headers: Mapping[str, str]
    subject: str = ""
    page: int = 0
    inner: bool = False


class RequestLog:
    """Every request since the start or `clear`: the last 20,000 of them whole, all of them counted by kind."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=_KEPT)
        self.counts: Counter[str] = Counter()

    def add(self, seen: Seen) -> None:
        self._seen.append(seen)
        self.counts[seen.kind] += 1

    def of(self, kind: str) -> list[Seen]:
        return [seen for seen in self._seen if seen.kind == kind]

    def clear(self) -> None:
        self._seen.clear()
        self.counts.clear()

    def __iter__(self) -> Iterator[Seen]:
        return iter(tuple(self._seen))

    def __len__(self) -> int:
        return self.counts.total()
