"""Timer triggers."""

from collections.abc import Callable

import azure.functions as func

from sync_core.services import Services

EVERY_MINUTE = "0 * * * * *"
AT_NIGHT = "0 30 2 * * *"
"""02:30 UTC."""


def blueprint(services: Callable[[], Services]) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.timer_trigger(arg_name="timer", schedule=EVERY_MINUTE)
    async def watch_runs(timer: func.TimerRequest) -> None:
        del timer
        await services().steps.watch()

    @bp.timer_trigger(arg_name="timer", schedule=EVERY_MINUTE)
    async def start_due_syncs(timer: func.TimerRequest) -> None:
        del timer
        await services().schedule()

    @bp.timer_trigger(arg_name="timer", schedule=AT_NIGHT)
    async def sweep_trash(timer: func.TimerRequest) -> None:
        del timer
        await services().sweep()

    @bp.timer_trigger(arg_name="timer", schedule=AT_NIGHT)
    async def sweep_retention(timer: func.TimerRequest) -> None:
        del timer
        await services().retention.sweep()

    @bp.timer_trigger(arg_name="timer", schedule=AT_NIGHT)
    async def sweep_deleted_syncs(timer: func.TimerRequest) -> None:
        del timer
        await services().deleted_syncs.sweep()

    @bp.timer_trigger(arg_name="timer", schedule=AT_NIGHT)
    async def sweep_previews(timer: func.TimerRequest) -> None:
        del timer
        await services().previews.sweep()

    return bp
