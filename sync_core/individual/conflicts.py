"""Names that users of the source share, as the last full run found them: what an individual sync, which reads a few users, cannot see."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sync_core.planning.reasons import Reason, Skip
from sync_core.runs.context import Context
from sync_core.runs.record import Run, RunKind
from sync_core.storage.changes import Verdict

_LOOK_BACK = 50
"""Runs of the history among which the last full one with a plan is looked for."""

type Sharers = Mapping[str, Mapping[str, str]]
"""By name, as compared: object id to username of those who were left out because they share it."""


class Conflicts:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._last: dict[str, tuple[str, list[Skip]]] = {}
        """By directory key: the run, and whom it left out for a shared name. A plan never changes."""

    async def known(self, directory_key: str, last_run: str, asked: Collection[str]) -> Sharers:
        """Less the objects that are asked for, which are read anew. `last_run` is the one that the sync's lock remembers."""
        found: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for skip in await self._skips(directory_key, last_run):
            if skip.object_id not in asked:
                found[skip.shared][skip.object_id] = skip.username
        return found

    async def _skips(self, directory_key: str, last_run: str) -> list[Skip]:
        kept = self._last.get(directory_key)
        if kept is not None and kept[0] == last_run:
            return kept[1]
        planned = await self._planned(directory_key, last_run)
        skips: list[Skip] = []
        if planned is not None:
            run, verdict = planned
            if verdict.skips:
                pages = self._context.changes.skips(run, verdict.plan)
                skips = [skip async for _, page in pages for skip in page if skip.reason is Reason.SHARED_NAME and skip.shared]
        self._last[directory_key] = (last_run, skips)
        return skips

    async def _planned(self, directory_key: str, last_run: str) -> tuple[str, Verdict] | None:
        """The last full run that came to a plan; the last of all, unless that one failed before."""
        if not last_run:
            return None
        if (verdict := await self._verdict(await self._context.runs.get(last_run))) is not None:
            return last_run, verdict
        for code in (await self._context.runs.history(directory_key, _LOOK_BACK))[0]:
            run = await self._context.runs.get(code)
            if run.kind is RunKind.FULL and (verdict := await self._verdict(run)) is not None:
                return code, verdict
        return None

    async def _verdict(self, run: Run) -> Verdict | None:
        return await self._context.changes.verdict(run.run, run.plan_attempt)
