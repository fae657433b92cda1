"""Timer triggers."""

from collections.abc import Callable

import azure.functions as func

from sync_core.services import Services

EVERY_MINUTE = "0 * * * * *"


def blueprint(services: Callable[[], Services]) -> func.Blueprint:
    bp = func.Blueprint()

    @bp.timer_trigger(arg_name="timer", schedule=EVERY_MINUTE)
    async def watch_runs(timer: func.TimerRequest) -> None:
        del timer
        await services().steps.watch()

    return bp
