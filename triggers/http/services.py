"""What the HTTP edge calls: the services that function_app.py makes, once per process."""

from collections.abc import Callable
from typing import Annotated, Protocol

from fastapi import Depends, Request

from sync_core.management.connections import Connections
from sync_core.management.directory import DirectoryViews
from sync_core.management.health import Health
from sync_core.management.integrations import Integrations
from sync_core.management.syncs import Syncs
from sync_core.planning.changes import Change
from sync_core.planning.reasons import Skip
from sync_core.runs.record import Progress, Run


class Runs(Protocol):
    """Full syncs. Lists come newest or lowest first, at most `limit` of them, with the cursor of what follows ("" at the end)."""

    async def start(self, directory_key: str, actor: str) -> Run:
        """Raises NotFound, Rejected, AlreadyRunning."""
        ...

    async def view(self, run_ref: str) -> tuple[Run, Progress]:
        """Raises NotFound, as all below do."""
        ...

    async def history(self, directory_key: str, *, limit: int, cursor: str) -> tuple[list[Run], str]: ...

    async def running(self, directory_key: str) -> str:
        """The reference code of the run that goes on, "" when none does."""
        ...

    async def cancel(self, run_ref: str, actor: str) -> Run: ...

    async def skips(self, run_ref: str, *, limit: int, cursor: str) -> tuple[list[Skip], str]: ...

    async def changes(self, run_ref: str, *, limit: int, cursor: str) -> tuple[list[Change], str]: ...


class Services(Protocol):
    @property
    def connections(self) -> Connections: ...

    @property
    def syncs(self) -> Syncs: ...

    @property
    def runs(self) -> Runs: ...

    @property
    def directory(self) -> DirectoryViews: ...

    @property
    def integrations(self) -> Integrations: ...

    @property
    def health(self) -> Health: ...

    @property
    def public_hosts(self) -> tuple[str, ...]:
        """Host names that callers sign for behind a gateway."""
        ...


type GiveServices = Callable[[], Services]
"""Gives the process's services, making them at the first call: nothing heavy is imported before a request needs it."""


async def services_of(request: Request) -> Services:
    return request.app.state.services()


Serve = Annotated[Services, Depends(services_of)]
"""The services, as an endpoint's parameter."""
