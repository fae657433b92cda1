"""Runs as the edge sees them: a plain model of the service."""

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import structs

from sync_core.directory.syncs import Sync
from sync_core.errors import AlreadyRunning, NotFound, SyncError
from sync_core.management.syncs import Syncs
from sync_core.planning.changes import Change
from sync_core.planning.reasons import Skip
from sync_core.runs.record import Phase, Progress, Run, RunKind, State

QUEUED = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


class RunsModel:
    def __init__(self, syncs: Syncs) -> None:
        self._syncs = syncs
        self.runs: list[Run] = []
        self.left_out: list[Skip] = []
        self.changed: list[Change] = []
        self.fault: SyncError | None = None

    async def start(self, directory_key: str, actor: str, *, relink: bool = False, diagnostics: bool = False) -> Run:
        if self.fault:
            raise self.fault
        sync: Sync = await self._syncs.get(directory_key)
        if running := await self.running(directory_key):
            raise AlreadyRunning(running)
        code = f"{len(self.runs) + 1:032x}"
        run = Run(
            run=code, directory_key=directory_key, fence=1, actor=actor, queued_at=QUEUED, sync=sync, relink=relink, diagnostics=diagnostics
        )
        self.runs.append(run)
        return run

    def _find(self, run_ref: str) -> Run:
        for run in self.runs:
            if run.run == run_ref:
                return run
        raise NotFound(f"there is no run {run_ref!r}")

    def put(self, run: Run) -> None:
        self.runs = [run if other.run == run.run else other for other in self.runs]

    async def view(self, run_ref: str) -> tuple[Run, Progress]:
        return self._find(run_ref), Progress("read", 3, 12)

    async def newest(self, directory_key: str) -> Run | None:
        runs = [run for run in self.runs if run.directory_key == directory_key and run.kind is RunKind.FULL]
        return runs[-1] if runs else None

    async def history(
        self, directory_key: str, *, limit: int, cursor: str, match: Callable[[Run], bool] | None = None
    ) -> tuple[list[Run], str]:
        start = int(cursor or "0")
        runs = [run for run in reversed(self.runs) if run.directory_key == directory_key and (match is None or match(run))][start:]
        return runs[:limit], str(start + limit) if len(runs) > limit else ""

    async def running(self, directory_key: str) -> str:
        going = [run.run for run in self.runs if run.directory_key == directory_key and run.phase is not Phase.ENDED]
        return going[0] if going else ""

    async def cancel(self, run_ref: str, actor: str) -> Run:
        run = structs.replace(self._find(run_ref), state=State.CANCELLED, phase=Phase.ENDED, reason=f"cancelled by {actor}")
        self.put(run)
        return run

    async def skips(self, run_ref: str, *, limit: int, cursor: str, match: Callable[[Skip], bool] | None = None) -> tuple[list[Skip], str]:
        self._find(run_ref)
        return _page([skip for skip in self.left_out if match is None or match(skip)], limit, cursor)

    async def changes(
        self, run_ref: str, *, limit: int, cursor: str, match: Callable[[Change], bool] | None = None
    ) -> tuple[list[Change], str]:
        self._find(run_ref)
        return _page([change for change in self.changed if match is None or match(change)], limit, cursor)


def _page[T](items: list[T], limit: int, cursor: str) -> tuple[list[T], str]:
    start = int(cursor or "0")
    return items[start : start + limit], str(start + limit) if len(items) > start + limit else ""
