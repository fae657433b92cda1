"""Edits over the API, two syncs, individual syncs, cancellations, settings saved, syncs deleted and purges, each at random moments of runs.

Whatever happened: once all has ended and each sync has run once more, nobody and no name is there twice, every row says what the
records say, and no record was ever written for an older reading (D-16, D-17).
"""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.proof.place import Doing, Place
from tests.runs.test_histories import EVENTS, Event

ONE_WAY = EVENTS.filter(lambda event: event.kind not in ("swap", "rotate", "select"))
"""Names that two users of different syncs swap wait for each other (D-02)."""
EDITS = st.builds(
    Event,
    st.sampled_from(["create", "rename", "delete", "status", "purge", "add", "remove", "group", "group status", "delete group"]),
    st.integers(0, 99),
    st.integers(0, 99),
)
CHANGED_TWICE = st.sampled_from([("leave", "move"), ("move", "leave"), ("edit", "edit"), ("call", "edit"), ("switch", "switch")])
WHICH = st.integers(0, 1)
SOME = st.integers(0, 9)


class Everything(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.Runner()
        self._place = Place(0)

    def _do(self, doing: Doing) -> None:
        self._loop.run(doing)

    @initialize(seed=st.integers(0, 10_000), both_have_run=st.booleans())
    def open(self, seed: int, both_have_run: bool) -> None:
        self._place = Place(seed)
        self._do(self._place.open())
        if both_have_run:
            self._do(self._place.come_to_rest())

    @rule(event=ONE_WAY)
    def in_entra(self, event: Event) -> None:
        self._place.happen(event)

    @rule(which=WHICH)
    def start(self, which: int) -> None:
        self._do(self._place.start(which))

    @rule(most=st.integers(1, 6))
    def deliver(self, most: int) -> None:
        self._do(self._place.deliver(most))

    @rule(most=st.integers(2, 4))
    def deliver_at_once(self, most: int) -> None:
        self._do(self._place.deliver_at_once(most))

    @rule(place=st.integers(0, 120))
    def die(self, place: int) -> None:
        self._do(self._place.deliver_and_die(place))

    @rule(edit=EDITS)
    def by_hand(self, edit: Event) -> None:
        self._do(self._place.by_hand(edit))

    @rule(edit=EDITS, other=EDITS)
    def by_hand_in_a_step(self, edit: Event, other: Event) -> None:
        self._do(self._place.deliver_at_once(1, self._place.by_hand(edit), self._place.by_hand(other)))

    @rule(which=WHICH, who=SOME, in_a_step=st.booleans())
    def some(self, which: int, who: int, in_a_step: bool) -> None:
        self._meanwhile(self._place.some(which, who), in_a_step)

    @rule(which=WHICH, who=SOME, what=SOME, most=st.integers(3, 9), kinds=CHANGED_TWICE)
    def behind_a_run(self, which: int, who: int, what: int, most: int, kinds: tuple[str, str]) -> None:
        """Somebody whom a run has read changes again, and an individual sync writes that, before the run goes on."""
        before, after = kinds
        self._place.happen(Event(before, who, what))
        self._do(self._place.start(which))
        self._do(self._place.deliver(most))
        self._place.happen(Event(after, who, what))
        self._do(self._place.the_one(which, who))
        self._do(self._place.deliver(2))

    @rule(which=WHICH, in_a_step=st.booleans())
    def cancel(self, which: int, in_a_step: bool) -> None:
        self._meanwhile(self._place.cancel(which), in_a_step)

    @rule(which=WHICH, what=SOME, in_a_step=st.booleans())
    def save_settings(self, which: int, what: int, in_a_step: bool) -> None:
        self._meanwhile(self._place.select(which, what), in_a_step)

    @rule(which=WHICH, in_a_step=st.booleans())
    def delete_sync(self, which: int, in_a_step: bool) -> None:
        self._meanwhile(self._place.delete_sync(which), in_a_step)

    @rule(days=st.sampled_from([0, 1, 8]))
    def night(self, days: int) -> None:
        self._do(self._place.sweep(days))

    @rule(minutes=st.integers(1, 4))
    def time_passes(self, minutes: int) -> None:
        self._do(self._place.pass_minutes(minutes))

    def _meanwhile(self, doing: Doing, in_a_step: bool) -> None:
        self._do(self._place.deliver_at_once(2, doing) if in_a_step else doing)

    def teardown(self) -> None:
        try:
            self._do(self._place.come_to_rest())
            self._do(self._place.check())
        finally:
            self._loop.close()


Everything.TestCase.settings = settings(stateful_step_count=25)
TestEverythingAtRandom = Everything.TestCase
