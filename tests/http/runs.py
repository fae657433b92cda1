"""Runs as the edge sees them: a plain model of the service."""

from datetime import UTC, datetime

from msgspec import structs

from sync_core.directory.syncs import Sync
from sync_core.errors import AlreadyRunning, NotFound, SyncError
from sync_core.management.syncs import Syncs
from sync_core.planning.changes import Change
from sync_core.planning.reasons import Skip
from sync_core.runs.record import Phase, Progress, Run, State

QUEUED = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


class RunsModel:
    def __init__(self, syncs: Syncs) -> None:
        self._syncs = syncs
        self.runs: list[Run] = []
        self.left_out: list[Skip] = []
        self.changed: list[Change] = []
        self.fault: SyncError | None = None

    async def start(self, directory_key: str, actor: str) -> Run:
        if self.fault:
            raise self.fault
        sync: Sync = await self._syncs.get(directory_key)
        if running := await self.running(directory_key):
            raise AlreadyRunning(running)
        code = f"{len(self.runs) + 1:032x}"
        run = Run(run=code, directory_key=directory_key, fence=1, actor=actor, queued_at=QUEUED, sync=sync)
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

    async def history(self, directory_key: str, *, limit: int, cursor: str) -> tuple[list[Run], str]:
        start = int(cursor or "0")
        runs = [run for run in reversed(self.runs) if run.directory_key == directory_key][start:]
        return runs[:limit], str(start + limit) if len(runs) > limit else ""

    async def running(self, directory_key: str) -> str:
        going = [run.run for run in self.runs if run.directory_key == directory_key and run.phase is not Phase.ENDED]
        return going[0] if going else ""

    async def cancel(self, run_ref: str, actor: str) -> Run:
        run = structs.replace(self._find(run_ref), state=State.CANCELLED, phase=Phase.ENDED, reason=f"cancelled by {actor}")
        self.put(run)
        return run

    async def skips(self, run_ref: str, *, limit: int, cursor: str) -> tuple[list[Skip], str]:
        self._find(run_ref)
        start = int(cursor or "0")
        return self.left_out[start : start + limit], str(start + limit) if len(self.left_out) > start + limit else ""

    async def changes(self, run_ref: str, *, limit: int, cursor: str) -> tuple[list[Change], str]:
        self._find(run_ref)
        start = int(cursor or "0")
        return self.changed[start : start + limit], str(start + limit) if len(self.changed) > start + limit else ""
