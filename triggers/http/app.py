"""The one ASGI app behind the catch-all HTTP trigger.

FastAPI and the routes are imported and built at the first request: a process that only works on queues does without them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from triggers.http.services import GiveServices


def create_app(services: GiveServices) -> ASGIApp:
    """`services` is called at each request that needs them, not before."""
    return _OnDemand(services)


class _OnDemand:
    def __init__(self, services: GiveServices) -> None:
        self._services = services
        self._app: ASGIApp | None = None
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app or await self._built()
        await app(scope, receive, send)

    async def _built(self) -> ASGIApp:
        async with self._one_at_a_time:
            if self._app is None:
                self._app = await asyncio.to_thread(self._build)
            return self._app

    def _build(self) -> ASGIApp:
        from triggers.http.routes import routed

        return routed(self._services)
