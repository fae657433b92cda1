"""A worker that finds its run over may have written after its end, and no later run looks for that: it puts right what it touched itself.

One that dies over it is delivered again, finds the same, and does the same.
"""

from sync_core.runs.account import Account
from sync_core.runs.by_records import follow_records
from sync_core.runs.context import Context
from sync_core.runs.messages import GROUPS_SHARE, Apply, Claim
from sync_core.runs.record import Phase
from sync_core.runs.untold import written


async def put_right(context: Context, account: Account, message: Claim | Apply) -> None:
    """The slice of changes of that message, by the records; and what of it is in the records is told, if nobody told it."""
    share = message.share if isinstance(message, Claim) else f"{message.chain}-{message.number:05d}"
    run = await context.runs.get(message.run)
    verdict = await context.changes.verdict(message.run, message.attempt)
    if verdict is None or share == GROUPS_SHARE or run.phase is not Phase.ENDED:
        return
    chain, _, number = share.rpartition("-")
    changes = await context.changes.slice(message.run, verdict.plan, chain, int(number))
    await follow_records(context, message.directory_key, changes, message.run)
    if isinstance(message, Apply) and not await account.has_told(run, message):
        await account.applied(run, verdict.plan, message, await written(context, run, changes))
