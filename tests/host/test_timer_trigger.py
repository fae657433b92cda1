"""Timer triggers: they fire on their schedule, at start where asked to, and never twice at once."""

import asyncio
import itertools
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import override

from local.host.invocations import Invocations
from local.host.schedules import Interval
from local.host.timers import TimerListener
from local.host.worker import Event, Function, Outcome
from tests.host.host_process import HostProcess, write_app

APP = """
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen = {"ticks": [], "starts": [], "slow": 0, "most": 0, "sync": 0, "failed": 0}
running = 0

@app.route(route="seen", methods=["GET"])
async def report(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(seen))

@app.timer_trigger(arg_name="t", schedule="%EVERY_SECOND%")
async def tick(t: func.TimerRequest) -> None:
    seen["ticks"].append([time.time(), t.past_due, t.schedule_status["Next"]])

@app.timer_trigger(arg_name="t", schedule="0 0 0 1 1 *", run_on_startup=True)
async def at_start(t: func.TimerRequest) -> None:
    seen["starts"].append(t.past_due)

@app.timer_trigger(arg_name="t", schedule="* * * * * *")
async def slow(t: func.TimerRequest) -> None:
    global running
    running += 1
    seen["most"] = max(seen["most"], running)
    await asyncio.sleep(1.2)
    running -= 1
    seen["slow"] += 1

@app.timer_trigger(arg_name="t", schedule="00:00:01")
def failing(t: func.TimerRequest) -> None:
    seen["failed"] += 1
    raise ValueError("as ever")
"""


def test_timers_fire_on_their_schedules(tmp_path: Path):
    """One host, one wait for all of these."""
    with HostProcess(write_app(tmp_path, APP), {"EVERY_SECOND": "*/1 * * * * *"}) as host:
        seen = host.wait_for(lambda: host.get("/seen"), lambda seen: len(seen["ticks"]) >= 3 and seen["slow"] >= 2 and seen["failed"] >= 2)

    # Each second once: not again for a clock that is a moment early.
    seconds = [int(at) for at, *_ in seen["ticks"]]
    assert len(set(seconds)) == len(seconds)
    # Not past due, and told of the next tick.
    assert not any(past_due for _, past_due, _ in seen["ticks"])
    assert all(upcoming for *_, upcoming in seen["ticks"])
    # The yearly one ran at start, once.
    assert seen["starts"] == [False]
    # A tick that falls into a run is left out; a failed run does not end the schedule.
    assert seen["most"] == 1


class _Slow(Invocations):
    """Each run takes several intervals of the schedule."""

    TAKES = timedelta(milliseconds=50)

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.lasts: list[datetime] = []
        self.enough = asyncio.Event()

    @override
    async def run(self, function: Function, event: Event, reason: str, *, may_send: bool = True) -> Outcome:
        self.lasts.append(datetime.fromisoformat(json.loads(event.value.json)["ScheduleStatus"]["Last"]))
        if len(self.lasts) == 4:
            self.enough.set()
        await asyncio.sleep(self.TAKES.total_seconds())
        return Outcome(succeeded=True)


async def test_ticks_that_fall_into_a_run_are_left_out_and_not_made_up_for():
    slow = _Slow()
    timer = TimerListener(Function("tick", "tick", ({"type": "timerTrigger", "name": "t"},)), Interval(timedelta(milliseconds=10)), slow)
    running = asyncio.create_task(timer.run())
    await slow.enough.wait()

    timer.stop()
    await running

    ticks = slow.lasts[1:]  # the first run has no last one
    assert all(later - earlier >= _Slow.TAKES for earlier, later in itertools.pairwise(ticks))
