"""Pauses, and streaks of failures (B-120..B-132, D-28)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_core.directory.attributes import Mapping
from sync_core.directory.lives import CONNECTED, FAILURE_DAYS, REAUTHORIZATION_REQUIRED, Life, Pause, failed, paused, resumed, standing
from sync_core.directory.syncs import SelectedGroup, Sync

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY, HALF_A_DAY = timedelta(days=1), timedelta(hours=12)
LIFE = Life(directory_key="DK", phase=60, next_at=NOW + HALF_A_DAY)
SYNC = Sync(
    directory_key="DK",
    name="Acme",
    connection_id="DC",
    tenant_id="t",
    groups=(SelectedGroup(object_id="staff", group_id="DG", name="Staff"),),
    mapping=Mapping(),
    created_at=NOW,
)


def failing(life: Life, runs: int, every: timedelta = HALF_A_DAY) -> tuple[Life, dict[int, timedelta]]:
    """So many failed scheduled runs in a row, and after how long what was told of."""
    told: dict[int, timedelta] = {}
    for number in range(runs):
        life, days = failed(life, NOW + number * every, FAILURE_DAYS, NOW + number * every)
        if days:
            told[days] = number * every
    return life, told


def test_each_threshold_is_told_of_once_to_the_day():  # B-121, B-124
    _, told = failing(LIFE, 80)

    assert told == {3: 3 * DAY, 7: 7 * DAY, 14: 14 * DAY, 30: 30 * DAY}


def test_the_last_one_pauses_the_sync():  # B-123
    before, _ = failing(LIFE, 60)
    after, told = failing(LIFE, 61)

    assert not before.paused
    assert (after.paused_because, after.paused_at, list(told)[-1]) == (Pause.FAILING, NOW + 30 * DAY, 30)


def test_several_that_come_at_once_are_told_of_as_the_longest():
    life, told = failing(LIFE, 2, every=8 * DAY)

    assert told == {7: 8 * DAY}
    assert life.reported == (3, 7)


def test_time_that_a_sync_is_paused_is_no_time_of_failing():  # D-28
    life, _ = failing(LIFE, 5)  # two days
    life = paused(life, Pause.BY_HAND, NOW + 2 * DAY + timedelta(hours=1), "an admin")

    life = resumed(life, 720, NOW + 40 * DAY + timedelta(hours=1))

    assert failed(life, NOW + 40 * DAY + HALF_A_DAY, FAILURE_DAYS, NOW)[1] == 0
    assert failed(life, NOW + 41 * DAY, FAILURE_DAYS, NOW)[1] == 3


def test_a_run_that_fails_while_its_sync_is_paused_is_judged_at_the_pause():  # D-28
    life, _ = failing(LIFE, 6)
    life = paused(life, Pause.BY_HAND, NOW + 3 * DAY - timedelta(seconds=1))

    assert failed(life, NOW + 3 * DAY, FAILURE_DAYS, NOW)[1] == 0


def test_resumed_after_it_had_failed_for_thirty_days_it_begins_anew():  # B-125
    life, _ = failing(LIFE, 61)

    assert life.failures == 61
    life = resumed(life, 720, NOW + 31 * DAY)

    assert (life.failing_since, life.failures, life.reported, life.paused) == (None, 0, (), False)


def test_resumed_it_runs_at_its_next_slot_not_at_once():
    life = resumed(paused(LIFE, Pause.BY_HAND, NOW), 720, NOW + 9 * DAY)

    assert life.next_at == NOW + 9 * DAY + timedelta(seconds=60)


def test_resumed_it_is_as_if_it_had_never_been_paused():  # B-120, B-132
    life = paused(replace(LIFE, needs_authorization=True, wrote=True), Pause.REAUTHORIZATION, NOW)

    assert life.paused_by == ""
    assert resumed(life, 720, NOW) == replace(LIFE, wrote=True, next_at=NOW + timedelta(seconds=60))
    by_hand = paused(LIFE, Pause.BY_HAND, NOW, "an admin")
    assert resumed(by_hand, 720, NOW) == replace(LIFE, next_at=NOW + timedelta(seconds=60))


def test_pausing_what_is_paused_keeps_why_and_since_when():
    life = paused(paused(LIFE, Pause.NO_GROUPS, NOW), Pause.BY_HAND, NOW + DAY, "an admin")

    assert (life.paused_because, life.paused_at) == (Pause.NO_GROUPS, NOW)
    assert paused(life, Pause.MOVED, NOW + DAY).paused_because is Pause.MOVED


@given(st.lists(st.sampled_from(["fail", "pause", "resume", "wait"]), max_size=200))
def test_whatever_happens_a_streak_never_counts_more_than_the_time_that_the_sync_could_run(story: list[str]):  # D-28
    life, now, running = LIFE, NOW, timedelta()
    since: timedelta | None = None
    for happening in story:
        now += HALF_A_DAY
        running += timedelta() if life.paused else HALF_A_DAY
        match happening:
            case "fail" if not life.paused:
                since = running if since is None else since
                before = life
                life, days = failed(life, now, FAILURE_DAYS, now)
                assert days == 0 or (running - since >= days * DAY and days not in before.reported)
            case "pause":
                life = paused(life, Pause.BY_HAND, now)
            case "resume":
                if life.paused_because is Pause.FAILING:
                    since = None
                life = resumed(life, 720, now)
            case _:
                pass
        assert life.failing_since is None or life.failing_since <= now


@pytest.mark.parametrize(
    ("sync", "life", "status", "alert"),
    [
        (SYNC, LIFE, CONNECTED, ""),
        (
            SYNC,
            replace(LIFE, needs_authorization=True),
            "Could not connect to Entra ID: Reauthorization required",
            REAUTHORIZATION_REQUIRED,
        ),
        (replace(SYNC, groups=()), LIFE, "Connected", "no groups selected"),  # B-035
        (
            replace(SYNC, moved_from="t0"),
            LIFE,
            CONNECTED,
            "the connection moved to another tenant: preview the sync, and accept the preview",
        ),
        (SYNC, replace(LIFE, failing_since=NOW), CONNECTED, "scheduled runs have failed since 2026-11-23 12:00 UTC"),
    ],
)
def test_how_it_stands_in_words(sync: Sync, life: Life, status: str, alert: str):  # B-028, D-08
    shown = standing(sync, life)

    assert (shown.connection_status, shown.alert) == (status, alert)


def test_how_a_sync_goes_is_shown_with_its_streak_and_its_last_good_run():  # B-106
    failing_since, succeeded_at = NOW - DAY, NOW - 2 * DAY

    shown = standing(SYNC, replace(LIFE, failing_since=failing_since, failures=3, succeeded_at=succeeded_at))

    assert (shown.schedule, shown.paused_because, shown.paused_by, shown.paused_at) == ("active", "", "", None)
    assert (shown.failing_since, shown.failures, shown.last_full_sync_at) == (failing_since, 3, succeeded_at)


def test_what_is_paused_has_no_next_run():  # B-106
    assert standing(SYNC, LIFE).next_run_at == NOW + HALF_A_DAY
    shown = standing(SYNC, paused(LIFE, Pause.BY_HAND, NOW, "an admin"))
    assert (shown.schedule, shown.next_run_at, shown.paused_at) == ("paused", None, NOW)
    assert (shown.paused_because, shown.paused_by) == ("paused by an administrator", "an admin")
