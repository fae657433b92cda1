"""What the log tells, as a person would read it."""

from collections import Counter
from collections.abc import Sequence

from sync_core.directory.events import Event
from sync_core.runs.record import Run
from tests.runs.world import World

type Told = Counter[tuple[str, str, frozenset[tuple[str, str]]]]
"""Action, object and description, as often as they are told."""


async def told(world: World, run: Run | None = None) -> list[Event]:
    """All events, of this run only if it is given."""
    logged, end = await world.context.log.forward(limit=10_000)
    assert end == ""
    return [one.event for one in logged if run is None or one.event.run == run.run]


def seen(events: Sequence[Event]) -> Told:
    """Without ids and times."""
    return Counter((event.action.value, event.object, frozenset(event.description.items())) for event in events)
