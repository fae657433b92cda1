"""When a sync runs by itself (B-100, E-02, D-26)."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sync_core.directory.schedules import new_phase, next_slot
from sync_core.directory.syncs import DEFAULT_INTERVAL, MAX_INTERVAL, MIN_INTERVAL

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
INTERVALS = st.integers(MIN_INTERVAL, MAX_INTERVAL)
PHASES = st.integers(0, 2**32 - 1)


def test_twice_a_day_at_times_of_its_own():  # B-003, B-100
    first = next_slot(datetime(2026, 11, 23, 12, tzinfo=UTC), DEFAULT_INTERVAL, 3 * 3600 + 17)

    assert first == datetime(2026, 11, 23, 15, 0, 17, tzinfo=UTC)
    assert next_slot(first, DEFAULT_INTERVAL, 3 * 3600 + 17) == datetime(2026, 11, 24, 3, 0, 17, tzinfo=UTC)


@given(MOMENTS, INTERVALS, PHASES)
def test_the_next_slot_is_later_and_at_most_an_interval_away(now: datetime, interval: int, phase: int):
    assert now < next_slot(now, interval, phase) <= now + timedelta(minutes=interval)


@given(MOMENTS, INTERVALS, PHASES)
def test_slots_are_an_interval_apart_whenever_they_are_asked_for(now: datetime, interval: int, phase: int):
    slot = next_slot(now, interval, phase)

    assert next_slot(slot, interval, phase) == slot + timedelta(minutes=interval)
    assert next_slot(slot - timedelta(microseconds=1), interval, phase) == slot


@given(MOMENTS, MOMENTS, INTERVALS, PHASES)
def test_slots_that_were_missed_do_not_pile_up(one: datetime, other: datetime, interval: int, phase: int):
    early, late = sorted([one, other])

    caught_up = next_slot(late, interval, phase)

    assert (caught_up - next_slot(early, interval, phase)) % timedelta(minutes=interval) == timedelta()
    assert caught_up > late


def test_phases_are_spread_over_the_whole_interval():  # E-02
    random, midnight = Random(7), datetime(2026, 11, 23, tzinfo=UTC)

    slots = [next_slot(midnight, DEFAULT_INTERVAL, new_phase(random.getrandbits)) - midnight for _ in range(1200)]

    hours = [slot // timedelta(hours=1) for slot in slots]
    assert all(60 < hours.count(hour) < 140 for hour in range(12))
