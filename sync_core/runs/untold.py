"""What stands in the records by the doing of a run that did not end well, and nobody has told (B-181).

The steps tell what they have written. Who writes and then fails, or dies and is cancelled, leaves that to others.
"""

import logging
from collections.abc import Iterator, Sequence

from sync_core.planning.changes import Change
from sync_core.runs.account import Account
from sync_core.runs.context import Context
from sync_core.runs.messages import Apply
from sync_core.runs.record import Run
from sync_core.storage.changes import Verdict
from sync_core.storage.records import BrokenRow

log = logging.getLogger(__name__)


async def written(context: Context, run: Run, changes: Sequence[Change]) -> list[Change]:
    """Those of the changes whose records show what this run read."""
    stored = await context.users.many(change.user_id for change in changes if change.actions)
    return [change for change in changes if change.user_id in stored and stored[change.user_id].user.read_at == run.read_at]


async def tell_untold(context: Context, account: Account, run: Run) -> None:
    """Of a run that has failed and for which nobody can write any more. Told again, it is told once."""
    await _groups(context, account, run)
    verdict = await context.changes.verdict(run.run, run.plan_attempt)
    for slice_ in _slices(run, verdict) if verdict is not None else ():
        if verdict is None or await account.has_told(run, slice_):
            continue
        changes = await context.changes.slice(run.run, verdict.plan, slice_.chain, slice_.number)
        try:
            await account.applied(run, verdict.plan, slice_, await written(context, run, changes))
        except BrokenRow:  # that of which it failed, perhaps; it has to end all the same
            log.exception("what run %s wrote of the slice %s is told nowhere", run.run, slice_.part)


async def _groups(context: Context, account: Account, run: Run) -> None:
    """Those that were to be made, or renamed, and are."""
    events = await account.to_be_made(run, ())
    names = {group.group_id: group.name for group in await context.groups.many([event.object_id for event in events])}
    await account.made(run, [event for event in events if names.get(event.object_id) == event.object])


def _slices(run: Run, verdict: Verdict) -> Iterator[Apply]:
    for chain, count in verdict.slices.items():
        for number in range(count):
            yield Apply(directory_key=run.directory_key, run=run.run, attempt=run.plan_attempt, chain=chain, number=number)
