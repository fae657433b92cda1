"""duo_client's own Admin over an app in memory: the official client signs, sends and reads, without a socket between."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import duo_client  # pyright: ignore[reportMissingTypeStubs], it has none
import httpx
import pytest

from sync_core.directory.integrations import Grant
from sync_core.directory.roles import Role
from tests.http.calls import HOST, Api

official: Any = duo_client


class Answer:
    """An answer as http.client gives it."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status, self.reason, self._content, self._headers = answer.status_code, answer.reason_phrase, answer.content, answer.headers

    def read(self) -> bytes:
        return self._content

    def getheader(self, name: str) -> str | None:
        return self._headers.get(name)


class Line:
    """A connection into the app: paths as the gateway rewrites them."""

    def __init__(self, api: Api, loop: asyncio.AbstractEventLoop) -> None:
        self._api, self._loop = api, loop
        self._sent: tuple[str, str, Any, dict[bytes, bytes]] = ("", "", None, {})

    def request(self, method: str, uri: str, body: Any, headers: dict[bytes, bytes]) -> None:
        self._sent = (method, uri, body, headers)

    def getresponse(self) -> Answer:
        method, uri, body, headers = self._sent
        answering = self._api.client.request(method, f"/api{uri}", content=body, headers=headers)
        return Answer(asyncio.run_coroutine_threadsafe(answering, self._loop).result(30))

    def close(self) -> None: ...


@dataclass
class AdminCaller:
    api: Api
    client: Any

    @classmethod
    async def of(cls, api: Api, role: Role, grants: Collection[Grant] = tuple(Grant), **options: Any) -> "AdminCaller":
        key = await api.services.integrations.create("A script", role, grants)
        client = official.Admin(*key, HOST, **options)
        loop = asyncio.get_running_loop()
        client._connect = lambda: Line(api, loop)
        return cls(api, client)

    async def __call__(self, method: str, *values: Any, **named: Any) -> Any:
        """A method of the client, its generators read to the end. Raises RuntimeError as the client does."""

        def call() -> Any:
            found = getattr(self.client, method)(*values, **named)
            return list(found) if hasattr(found, "__next__") else found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("email.utils.formatdate", lambda: self.api.date)
            return await asyncio.to_thread(call)

    async def send(self, method: str, path: str, **parameters: Any) -> Any:
        return await self("json_api_call", method, path, parameters)

    async def refused(self, method: str, *values: Any, **named: Any) -> tuple[int, int, str]:
        """Status, code and detail of what is refused."""
        with pytest.raises(RuntimeError) as refusal:
            await self(method, *values, **named)
        error: Any = refusal.value
        assert set(error.data) <= {"stat", "code", "message", "message_detail"}
        assert error.data["stat"] == "FAIL"
        assert error.data["code"] // 100 == error.status
        return error.status, error.data["code"], error.data.get("message_detail", "")
