"""What a worker staged for a run after that had dropped it at its end: the night drops it."""

from sync_core.errors import NotFound
from sync_core.runs.context import Context
from sync_core.runs.record import Phase, may_write


async def drop_staged(context: Context) -> None:
    """Two requests for each run that has anything staged: hardly any but those that go on."""
    code = ""
    while code := await context.staging.next_run(code):
        if await _is_over(context, code):
            await context.staging.drop(code)


async def _is_over(context: Context, code: str) -> bool:
    """Whether nobody works for it any more."""
    try:
        run = await context.runs.get(code)
    except NotFound:
        return True
    return run.phase is Phase.ENDED and not may_write(run, context.clock.now())
