"""How an endpoint of the Admin API is served: a grant, a call, an answer."""

from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync_core.directory.integrations import Grant
from sync_core.management.actor import MISSING_CREDENTIALS, Actor, Unauthenticated
from sync_core.management.listing import Asked
from sync_core.services import Services
from triggers.http.admin.answers import Ok, Overloaded
from triggers.http.admin.parameters import Parameters
from triggers.http.services import services_of
from triggers.http.signatures import ACTOR

DEFAULT_PAGE = 100
MAX_OFFSET = 2**53
AT_ONCE = 64
"""Calls of one key that are served at the same time; more are answered 429."""


@dataclass(frozen=True, slots=True)
class Call:
    services: Services
    actor: Actor
    parameters: Parameters
    path: Mapping[str, str]

    @property
    def by(self) -> str:
        return str(self.actor)

    def asked(self, most: int = 500) -> Asked:
        """The page that is asked for: a limit out of bounds is brought within them, for so does Duo. Raises Rejected for what is none."""
        limit = self.parameters.number("limit", low=0, high=MAX_OFFSET)
        offset = self.parameters.number("offset", low=0, high=MAX_OFFSET)
        return Asked(self.actor.key, offset or 0, min(max(DEFAULT_PAGE if limit is None else limit, 1), most))


type Endpoint = Callable[[Call], Awaitable[Ok]]


class Gate:
    """Counts the calls under way of each key, so that one client's flood leaves room for the others."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def passed_by(self, key: str) -> Generator[None]:
        """Raises Overloaded when so many calls of this key are under way."""
        if self._under_way[key] >= self._at_once:
            raise Overloaded(f"more than {self._at_once} calls of this integration key at the same time: send fewer at once")
        self._under_way[key] += 1
        try:
            yield
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]


@dataclass(frozen=True, slots=True)
class Served:
    method: str
    path: str
    grant: Grant
    endpoint: Endpoint

    def route(self, gate: Gate) -> Route:
        async def serve(request: Request) -> Response:
            actor = request.scope.get(ACTOR)
            if not isinstance(actor, Actor):
                raise Unauthenticated("this path needs a signature", code=MISSING_CREDENTIALS)
            actor.must_hold(self.grant)
            with gate.passed_by(actor.key):
                parameters = Parameters.of(request.scope["query_string"].decode("latin-1"), await request.body())
                call = Call(await services_of(request), actor, parameters, request.path_params)
                return (await self.endpoint(call)).rendered()

        return Route(self.path, serve, methods=[self.method])


def get(path: str, endpoint: Endpoint, grant: Grant = Grant.READ_RESOURCE) -> Served:
    return Served("GET", path, grant, endpoint)


def post(path: str, endpoint: Endpoint, grant: Grant = Grant.WRITE_RESOURCE) -> Served:
    return Served("POST", path, grant, endpoint)


def delete(path: str, endpoint: Endpoint, grant: Grant = Grant.WRITE_RESOURCE) -> Served:
    return Served("DELETE", path, grant, endpoint)
