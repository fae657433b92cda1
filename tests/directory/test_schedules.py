"""When a sync runs by itself (B-100, E-02, D-26)."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.directory.schedules import DEFAULT_INTERVALS, MOST_MINUTES, PACES, SyncKind, check_interval, new_phase, next_slot
from sync_core.errors import Rejected

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
TWICE_A_DAY = DEFAULT_INTERVALS[SyncKind.USER]
INTERVALS = st.integers(min(pace.least for pace in PACES.values()), MOST_MINUTES)
PHASES = st.integers(0, 2**32 - 1)


def test_twice_a_day_at_times_of_its_own():  # B-003, B-100
    first = next_slot(datetime(2026, 11, 23, 12, tzinfo=UTC), TWICE_A_DAY, 3 * 3600 + 17)

    assert first == datetime(2026, 11, 23, 15, 0, 17, tzinfo=UTC)
    assert next_slot(first, TWICE_A_DAY, 3 * 3600 + 17) == datetime(2026, 11, 24, 3, 0, 17, tzinfo=UTC)


def test_users_are_synced_every_12_hours_and_administrators_every_30_minutes():  # B-003, B-218, D-26
    assert DEFAULT_INTERVALS == {SyncKind.USER: 720, SyncKind.ADMIN: 30}
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    for kind, runs in ((SyncKind.USER, 120), (SyncKind.ADMIN, 2880)):  # in 60 days
        slots, at = 0, midnight
        while (at := next_slot(at, DEFAULT_INTERVALS[kind], 1800)) <= midnight + timedelta(days=60):
            slots += 1
        assert slots == runs


@pytest.mark.parametrize(
    ("kind", "minutes", "possible"),
    [
        (SyncKind.USER, 29, False),
        (SyncKind.USER, 30, True),
        (SyncKind.ADMIN, 9, False),
        (SyncKind.ADMIN, 10, True),
        (SyncKind.USER, 10080, True),
        (SyncKind.ADMIN, 10080, True),
        (SyncKind.USER, 10081, False),
        (SyncKind.ADMIN, 10081, False),
    ],
)
def test_a_sync_runs_no_oftener_than_its_kind_and_every_week_at_least(kind: SyncKind, minutes: int, possible: bool):  # D-26
    if possible:
        check_interval(kind, minutes)
        return
    least = {SyncKind.USER: 30, SyncKind.ADMIN: 10}[kind]
    with pytest.raises(Rejected, match=f"^the interval of a {kind} sync is {least} to 10080 minutes$") as refusal:
        check_interval(kind, minutes)
    assert refusal.value.field == "interval"


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

    slots = [next_slot(midnight, TWICE_A_DAY, new_phase(random.getrandbits)) - midnight for _ in range(1200)]

    hours = [slot // timedelta(hours=1) for slot in slots]
    assert all(60 < hours.count(hour) < 140 for hour in range(12))
