"""The source of each tenant, opened once. Light to import: msgraph takes most of a second, and that at first use, off the event loop."""

import asyncio
import gc
from typing import TYPE_CHECKING

from sync_core.entra.port import Directory
from sync_core.settings import Settings

if TYPE_CHECKING:
    import httpx


class Directories:
    """One `GraphDirectory` a tenant id, all on one HTTP client. Belongs to the event loop that it is first used in."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[str, Directory] = {}
        self._http: httpx.AsyncClient | None = None
        self._one_at_a_time = asyncio.Lock()

    async def of(self, tenant_id: str) -> Directory:
        """The source of this tenant. Nothing is asked of it yet."""
        async with self._one_at_a_time:
            if tenant_id not in self._open:
                self._open[tenant_id] = await asyncio.to_thread(self._opened, tenant_id)
            return self._open[tenant_id]

    async def close(self) -> None:
        """Closes every directory, and the HTTP client with its connections."""
        async with self._one_at_a_time:
            for directory in self._open.values():
                await directory.close()
            self._open.clear()
            http, self._http = self._http, None
            if http is not None:
                await http.aclose()

    def _opened(self, tenant_id: str) -> Directory:
        from sync_core.entra.client import open_http
        from sync_core.entra.graph import open_directory

        if self._http is None:
            self._http = open_http(self._settings.graph_base_url)
            # What was imported stays. Left to the garbage collector, it makes a full collection a pause of 0.1 s for everybody.
            gc.freeze()
        return open_directory(self._settings, tenant_id, self._http)
