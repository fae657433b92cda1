"""A call's signature, from ASGI's form of the request to its actor (admin-api.md §1)."""

import re
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import Scope

from sync_core.directory.roles import Action
from sync_core.management.actor import MISSING_CREDENTIALS, Actor, Unauthenticated
from sync_core.management.signatures import DATE_HEADER, SignedRequest

MOUNT = "/api"
"""Fixed, for the host refuses paths that begin with "admin"; a caller signs the path with it or without."""
UNSIGNED = frozenset({"/api/openapi.json"})
ACTOR = "directory.actor"
"""The key of the request's scope that holds who acts."""
_PORT = re.compile(r":\d+$")
_DUO = "x-duo-"


def needs_signature(path: str) -> bool:
    return path.startswith(MOUNT + "/") and path not in UNSIGNED


def signed_request(scope: Scope, body: bytes, public_hosts: tuple[str, ...]) -> SignedRequest:
    headers = Headers(scope=scope)
    return SignedRequest(
        method=scope["method"],
        hosts=tuple(dict.fromkeys((_PORT.sub("", headers.get("host", "").lower()), *public_hosts))),
        paths=_paths(scope),
        query=scope["query_string"].decode("latin-1"),
        body=body,
        date=headers.get(DATE_HEADER) or headers.get("date", ""),
        authorization=headers.get("authorization", ""),
        content_type=headers.get("content-type", ""),
        duo_headers=tuple((name.lower(), value) for name, value in headers.items() if name.lower().startswith(_DUO)),
    )


def _paths(scope: Scope) -> tuple[str, ...]:
    """The path as it came and as it is quoted again, for the Functions host gives it decoded; each with the mount and without."""
    as_it_came = scope.get("raw_path", b"").decode("latin-1").partition("?")[0]
    full = dict.fromkeys(path for path in (as_it_came, quote(scope["path"])) if path)
    return tuple(spelling for path in full for spelling in (path.removeprefix(MOUNT), path))


def _actor(request: Request) -> Actor:
    actor: Any = request.scope.get(ACTOR)
    if not isinstance(actor, Actor):
        raise Unauthenticated("this path needs a signature", code=MISSING_CREDENTIALS)
    return actor


def _who_may(action: Action) -> Any:
    """A dependency: who calls, once its role is seen to allow this. Raises Unauthenticated and Forbidden."""

    async def actor(request: Request) -> Actor:
        found = _actor(request)
        found.must(action)
        return found

    return Depends(actor)


Reader = Annotated[Actor, _who_may(Action.READ)]
"""Who calls, and may read."""
SyncManager = Annotated[Actor, _who_may(Action.MANAGE_USER_SYNC)]
"""Who calls, and may set up and run user syncs (B-006)."""
UserSyncer = Annotated[Actor, _who_may(Action.SYNC_USERS)]
"""Who calls, and may sync single users (B-008)."""
UserManager = Annotated[Actor, _who_may(Action.MANAGE_USERS)]
"""Who calls, and may manage users and groups."""
KeyManager = Annotated[Actor, _who_may(Action.MANAGE_KEYS)]
"""Who calls, and may manage integration keys."""
Owner = Annotated[Actor, _who_may(Action.MANAGE_DEPLOYMENT)]
"""Who calls, and may change the deployment's settings."""
