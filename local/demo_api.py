"""The calls of the HTTP API that the demo makes."""

import asyncio
import string
from collections.abc import AsyncGenerator
from typing import Any

import httpx

from local.foreground import CommandFailed

POLL_SECONDS = 0.25
"""A tenth of what the API asks of callers elsewhere: here they are alone."""
ENDED = frozenset({"completed", "completed with warnings", "incomplete", "cancelled", "failed", "held", "previewed"})
PAGE = 300
BUSY = 503
PATIENCE = 10
"""Times that a busy system is asked again."""


class DemoApi:
    """Every method raises CommandFailed, with what the API says, when an answer is a refusal."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def connect(self, tenant_id: str) -> dict[str, Any]:
        return await self._call("POST", "/api/v1/connections", json={"tenant_id": tenant_id})

    async def find_groups(self, connection_id: str) -> list[dict[str, Any]]:
        """All groups of the tenant whose names begin with a letter, asked for by each letter."""
        path = f"/api/v1/connections/{connection_id}/groups"
        found = [await self._call("GET", path, params={"prefix": letter}) for letter in string.ascii_lowercase]
        return [group for groups in found for group in groups["items"]]

    async def create_sync(self, connection_id: str, groups: list[str]) -> dict[str, Any]:
        return await self._call("POST", "/api/v1/syncs", json={"connection_id": connection_id, "name": "Demo", "groups": groups})

    async def follow(self, directory_key: str, what: str = "runs", every: float = POLL_SECONDS) -> AsyncGenerator[dict[str, Any]]:
        """Starts a run, or with "preview" one, and yields it as it stands, every so many seconds, until it has ended."""
        run = await self._call("POST", f"/api/v1/syncs/{directory_key}/{what}")
        while True:
            run = await self._call("GET", f"/api/v1/runs/{run['reference_code']}")
            yield run
            if run["state"] in ENDED:
                return
            await asyncio.sleep(every)

    async def skips(self, reference_code: str) -> list[dict[str, Any]]:
        return await self._all(f"/api/v1/runs/{reference_code}/skips")

    async def changes(self, reference_code: str) -> list[dict[str, Any]]:
        return await self._all(f"/api/v1/runs/{reference_code}/changes")

    async def explain(self, directory_key: str, user: str) -> dict[str, Any]:
        return await self._call("GET", f"/api/v1/syncs/{directory_key}/explain", params={"user": user})

    async def _all(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await self._call("GET", path, params={"limit": PAGE, "cursor": cursor})
            items += page["items"]
            cursor = page["next_cursor"]
        return items

    async def _call(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        """A read that meets a busy system is asked again after Retry-After seconds."""
        answer = await self._http.request(method, path, **content)
        for _ in range(PATIENCE if method == "GET" else 0):
            if answer.status_code != BUSY:
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
            answer = await self._http.request(method, path, **content)
        if answer.is_error:
            raise CommandFailed(f"{method} {path} was answered {answer.status_code}: {answer.text}")
        return answer.json()
