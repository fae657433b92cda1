"""`$batch`: up to 20 requests in one, each answered for itself. Source: learn.microsoft.com, "Combine multiple HTTP requests"."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from sync_core.entra.client import GraphClient
from sync_core.entra.errors import BACKOFF
from sync_core.errors import Transient


class Inner(msgspec.Struct):
    """One answer inside a batch."""

    id: str
    status: int
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Batch(msgspec.Struct):
    responses: list[Inner]


async def post(client: GraphClient, requests: Sequence[Mapping[str, object]]) -> list[tuple[int, Inner]]:
    """The answers that came, each with its request's place. Raises what `send` does, and what `readable` catches."""
    request = RequestInformation(Method.POST)
    request.url = f"{client.base_url}/$batch"
    request.headers.add("Accept", "application/json")
    request.headers.add("Content-Type", "application/json")
    request.content = msgspec.json.encode({"requests": [{"id": str(number), **inner} for number, inner in enumerate(requests)]})
    answers = msgspec.json.decode(await client.send(request), type=_Batch).responses
    return [(_place(answer.id, len(requests)), answer) for answer in answers]


@contextmanager
def readable() -> Generator[None]:
    """An answer that cannot be read is asked for again later: raises Transient."""
    try:
        yield
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as broken:
        raise Transient(f"Microsoft Graph's answer to a batch cannot be read: {broken}", retry_after=BACKOFF) from broken


def _place(id_: str, requests: int) -> int:
    if not id_.isdecimal() or int(id_) >= requests:
        raise ValueError(f"an answer to {id_!r}, which was not asked")
    return int(id_)
