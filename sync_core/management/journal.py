"""Tells the log what is done by hand, so that nothing is done untold.

An edit's event is announced before the record is written and settled after it. Announced only after, it would be lost when the process
dies in between; settled at once, it would tell of edits that were refused. One that is never settled shows with an unknown outcome.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from msgspec.structs import replace

from sync_core.clock import Clock
from sync_core.directory.events import Event, Happening
from sync_core.errors import SyncError, Transient
from sync_core.ids import RandomBits
from sync_core.management.actor import Actor
from sync_core.storage import log_sources
from sync_core.storage.log import LogRows
from sync_core.storage.log_sources import Source

_REMEMBERED = 1000


class Entry:
    """An event under way."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.happened = True

    def describe(self, **fields: str) -> None:
        """Adds to the description what became known only by doing it."""
        self.event = replace(self.event, description=self.event.description | fields)

    def came_to_nothing(self) -> None:
        """Nothing was changed after all."""
        self.happened = False


class Journal:
    def __init__(self, log: LogRows, clock: Clock, random_bits: RandomBits) -> None:
        self._log = log
        self._clock = clock
        self._random_bits = random_bits
        self._denied: dict[str, datetime] = {}
        """The minute in which each key's latest refusal was told."""

    async def denied(self, actor: Actor, why: str) -> None:
        """Logs that a call was refused for its role or grants: the first one of a key in each minute, so that nobody fills the log."""
        minute = self._clock.now().replace(second=0, microsecond=0)
        if self._denied.get(actor.key) == minute:
            return
        if len(self._denied) >= _REMEMBERED:
            self._denied.clear()
        self._denied[actor.key] = minute
        event = Event(
            at=minute,
            action=Happening.REQUEST_DENIED,
            actor=str(actor),
            object=actor.name,
            object_id=actor.key,
            description={"Reason": why},
        )
        await self._log.add(*log_sources.denied(actor.key), [event], by_object=False)

    async def note(
        self,
        by: str,
        action: Happening,
        name: str = "",
        object_id: str = "",
        description: Mapping[str, str] | None = None,
        *,
        run: str = "",
    ) -> None:
        """Logs what has happened. `by`: `str(Actor)`, or SYSTEM."""
        await self._log.add(*self._source(), [self._event(by, action, name, object_id, description, run)])

    @asynccontextmanager
    async def about(
        self,
        by: str,
        action: Happening,
        name: str = "",
        object_id: str = "",
        description: Mapping[str, str] | None = None,
        *,
        run: str = "",
    ) -> AsyncGenerator[Entry]:
        """What is done inside, and only if it is: an error that says that nothing was changed takes the event back.

        After any other, nobody knows; the event shows as such 10 minutes later.
        """
        source, entry = self._source(), Entry(self._event(by, action, name, object_id, description, run))
        await self._log.announce(*source, entry.event)
        try:
            yield entry
        except Transient:
            raise
        except SyncError:
            await self._log.retract(*source, entry.event)
            raise
        if entry.happened:
            await self._log.add(*source, [entry.event])
        else:
            await self._log.retract(*source, entry.event)

    def _event(self, by: str, action: Happening, name: str, object_id: str, description: Mapping[str, str] | None, run: str) -> Event:
        return Event(
            at=self._clock.now(), action=action, actor=by, object=name, object_id=object_id, run=run, description=dict(description or {})
        )

    def _source(self) -> Source:
        return log_sources.by_hand(self._random_bits(64))
